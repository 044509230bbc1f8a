/**
 * One command for every row of the knowledge base, with its verdict, in test/safety/golden.tsv: a change of a row shows
 * in the diff. `tsx scripts/golden.ts` writes the file; test/safety/golden.test.ts fails when it differs.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { judge, type Loaded, merge } from '../src/safety/classify.ts';
import { split } from '../src/safety/getopt.ts';
import { type Knowledge, toolEntry } from '../src/safety/knowledge.ts';
import { loadPostgres } from '../src/safety/programs/postgres.ts';
import type { Language, Node, ProgramSpec, Risky, Tool } from '../src/safety/schema.ts';
import type { Verdict } from '../src/safety/verdict.ts';
import { readKnowledge } from './knowledge.ts';
import { sampleOf } from './sample.ts';

export const GOLDEN = fileURLToPath(new URL('../test/safety/golden.tsv', import.meta.url));

/** A command that shows what one row does. `row` is the path of its verb, and which part of that it is. */
export interface Sample {
  readonly row: string;
  readonly command: string;
}

/** The samples of a tool, in the order of its rows. */
export function samplesOf(tool: Tool): readonly Sample[] {
  const [first = ''] = tool.name.split(' ');
  const others = tool.name.split(' ').slice(1);
  return [
    ...ofNode(tool, [first], first, tool.style),
    ...others.map((name) => ({ row: name, command: written([name]) })),
  ];
}

function ofNode(node: Node, words: readonly string[], row: string, style: Node['style']): readonly Sample[] {
  const sample = (part: string, ...more: readonly string[]): Sample => ({
    row: `${row}${part}`,
    command: written([...words, ...more]),
  });
  return [
    sample(''),
    ...(node.raises ?? []).flatMap((raise) =>
      split(raise.flags).map((flag) => sample(` ${flag}`, ...raising(raise, flag, node, style))),
    ),
    ...(node.dryRun ?? []).flatMap(({ flags, value }) =>
      split(flags).map((flag) =>
        sample(
          ` dry run ${flags}`,
          ...optionWords(flag, value === undefined ? null : sampleOf(value), 'optional', style),
        ),
      ),
    ),
    ...(node.operands ?? []).map((rule) =>
      sample(
        ` operand ${rule.matches}`,
        ...split(rule.onlyWith).slice(0, 1),
        ...(typeof rule.at === 'number' ? Array<string>(rule.at).fill('x') : []),
        sampleOf(rule.matches) ?? '',
      ),
    ),
    ...(node.most ? [sample(' most', ...Array<string>(node.most.operands + 1).fill('x'))] : []),
    ...split(node.help).map((flag) => sample(` help ${flag}`, ...(hasVerbs(node) ? [] : ['x']), flag)),
    ...(node.programs ?? []).flatMap((program) =>
      ofProgram(program).map((more) => sample(` program ${program.language}`, ...more)),
    ),
    ...verbsOf(node, words, row, style),
  ];
}

const hasVerbs = ({ commands, patterns, simple }: Node): boolean =>
  commands !== undefined || patterns !== undefined || simple !== undefined;

function verbsOf(node: Node, words: readonly string[], row: string, style: Node['style']): readonly Sample[] {
  const own = [...words, ...Array<string>(node.verbAfter ?? 0).fill('x')];
  const commands = Object.entries(node.commands ?? {}).flatMap(([names, child]) => {
    const [first = '', ...others] = names.split('|').map((name) => name.trim());
    return [
      ...ofNode(child, [...own, first], `${row} ${first}`, child.style ?? style),
      ...others.map((name) => ({ row: `${row} ${name}`, command: written([...own, name]) })),
    ];
  });
  const simple = Object.values(node.simple ?? {}).flatMap((list) =>
    (list ?? '').split('|').flatMap((path) => {
      const verb = split(path);
      return verb.length === 0
        ? []
        : [{ row: `${row} ${verb.join(' ')}`, command: written([...own, ...verb]) }];
    }),
  );
  const names = Object.keys(node.commands ?? {}).join('|');
  const patterns = (node.patterns ?? []).flatMap((child, at, all) => {
    const before = all.slice(0, at).map(({ match }) => match);
    const known = `^(${names.replace(/[^\w|-]/g, '\\$&')})$`;
    const verb = sampleOf(child.match, [...before, known]) ?? sampleOf(child.match) ?? 'x';
    return ofNode(child, [...own, verb], `${row} /${new RegExp(child.match).source}/`, child.style ?? style);
  });
  return [...commands, ...simple, ...patterns];
}

function raising(raise: Risky, flag: string, { values }: Node, style: Node['style']): readonly string[] {
  const except = raise.except === undefined ? [] : [raise.except];
  const isValued = raise.takes === 'value' || raise.when !== undefined || raise.except !== undefined;
  const value = isValued ? sampleOf(raise.when ?? '', except) : null;
  const [beside = []] = split(raise.onlyWith).map((each) =>
    split(values).includes(each) ? [each, 'x'] : [each],
  );
  if (raise.takes === 'rest') return [flag, 'ls', ';'];
  return [...beside, ...optionWords(flag, value, raise.takes, style)];
}

/** An option as it is written with its value, which is a word of its own only where one must follow. */
function optionWords(
  flag: string,
  value: string | null,
  takes: Risky['takes'],
  style: Node['style'],
): readonly string[] {
  if (value === null) return [flag];
  if (takes === 'value') return [flag, value];
  return [flag.startsWith('--') || style === 'single-dash' ? `${flag}=${value}` : `${flag}${value}`];
}

const PROGRAMS: Record<Language, string> = {
  shell: 'rm x',
  sed: '1d',
  awk: '{print $1}',
  'sql-postgres': 'DROP TABLE x',
  'sql-mysql': 'DROP TABLE x',
  'sql-standard': 'DROP TABLE x',
  'sql-sqlite': 'DROP TABLE x',
  redis: 'FLUSHALL',
  python: 'print(1)',
  perl: 'print 1',
  ruby: 'puts 1',
  javascript: 'console.log(1)',
  mongo: 'db.x.drop()',
  php: 'echo 1;',
  gdb: 'bt',
  socket: 'show stat',
  sftp: 'ls',
};

function ofProgram({
  language,
  flags,
  operand,
  onlyWith,
  when,
  stdin,
}: ProgramSpec): readonly (readonly string[])[] {
  const text = PROGRAMS[language];
  const chosen = when === undefined ? [] : [split(when.flags)[0] ?? '', sampleOf(when.value) ?? ''];
  const before = Array<string>(typeof operand === 'number' ? operand : 0).fill('x');
  return [
    ...split(flags).map((flag) => [...chosen, flag, text]),
    ...(operand === undefined ? [] : [[...chosen, ...split(onlyWith).slice(0, 1), ...before, text]]),
    ...(stdin ? [[...chosen, '<<<', text]] : []),
  ];
}

/** A lone --help or --version asks nothing of the row. */
const notAlone = (words: readonly string[]): readonly string[] =>
  words.length > 1 && /^--(help|version)$/.test(words.at(-1) ?? '') ? [...words, 'x'] : words;

/** Words as a shell text; the operator of a here-string stays one. */
function written(words: readonly string[]): string {
  return notAlone(words)
    .map((word) => (/^[\w./:@%+,=-]+$|^<<<$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** The knowledge base with its tools as they are given here. */
export function knowledgeOf(tools: readonly Tool[]): Knowledge {
  const byName = new Map(
    tools.flatMap((tool) => tool.name.split(' ').map((name) => [name, toolEntry(tool, name)] as const)),
  );
  return byName;
}

/** The verdict of a command by a knowledge base. */
export const verdictOf = (command: string, loaded: Loaded): Verdict => merge(judge(command, loaded));

/** The golden file: risk, the rules that fired, and the command. */
export function goldenText(tools: readonly Tool[], loaded: Loaded): string {
  const commands = new Set(tools.flatMap((tool) => samplesOf(tool).map(({ command }) => command)));
  const lines = [...commands].map((command) => {
    const { risk, reasons } = verdictOf(command, loaded);
    return [risk, [...new Set(reasons.map(({ rule }) => rule))].join(', '), command].join('\t');
  });
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tools = readKnowledge();
  const loaded = { knowledge: knowledgeOf(tools), postgres: await loadPostgres() };
  writeFileSync(GOLDEN, goldenText(tools, loaded));
}
