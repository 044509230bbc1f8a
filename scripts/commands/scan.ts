import { z } from 'zod';
import { classifyAtOnce } from '../../src/safety/index.ts';
import { isWorse, RISKS, type Risk } from '../../src/safety/verdict.ts';
import { clip, RISK_LABEL } from '../../src/slack/words.ts';
import { visible } from '../../src/text/visible.ts';
import type { Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { bytesOf, decode, LineCutter } from './support/input.ts';
import { note, print } from './support/output.ts';

const OPTIONS = {
  json: { type: 'boolean' },
  jsonl: { type: 'boolean' },
  'max-risk': { type: 'string' },
} as const;

/** The longest line that is read, in bytes: many times the longest command that is analysed (16 KB), however escaped. */
const MAX_LINE = 1024 * 1024;
const MAX_SHOWN = 4_000;

type Id = string | number | null;

/** What a line asks: a command, or why there is none to judge. */
type Question = { readonly id: Id; readonly cmd: string; readonly fault: string | null };

/** What is said of a line. */
type Answer = {
  readonly id: Id;
  readonly cmd: string;
  readonly risk: Risk;
  readonly reasons: readonly string[];
  readonly hints?: readonly string[];
};

/** Says of every command how risky it is. 1 when one is riskier than `--max-risk`, or a line could not be read. */
export const run: Run = async (args) => {
  const { values, positionals } = readArguments('scan', args, OPTIONS, 1);
  const maxRisk = riskNamed(values['max-risk']);
  if (values.json && values.jsonl)
    throw new UsageError(
      '--json and --jsonl exclude each other: --jsonl answers with lines of JSON already.',
    );
  const write = values.jsonl ? writeRecord : values.json ? JSON.stringify : writePlain;
  const file = positionals[0] ?? '-';
  if (file === '-' && process.stdin.isTTY) note('Type commands, one a line; Ctrl-D ends.');
  const count = { commands: 0, faults: 0, over: 0 };
  for await (const questions of questionsIn(file, values.jsonl ? readRecord : readPlain)) {
    const answers: Answer[] = [];
    for (const question of questions) answers.push(await answer(question));
    count.commands += answers.length;
    count.faults += questions.filter(({ fault }) => fault !== null).length;
    count.over += answers.filter(({ risk }) => maxRisk !== null && isWorse(risk, maxRisk)).length;
    await print(answers.map((each) => `${write(each)}\n`).join(''));
  }
  if (count.faults > 0)
    note(`${count.faults} of ${count.commands} lines could not be read and count as danger.`);
  if (count.over > 0) note(`${count.over} of ${count.commands} commands are riskier than ${maxRisk}.`);
  return count.faults + count.over > 0 ? 1 : 0;
};

function riskNamed(name: string | undefined): Risk | null {
  if (name === undefined) return null;
  const risk = RISKS.find((each) => each === name);
  if (risk === undefined || risk === 'danger') throw new UsageError('--max-risk is safe or caution.');
  return risk;
}

type Reader = (text: string, number: number) => Question;

/** The questions of a file, blank lines left out, in as many batches as its bytes arrive in. */
async function* questionsIn(file: string, read: Reader): AsyncGenerator<Question[]> {
  const cutter = new LineCutter(MAX_LINE);
  let number = 0;
  const ask = ({ bytes, cut }: { bytes: Buffer; cut: boolean }): Question[] => {
    number += 1;
    const text = cut ? null : decode(bytes);
    const fault = cut ? 'This line is longer than 1 MB, so it was not read.' : 'This line is not UTF-8 text.';
    if (text === null) return [{ id: null, cmd: bytes.toString('utf8', 0, MAX_SHOWN), fault }];
    const own = number === 1 ? text.replace(/^\ufeff/, '') : text;
    return own.trim() === '' ? [] : [read(own, number)];
  };
  for await (const chunk of bytesOf(file)) yield cutter.take(chunk).flatMap(ask);
  yield cutter.end().flatMap(ask);
}

const readPlain: Reader = (cmd, number) => ({ id: number, cmd, fault: null });

/** A number that JSON cannot carry exactly could not be given back as it was. */
const idSchema = z.union([
  z.string(),
  z.number().refine((id) => Number.isSafeInteger(id) || !Number.isInteger(id)),
]);
const recordSchema = z.object({ id: idSchema, cmd: z.string() });
const anyId = z.object({ id: idSchema });

const readRecord: Reader = (line) => {
  const value = parseJson(line);
  if (value === undefined) return { id: null, cmd: line, fault: 'This line is not JSON.' };
  const record = recordSchema.safeParse(value);
  if (record.success) return { ...record.data, fault: null };
  const id = anyId.safeParse(value).data?.id ?? null;
  const fault =
    id === null ? 'This line has no “id” that is text or a number.' : 'This line has no “cmd” that is text.';
  return { id, cmd: line, fault };
};

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function answer({ id, cmd, fault }: Question): Promise<Answer> {
  if (fault !== null) return { id, cmd, risk: 'danger', reasons: [fault] };
  const { risk, reasons, hints } = await classifyAtOnce(cmd);
  const sentences = reasons.map(({ sentence }) => sentence);
  return { id, cmd, risk, reasons: sentences, ...(hints ? { hints } : {}) };
}

const writeRecord = ({ cmd: _, ...answer }: Answer): string => JSON.stringify(answer);

/** `🔴 danger   rm -rf /` and, indented below, why. */
function writePlain({ cmd, risk, reasons, hints = [] }: Answer): string {
  const shown = clip(visible(cmd), MAX_SHOWN);
  return [
    `${RISK_LABEL[risk].padEnd(12)}${shown}`,
    ...[...reasons.slice(0, 3), ...hints.slice(0, 3)].map((each) => `            ${visible(each)}`),
  ].join('\n');
}
