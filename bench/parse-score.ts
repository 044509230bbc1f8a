import type { Parse } from '../src/runbook/runbook.ts';

/** A labelled runbook: what a careful reader would take from it. Shape of `expected/*.json` in the corpora. */
export interface Gold {
  readonly steps: readonly { readonly commands: readonly string[] }[];
  readonly variables: readonly string[];
  /** Texts that must not be taken. */
  readonly notCommands: readonly string[];
  /** Commands that may be taken or not. */
  readonly optionalCommands: readonly string[];
}

export interface Score {
  readonly gold: number;
  readonly taken: number;
  readonly right: number;
  /** Taken, and neither wanted nor optional. */
  readonly wrong: number;
  readonly notCommands: number;
  readonly notCommandsTaken: number;
  readonly variables: number;
  readonly variablesFound: number;
  readonly missed: readonly string[];
  readonly spurious: readonly string[];
}

/** Where a comment begins on a line, outside quotes, or its end. */
function commentAt(line: string): number {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quote !== '') {
      if (char === '\\' && quote === '"') at += 1;
      else if (char === quote) quote = '';
    } else if (char === '\\') at += 1;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '#' && /\s/.test(line[at - 1] ?? '')) return at;
  }
  return line.length;
}

/** A command as it is compared: continuations joined, comments and blanks of no meaning gone. */
export function comparable(command: string): string {
  const joined = command.replace(/\r\n?/g, '\n').replace(/[ \t]*\\[ \t]*\n[ \t]*/g, ' ');
  const lines = joined.trim().split('\n');
  const kept =
    lines.length > 1
      ? lines.filter((line) => !/^\s*(?:#(?!!)|$)/.test(line))
      : [lines[0]?.slice(0, commentAt(lines[0])) ?? ''];
  return kept
    .join(' ')
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?<=[^\\])[;\s]+$/, '');
}

const variableName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');

/** Scores one parse: a command counts when it equals a wanted one, each wanted one once. */
export function score(parse: Pick<Parse, 'steps' | 'variables'>, gold: Gold): Score {
  const wanted = gold.steps.flatMap((step) => step.commands);
  const taken = parse.steps.flatMap((step) => step.commands.map((command) => command.text));
  const left = taken.map(comparable);
  const missed = wanted.filter((command) => {
    const at = left.indexOf(comparable(command));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const optional = new Set(gold.optionalCommands.map(comparable));
  const spurious = left.filter((command) => !optional.has(command));
  const forbidden = gold.notCommands.map(comparable).filter((text) => text !== '');
  const found = new Set(parse.variables.map((variable) => variableName(variable.name)));
  const variables = [...new Set(gold.variables.map(variableName))];
  return {
    gold: wanted.length,
    taken: taken.length,
    right: wanted.length - missed.length,
    wrong: spurious.length,
    notCommands: forbidden.length,
    notCommandsTaken: forbidden.filter((text) => spurious.some((command) => holds(command, text))).length,
    variables: variables.length,
    variablesFound: variables.filter((name) => found.has(name)).length,
    missed,
    spurious,
  };
}

/** True when a command is a text that must not be taken, or carries a long one. */
const holds = (command: string, text: string): boolean =>
  command === text || (text.length >= 16 && /[\s=({[]/.test(text) && command.includes(text));

/** The sums of several scores. */
export function total(scores: readonly Score[]): Score {
  const sum = (of: (each: Score) => number): number => scores.reduce((all, each) => all + of(each), 0);
  return {
    gold: sum((each) => each.gold),
    taken: sum((each) => each.taken),
    right: sum((each) => each.right),
    wrong: sum((each) => each.wrong),
    notCommands: sum((each) => each.notCommands),
    notCommandsTaken: sum((each) => each.notCommandsTaken),
    variables: sum((each) => each.variables),
    variablesFound: sum((each) => each.variablesFound),
    missed: scores.flatMap((each) => each.missed),
    spurious: scores.flatMap((each) => each.spurious),
  };
}

/** Precision, recall and their harmonic mean; a text without commands from which none is taken scores 1. */
export function rates({ gold, right, wrong }: Score): { precision: number; recall: number; f1: number } {
  const precision = right + wrong > 0 ? right / (right + wrong) : gold > 0 ? 0 : 1;
  const recall = gold > 0 ? right / gold : 1;
  return {
    precision,
    recall,
    f1: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
  };
}
