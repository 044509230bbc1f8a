import { isSecretPath, writeRisk } from '../redirect.ts';
import type { Risk } from '../verdict.ts';
import { lineEnd, type ProgramFinding } from './finding.ts';

/** Judges an awk program after its strings and patterns are taken out. Pipes and `system` run programs. */
export function judgeAwk(program: string, directories: readonly string[]): readonly ProgramFinding[] {
  const say = (risk: Risk, sentence: string): ProgramFinding[] => [{ rule: 'awk.program', risk, sentence }];
  const bare = stripAwk(program);
  if (bare === null) return say('danger', 'This awk program cannot be read.');
  if (/\bsystem\s*\(/.test(program) || /\bsystem\b/.test(bare))
    return say('danger', 'system in awk runs a program.');
  if (/@/.test(bare)) return say('danger', 'This awk program loads other code or calls a computed name.');
  if (bare.replaceAll('||', '').includes('|')) return say('danger', 'A pipe in awk runs a program.');
  if (
    /\bgetline\b[^;}\n]*<(?!\s*""\s*([);}\n]|$))/.test(bare) ||
    (/\bgetline\b/.test(bare) && strings(program).some((path) => isGuarded(path, directories)))
  )
    return say('caution', 'getline in awk reads another file.');
  // A line goes on after a comma, an operator or a backslash; a bracket may hold a comparison.
  const joined = bare
    .replace(/(,|&&|\|\||\\)[ \t]*\n/g, '$1 ')
    .replace(/\([^()]*\)/g, '')
    .replace(/>>?[ \t]*"!"/g, '');
  if (/\bprintf[ \t]*\(?[ \t]*""[ \t]*\)?[ \t]*>(?!>)/.test(program))
    return say('danger', 'This awk program empties a file.');
  if (/\bprintf?\b[^;}\n]*>/.test(joined)) {
    return say(
      strings(program).some((text) => writeRisk(text, directories)?.risk === 'danger') ? 'danger' : 'caution',
      'This awk program writes a file.',
    );
  }
  return say('safe', 'The awk program only prints.');
}

const strings = (program: string): readonly string[] =>
  [...program.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');

/** What is not just a file to look into: a network address or a secret. */
const isGuarded = (path: string, directories: readonly string[]): boolean =>
  path.startsWith('/inet') || isSecretPath(path, directories);

/** Files that are no files: what is written there is only shown. */
const TERMINAL = /^"\/dev\/(stderr|stdout|null)"$/;

function stripAwk(program: string): string | null {
  let bare = '';
  let at = 0;
  while (at < program.length) {
    const char = program[at] ?? '';
    if (char === '#') at = lineEnd(program, at);
    else if (char === '"') {
      const end = /^"(?:[^"\\\n]|\\[\s\S])*"/.exec(program.slice(at))?.[0].length;
      if (end === undefined) return null;
      bare += TERMINAL.test(program.slice(at, at + end)) ? '"!"' : '""';
      at += end;
    } else if (char === '/' && /(^|[({};!~,&|\n])[ \t]*$/.test(bare)) {
      const end = /^\/(?:[^/\\\n[]|\\[^\n]|\[\^?\]?[^\]\n]*\])*\//.exec(program.slice(at))?.[0].length;
      if (end === undefined) return null;
      bare += '//';
      at += end;
    } else {
      bare += char;
      at += 1;
    }
  }
  return bare;
}
