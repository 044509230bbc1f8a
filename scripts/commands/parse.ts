import { extract } from '../../src/runbook/extract.ts';
import { flatten, judge, type Line } from '../../src/runbook/flatten.ts';
import type { Parse, Untaken } from '../../src/runbook/runbook.ts';
import { checkSource, MAX_SOURCE_UNITS } from '../../src/runbook/source.ts';
import { inputsOf } from '../../src/runbook/variables.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { RISKS, type Verdict } from '../../src/safety/verdict.ts';
import { RISK_LABEL } from '../../src/slack/words.ts';
import { visible } from '../../src/text/visible.ts';
import type { Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { bytesOf, decode } from './support/input.ts';
import { print } from './support/output.ts';
import { why } from './support/words.ts';

const BYTE_ORDER_MARK = '\ufeff';
/** The largest file: the largest text, and a byte order mark (3 bytes of UTF-8) before it. */
const MAX_BYTES = MAX_SOURCE_UNITS + 3;

/** A text to read, and how many units of the file stand before it. */
type Source = { readonly text: string; readonly before: number };

type Verdicts = readonly (readonly Verdict[])[];

/** Shows a runbook as the product reads it. 1 with a sentence when the file cannot be one. */
export const run: Run = async (args) => {
  const { values, positionals } = readArguments('parse', args, { json: { type: 'boolean' } }, 1);
  const [file] = positionals;
  if (file === undefined)
    throw new UsageError('dd0c parse needs the FILE of a runbook, or - for standard input.');
  const source = await readSource(file);
  await loadSafety();
  const parse = extract(source.text);
  const verdicts = judge(parse, classify);
  await print(values.json ? asJson(parse, verdicts, source) : preview(parse, verdicts, source));
  return 0;
};

async function readSource(file: string): Promise<Source> {
  const name = file === '-' ? 'The input' : file;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytesOf(file)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(sentences(name)['too-large']);
  }
  const whole = decode(Buffer.concat(chunks));
  if (whole === null || whole.includes('\0'))
    throw new Error(`${name} is not UTF-8 text, so it was not read.`);
  const before = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const text = whole.slice(before);
  const check = checkSource(text);
  if (!check.ok) throw new Error(sentences(name)[check.code]);
  return { text, before };
}

const sentences = (name: string) => ({
  empty: `${name} holds no text to read.`,
  'too-large': `${name} is longer than 256 KB, so it was not read. Split the runbook.`,
});

/** The parse as one JSON object; offsets count from the beginning of the file. */
function asJson(
  { title, steps, variables, prerequisites }: Parse,
  verdicts: Verdicts,
  { before }: Source,
): string {
  const shown = {
    title,
    steps: steps.map(({ description, commands, kind, branch, rollback }, index) => ({
      description,
      commands: commands.map(({ text, source }, at) => ({
        text,
        risk: verdicts[index]?.[at]?.risk,
        start: source.start + before,
        end: source.end + before,
      })),
      kind,
      branch,
      rollback,
    })),
    variables,
    prerequisites,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

/** The parse for people, as its preview in Slack: numbered lines, each with its risk, its place and its command. */
function preview(parse: Parse, verdicts: Verdicts, { text }: Source): string {
  const lines = flatten(parse, verdicts);
  const lineAt = lineNumbers(text);
  const inputs = inputsOf(parse).map(({ name, type }) => `${oneLine(name)} (${type})`);
  return [
    `${oneLine(parse.title)}\n${summary(lines)}`,
    ...(parse.prerequisites.length > 0
      ? [`Before you start:\n${parse.prerequisites.map((each) => `  - ${oneLine(each)}`).join('\n')}`]
      : []),
    ...(inputs.length > 0 ? [`To fill in before a run: ${inputs.join(', ')}`] : []),
    ...lines.map((line) => shownLine(line, lineAt)),
    ...(parse.untaken.length > 0 ? [notTaken(parse.untaken, lineAt)] : []),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

function summary(lines: readonly Line[]): string {
  const risks = RISKS.map((risk) => ({
    risk,
    n: lines.filter(({ verdict }) => verdict?.risk === risk).length,
  }));
  const byHand = lines.filter(({ command }) => command === null).length;
  return [
    `${lines.length} ${lines.length === 1 ? 'step' : 'steps'}`,
    ...risks.filter(({ n }) => n > 0).map(({ risk, n }) => `${RISK_LABEL[risk]} ${n}`),
    ...(byHand > 0 ? [`by hand ${byHand}`] : []),
  ].join(' · ');
}

function shownLine({ number, step, command, verdict }: Line, lineAt: (offset: number) => number): string {
  const place = command ? ` (line ${lineAt(command.source.start)})` : '';
  const label = verdict ? RISK_LABEL[verdict.risk] : 'by hand';
  return [
    `${number}. ${label} · ${oneLine(step.description)}${place}`,
    ...(step.branch === null ? [] : [`   If: ${oneLine(step.branch)}`]),
    ...step.warnings.map((warning) => `   Note: ${oneLine(warning)}`),
    ...(verdict && verdict.risk !== 'safe' ? why(verdict).map((reason) => `   ${reason}`) : []),
    ...(command
      ? visible(command.text)
          .split('\n')
          .map((line) => `     ${line}`)
      : []),
    ...(step.expected ?? []).map((sentence) => `   Expect: ${oneLine(sentence)}`),
  ].join('\n');
}

const NOT_TAKEN: Record<Untaken['reason'], string> = {
  output: 'what a program printed',
  log: 'lines of a log',
  configuration: 'configuration',
  script: 'a script or program',
  query: 'a query of a metrics or log console',
  mention: 'a mention',
  hidden: 'text that the page keeps from its readers',
  unparsed: 'not understood',
  'too-long': 'too long to be read',
};

/** What was not taken as commands: why, and from which line on. */
function notTaken(untaken: readonly Untaken[], lineAt: (offset: number) => number): string {
  const places = untaken.map(
    ({ source, reason }) => `  - line ${lineAt(source.start)}: ${NOT_TAKEN[reason]}`,
  );
  return `Not taken as commands:\n${places.join('\n')}`;
}

const oneLine = (text: string): string => visible(text).replaceAll(/\s+/g, ' ').trim();

/** Tells the line of an offset, from 1. */
function lineNumbers(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\r\n?|\n/g)].map((end) => end.index + end[0].length)];
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
