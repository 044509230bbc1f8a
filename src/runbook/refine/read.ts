import { validateValue } from '../bind.ts';
import { UNTITLED } from '../extract.ts';
import { filled, type Opinions } from '../flatten.ts';
import type { Command, Parse, Question, Variable, VariableType } from '../runbook.ts';
import { withAdded } from './added.ts';
import { type Answer, parseAnswer } from './answer.ts';
import { withInputs } from './inputs.ts';
import { rowsOf } from './rows.ts';
import { type Shown, shownOf } from './shown.ts';
import { type Bucket, bucketsOf, indexesOf, stepsOf } from './steps.ts';
import { inertWords, MAX_TITLE } from './words.ts';

/** What a model made of a parse. */
export interface Refined {
  readonly parse: Parse;
  readonly opinions: Opinions;
}

const MAX_QUESTIONS = 10;
const MAX_QUESTION = 300;
const MAX_MEANING = 160;

/**
 * What an answer makes of the structural parse of `source`, or null when it is rubbish: longer than 200,000 units, no
 * JSON, or of another shape. Whatever it says, every line of the parse is kept once and in the author's order, with its
 * bytes, cautions, condition and rollback mark; references to nothing are passed over. Pure; never throws.
 */
export function readAnswer(json: string, source: string, parse: Parse): Refined | null {
  const answer = parseAnswer(json);
  if (!answer) return null;
  const shown = shownOf(source);
  const refined = refine(answer, shown, parse);
  // A command that comes in may bring an input that others hold as a plain word: what they are judged as would change.
  return answer.commands.length === 0 || isAlike(parse, refined.parse)
    ? refined
    : refine({ ...answer, commands: [] }, shown, parse);
}

function refine(answer: Answer, shown: Shown, parse: Parse): Refined {
  const rows = withAdded(rowsOf(parse, answer), answer, shown);
  const buckets = bucketsOf(rows);
  const found = rows.flatMap(({ number, command }) =>
    number === null && command && !command.suggested ? [command] : [],
  );
  const read = withInputs({ ...parse, steps: stepsOf(buckets, parse, shown) }, found, shown.source);
  const questions = questionsOf(answer, buckets);
  const title = parse.title === UNTITLED ? inertWords(answer.title ?? '', MAX_TITLE) : '';
  return {
    parse: {
      ...read,
      variables: read.variables.map((variable) => typed(variable, answer.inputs, read)),
      ...(title ? { title } : {}),
      ...(questions.length > 0 ? { questions } : {}),
    },
    opinions: buckets.map((bucket) => bucket.flatMap(({ command, opinion }) => (command ? [opinion] : []))),
  };
}

/** True when every command of the structural reading is still judged as the same bytes, in the same folder. */
function isAlike(before: Parse, after: Parse): boolean {
  const now = judgedAs(after);
  return [...judgedAs(before)].every(([command, as]) => now.get(command) === as);
}

function judgedAs(parse: Parse): ReadonlyMap<Command, string> {
  const all = filled(parse);
  return new Map(
    parse.steps.flatMap(({ commands }, step) =>
      commands.map((command, at) => [command, JSON.stringify(all[step]?.[at])] as const),
    ),
  );
}

/** Types that allow less than `text` does, in every place of a command. */
const NARROWER: readonly VariableType[] = ['integer', 'host', 'kubernetes-name'];

/** An input with what a model says of it: words beside it, and a type where it had none and the examples still fit. */
function typed(variable: Variable, inputs: Answer['inputs'], { steps }: Parse): Variable {
  const said = inputs.find(({ name }) => name === variable.name);
  if (!said) return variable;
  const description = inertWords(said.description, MAX_MEANING);
  const commands = steps.flatMap((step) => step.commands.map(({ text }) => text));
  const wanted = { ...variable, type: said.type ?? variable.type };
  const fits = [variable.example, variable.default].every(
    (value) => value === null || value === undefined || validateValue(wanted, value, commands) === null,
  );
  const isNarrower = variable.type === 'text' && NARROWER.includes(wanted.type);
  return { ...(isNarrower && fits ? wanted : variable), ...(description ? { description } : {}) };
}

/** Each question once, at the step that holds its line now. */
function questionsOf({ questions }: Answer, buckets: readonly Bucket[]): Question[] {
  const indexes = indexesOf(buckets);
  const asked = questions.map(({ line, text }) => ({
    text: inertWords(text, MAX_QUESTION),
    step: line === null ? null : (indexes.get(line) ?? null),
  }));
  const first = new Map(asked.filter(({ text }) => text !== '').map((question) => [question.text, question]));
  return [...first.values()].slice(0, MAX_QUESTIONS);
}
