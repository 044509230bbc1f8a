import type { Line } from './normalise/blocks.ts';
import { endOf } from './normalise/blocks.ts';
import type { Command, Session } from './runbook.ts';
import { isConfiguration, isOutput, isProse } from './shape.ts';

type Language = Session['language'];

/** Longest statement in lines. */
const MAX_LINES = 200;
const COMMENT = /^\s*(?:#|\/\/|--\s)/;
const RUBY_OPENS =
  /(?:\bdo\s*(?:\|[^|]*\|)?|^\s*(?:def|class|module|if|unless|case|while|until|begin|for)\b(?!.*\bend\b).*)\s*$/;
const RUBY_CLOSES = /^\s*end\b/;

/** How many brackets a line leaves open. Quotes are skipped; rough, as far as a line goes. */
function opened(text: string): number {
  let depth = 0;
  const bare = text
    .slice(0, 4000)
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?:[^/\\\s]|\\.)+\/[imx]*/g, '""');
  for (const char of bare) {
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
  }
  return depth;
}

/** True for a line that goes on with the statement before it. */
function goesOn(language: Language, text: string): boolean {
  if (/^\s*(?:\.(?!\.)|[)\]}])/.test(text)) return true;
  return language === 'python' && /^\s+\S/.test(text);
}

/** The lines of the statement that begins at `from`. */
function extent(lines: readonly Line[], from: number, language: Language): number {
  let depth = 0;
  let blocks = 0;
  let at = from;
  for (; at < lines.length && at - from < MAX_LINES; at++) {
    const text = lines[at]?.text ?? '';
    depth += opened(text);
    if (language === 'ruby') blocks += (RUBY_OPENS.test(text) ? 1 : 0) - (RUBY_CLOSES.test(text) ? 1 : 0);
    const next = lines[at + 1]?.text ?? '';
    const open = depth > 0 || blocks > 0 || /(?:[,+|&=\\]|&&|\|\|)\s*$/.test(text);
    if (!open && (next.trim() === '' || !goesOn(language, next))) break;
    if (language === 'sql' && /;\s*$/.test(text)) break;
  }
  return Math.min(at + 1, lines.length);
}

/** True for a line that a console printed, or that is a file's. */
function isForeign(text: string): boolean {
  return (
    /^\s*(?:=>|#<|\.\.\.|nil$|true$|false$|Traceback|\w+(?:::\w+)*(?:Error|Exception)\b)/.test(text) ||
    isOutput(text)
  );
}

/**
 * The statements of a block that is typed into a console, one a logical line; null when it does not look so: output,
 * configuration, prose.
 */
export function readConsole(lines: readonly Line[], language: Language): Command[] | null {
  const full = lines.filter(({ text }) => !/^\s*(?:\.\.\.)?\s*$/.test(text) && !COMMENT.test(text));
  // `[section]`: a file.
  if (full.length === 0 || /^\s*\[[A-Za-z][\w.:-]*\]\s*$/.test(full[0]?.text ?? '')) return null;
  const foreign = full.filter(
    ({ text }) => isForeign(text) || (language !== 'ruby' && language !== 'python' && isConfiguration(text)),
  ).length;
  const prose = full.filter(({ text }) => isProse(text) && !/[=(;]/.test(text)).length;
  if (foreign * 2 >= full.length || prose * 2 >= full.length || isForeign(full[0]?.text ?? '')) return null;
  const commands: Command[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const stray = language === 'ruby' && RUBY_CLOSES.test(line?.text ?? '');
    if (!line || stray || line.text.trim() === '' || COMMENT.test(line.text) || isForeign(line.text)) {
      at += 1;
      continue;
    }
    const end = extent(lines, at, language);
    const taken = lines.slice(at, end);
    const lead = line.text.length - line.text.trimStart().length;
    const text = taken
      .map((each) => each.text)
      .join('\n')
      .slice(lead)
      .trimEnd();
    const cut = taken.map((each) => each.text).join('\n').length - lead - text.length;
    commands.push({ text, source: { start: line.start + lead, end: endOf(taken) - cut } });
    at = end;
  }
  return commands;
}
