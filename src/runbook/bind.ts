import { precheck } from '../safety/precheck.ts';
import { assignedNames, findPlaceholders } from './placeholders.ts';
import { isSame, placeOf, type Shape, shapeOf } from './places.ts';
import type { Variable } from './runbook.ts';
import { refuseValue, writeValue } from './value.ts';
import { BARE, type ValuePlace } from './value-place.ts';
import { typeOf, variableKey } from './variables.ts';

export type Binding =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: 'missing-value' | 'refused-value' | 'left-over';
      readonly sentence: string;
    };

/**
 * Says why a value may not be put into a command, or null when it may: in every place of these commands where the
 * variable stands, else as a word of its own.
 */
export function validateValue(
  variable: Variable,
  value: string,
  commands: readonly string[] = [],
): string | null {
  const places = commands.flatMap((text) => {
    const outline = outlineOf(text, marksIn(text, [variable], new Set([variable])));
    return outline?.marks.map(({ place }) => place) ?? [];
  });
  const reasons = (places.length > 0 ? places : [BARE]).map((place) => refuseValue(variable, value, place));
  const why = reasons.find((reason) => reason !== null);
  return why === undefined ? null : `The value of ${variable.name} ${why}`;
}

/**
 * Puts values into a command: every spelling of an input, in any quotes, becomes the value written so that the shell
 * reads exactly it, and the command that comes out has the words, operators and redirections of the one that went in.
 * Refuses with one sentence a value that would change more, an input without a value, and one that nothing fills.
 */
export function bindCommand(
  text: string,
  variables: readonly Variable[],
  values: ReadonlyMap<string, string>,
): Binding {
  const valued = new Set(
    variables.filter(({ name, spellings }) => spellings.length > 0 && (values.get(name) ?? '') !== ''),
  );
  const found = marksIn(text, variables, valued);
  const missing = found.find(({ variable }) => !values.has(variable.name));
  if (missing)
    return refused(
      'missing-value',
      `${missing.variable.name} has no value yet. Fill it in before the step runs.`,
    );
  const left = leftIn(shaped(text, found), variables);
  if (left !== undefined) return leftOver(left);
  if (found.length === 0) return { ok: true, text };
  const outline = outlineOf(text, found);
  if (outline === null)
    return refused(
      'left-over',
      'The command is not complete shell, or too large, so no value can be filled in.',
    );
  const unread = found.find(
    ({ start }) => text[start] !== '$' && !outline.marks.some((mark) => mark.start === start),
  );
  if (unread !== undefined) return leftOver(text.slice(unread.start, unread.end));
  return fillIn(text, outline, ({ variable }) => values.get(variable.name) ?? '');
}

function fillIn(text: string, { marks, shape }: Outline, valueFor: (mark: Mark) => string): Binding {
  for (const mark of marks) {
    const why = refuseValue(mark.variable, valueFor(mark), mark.place);
    if (why !== null) return refused('refused-value', `The value of ${mark.variable.name} ${why}`);
  }
  const bound = replaceMarks(text, marks, (mark) => writeValue(valueFor(mark), mark.place));
  const held = new Map(marks.map((mark) => [mark.token, valueFor(mark)]));
  const isWhole = precheck(bound).every(({ risk }) => risk !== 'danger');
  return isWhole && isSame(shape, shapeOf(bound), (token) => held.get(token) ?? token)
    ? { ok: true, text: bound }
    : refused('refused-value', 'A value would change what the command is, not only one of its words.');
}

/** The same for a command that stands alone, with values by the names of its inputs, however these are spelt. */
export function bindNamed(text: string, values: ReadonlyMap<string, string>): Binding {
  const names = [...findPlaceholders(text).map(({ name }) => name), ...values.keys()];
  const byKey = new Map(names.map((name) => [variableKey(name), name]));
  const variables = [...byKey.values()].map((name) => ({
    name,
    type: typeOf(name),
    spellings: [`<${name}>`],
    example: null,
  }));
  return bindCommand(text, variables, values);
}

const refused = (code: 'missing-value' | 'refused-value' | 'left-over', sentence: string): Binding => ({
  ok: false,
  code,
  sentence,
});

const leftOver = (spelling: string): Binding =>
  refused(
    'left-over',
    `The command still holds ${spelling}, which no value fills. Change the runbook and paste it again.`,
  );

/** One input in a command: where it stands, and the plain word that stands for it while it is empty. */
interface Mark {
  readonly variable: Variable;
  readonly start: number;
  readonly end: number;
  readonly token: string;
  /** True for a spelling that is one only where a word of a command holds it. */
  readonly inWord: boolean;
}
type PlacedMark = Mark & { readonly place: ValuePlace };

/** A command with a token for each input, as the shell reads it. */
interface Outline {
  readonly marks: readonly PlacedMark[];
  readonly shape: Shape;
}

/** Part of the shell's own grammar: a number of an expression, a word of a loop or of a test. */
const ELSEWHERE: ValuePlace = { ...BARE, reader: 'other' };

/** Null when the command is not complete shell, or holds what nobody can see. */
function outlineOf(text: string, found: readonly Mark[]): Outline | null {
  const all = readMarked(text, found);
  if (all === null) return null;
  const marks = found.flatMap((mark) => {
    const place = placeOf(mark.token, all) ?? (mark.inWord ? null : ELSEWHERE);
    return place !== null && !isOwnVariable(text, mark, place) ? [{ ...mark, place }] : [];
  });
  const shape = marks.length === found.length ? all : readMarked(text, marks);
  return shape === null ? null : { marks, shape };
}

function readMarked(text: string, marks: readonly Mark[]): Shape | null {
  const marked = shaped(text, marks);
  return precheck(marked).some(({ risk }) => risk === 'danger') ? null : shapeOf(marked);
}

/** `$x` in single quotes is an input for another shell, and else a variable of whoever reads the text. */
function isOwnVariable(text: string, { start }: Mark, { quoting, reader }: ValuePlace): boolean {
  return text[start] === '$' && quoting === 'single' && reader !== 'shell';
}

const SPELLING =
  /<([A-Za-z][\w .,:'/-]{0,78})>|\{\{[ \t]*([A-Za-z_][\w.-]{0,78})[ \t]*\}\}|\$\{([A-Za-z_]\w{0,99})\}|\$([A-Za-z_]\w{0,99})/g;

/** Every input in order: the placeholders of the text, and where there is a value also names inside quoted programs. */
function marksIn(
  text: string,
  variables: readonly Variable[],
  valued: ReadonlySet<Variable>,
): readonly Mark[] {
  const byKey = new Map(variables.map((variable) => [variableKey(variable.name), variable]));
  const bySpelling = new Map(
    variables.flatMap((variable) => variable.spellings.map((spelling) => [spelling, variable])),
  );
  const placeholders = findPlaceholders(text, [...bySpelling.keys()]).flatMap(
    ({ name, spelling, start, bindable }) => {
      const variable = bySpelling.get(spelling) ?? byKey.get(variableKey(name));
      return variable && bindable ? [{ variable, start, end: start + spelling.length, inWord: false }] : [];
    },
  );
  const assigned = assignedNames(text);
  const others = [...text.matchAll(SPELLING)].flatMap((match) => {
    const { 0: spelling, index: start } = match;
    const end = start + spelling.length;
    const name = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    const variable = byKey.get(variableKey(name));
    const isKept =
      spelling.startsWith('$') && (text[start - 1] === '\\' || (assigned.get(name) ?? start) < start);
    const isNew = placeholders.every((mark) => end <= mark.start || mark.end <= start);
    return variable && valued.has(variable) && !isKept && isNew
      ? [{ variable, start, end, inWord: true }]
      : [];
  });
  return [...placeholders, ...others]
    .sort((a, b) => a.start - b.start)
    .map((mark, index) => ({ ...mark, token: `zq${index}qz` }));
}

const shaped = (text: string, marks: readonly Mark[]): string =>
  replaceMarks(text, marks, ({ token }) => token);

function replaceMarks<M extends Mark>(text: string, marks: readonly M[], write: (mark: M) => string): string {
  let replaced = '';
  let from = 0;
  for (const mark of marks) {
    replaced += text.slice(from, mark.start) + write(mark);
    from = mark.end;
  }
  return replaced + text.slice(from);
}

const TOKEN = /zq\d+qz/;

/** A spelling that still waits for a value; `$NAME` where no shell reads it may rightly stay. */
function leftIn(text: string, variables: readonly Variable[]): string | undefined {
  return (
    findPlaceholders(text).find(({ spelling }) => !TOKEN.test(spelling))?.spelling ??
    variables
      .flatMap(({ spellings }) => spellings)
      .find((spelling) => /^<.*>$|^\{\{.*\}\}$/.test(spelling) && text.includes(spelling))
  );
}
