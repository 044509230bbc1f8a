import { z } from 'zod';
import { type Binding, bindCommand, bindNamed } from '../../src/runbook/bind.ts';
import { VARIABLE_TYPES, type Variable, type VariableType } from '../../src/runbook/runbook.ts';
import { findVariables, variableKey } from '../../src/runbook/variables.ts';
import { classifyAtOnce } from '../../src/safety/index.ts';
import type { Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { bytesOf, decode, LineCutter } from './support/input.ts';
import { note, print } from './support/output.ts';

const OPTIONS = {
  jsonl: { type: 'boolean' },
  var: { type: 'string', multiple: true },
  type: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

type Words = ReadonlyMap<string, string>;
type Types = ReadonlyMap<string, VariableType>;
type Bound =
  | Binding
  | { readonly ok: false; readonly code: 'empty' | 'too-large'; readonly sentence: string };

/** The longest template, in UTF-16 units: the longest command that is analysed. */
const MAX_TEMPLATE = 16 * 1024;

/** Puts values into a command. 1 when it may not be, with the sentence a run would give. */
export const run: Run = async (args) => {
  const { values, positionals } = readArguments('bind', args, OPTIONS, 1);
  const [given] = positionals;
  if (values.jsonl) return fillLines(given ?? '-');
  if (given === undefined)
    throw new UsageError('dd0c bind needs a TEMPLATE in quotes, or - for standard input.');
  const chosen = pairs('--var', values.var);
  const types = typesNamed(pairs('--type', values.type));
  const template = given === '-' ? await readTemplate() : given;
  const bound = refusalOf(template) ?? bindWith(template, types, chosen);
  if (values.json) await print(`${JSON.stringify(await described(bound))}\n`);
  else if (bound.ok) await print(`${bound.text}\n`);
  else note(bound.sentence);
  return bound.ok ? 0 : 1;
};

/** The longest line that is read, in bytes. */
const MAX_LINE = 1024 * 1024;
const idSchema = z.union([z.string(), z.number()]);
const recordSchema = z.object({
  id: idSchema,
  template: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
const anyId = z.object({ id: idSchema });

/** Answers `{"id","template","values"}` lines with `{"id","ok","command"}` or `{"id","ok","reason"}`. 1 when one could not be read. */
async function fillLines(file: string): Promise<number> {
  const cutter = new LineCutter(MAX_LINE);
  let faults = 0;
  const answer = (line: { bytes: Buffer; cut: boolean }): string => {
    const text = line.cut ? null : decode(line.bytes);
    if (text !== null && text.trim() === '') return '';
    const value = parseLine(text ?? '');
    const record = recordSchema.safeParse(value);
    if (!record.success) {
      faults += 1;
      const id = anyId.safeParse(value).data?.id ?? null;
      return `${JSON.stringify({ id, ok: false, reason: 'This line has no “id”, “template” and “values” that can be read.' })}\n`;
    }
    const { id, template, values } = record.data;
    const refusal = refusalOf(template);
    const filled =
      refusal ?? bindNamed(template, new Map(Object.entries(values).map(([k, v]) => [k, String(v)])));
    return `${JSON.stringify(filled.ok ? { id, ok: true, command: filled.text } : { id, ok: false, reason: filled.sentence })}\n`;
  };
  for await (const chunk of bytesOf(file)) await print(cutter.take(chunk).map(answer).join(''));
  await print(cutter.end().map(answer).join(''));
  if (faults > 0) note(`${faults} lines could not be read.`);
  return faults > 0 ? 1 : 0;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function readTemplate(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytesOf('-')) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_TEMPLATE) break;
  }
  const text = decode(Buffer.concat(chunks).subarray(0, MAX_TEMPLATE + 1));
  if (text === null) throw new Error('The input is not UTF-8 text, so it was not read.');
  return text.replace(/\r?\n$/, '');
}

/** Why a template is no command at all, or null. */
function refusalOf(template: string): Bound | null {
  if (template.trim() === '') return { ok: false, code: 'empty', sentence: 'The template is empty.' };
  if (template.length <= MAX_TEMPLATE) return null;
  return {
    ok: false,
    code: 'too-large',
    sentence: 'The template is longer than 16 KB. Split it into smaller commands.',
  };
}

function bindWith(template: string, types: Types, chosen: Words): Bound {
  const variables = variablesOf(template, types);
  const known = new Set(variables.map(({ name }) => variableKey(name)));
  for (const key of [...chosen.keys(), ...types.keys()])
    if (!known.has(key)) note(`The template has no input ${key}.`);
  return bindCommand(template, variables, valuesFor(variables, chosen));
}

/** `NAME=VALUE` words by the key of their name. */
function pairs(option: string, given: readonly string[] = []): Words {
  const found = new Map<string, string>();
  for (const word of given) {
    const at = word.indexOf('=');
    const key = variableKey(word.slice(0, Math.max(at, 0)));
    if (key === '') throw new UsageError(`${option} is written ${option} NAME=VALUE, not “${word}”.`);
    if (found.has(key)) throw new UsageError(`${option} names ${key} twice.`);
    found.set(key, word.slice(at + 1));
  }
  return found;
}

function typesNamed(named: Words): Types {
  return new Map(
    [...named].map(([key, name]) => {
      const type = VARIABLE_TYPES.find((each) => each === name);
      if (type === undefined)
        throw new UsageError(`There is no type “${name}”: types are ${VARIABLE_TYPES.join(', ')}.`);
      return [key, type];
    }),
  );
}

/** The inputs of a template as a runbook with this one command would have them. */
function variablesOf(template: string, types: Types): Variable[] {
  const command = { text: template, source: { start: 0, end: template.length } };
  return findVariables([command], template).map((variable) => ({
    ...variable,
    type: types.get(variableKey(variable.name)) ?? variable.type,
  }));
}

function valuesFor(variables: readonly Variable[], chosen: Words): Map<string, string> {
  return new Map(
    variables.flatMap(({ name }) => {
      const value = chosen.get(variableKey(name));
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function described(bound: Bound): Promise<object> {
  if (!bound.ok) return bound;
  return { ...bound, risk: (await classifyAtOnce(bound.text)).risk };
}
