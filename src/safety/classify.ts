import { type Collected, collect } from './collect.ts';
import type { Context } from './context.ts';
import { directoriesOf } from './directory.ts';
import { judgeInvocation } from './judge.ts';
import type { Finding, Invocation, Stdin } from './model.ts';
import { placeholders } from './placeholder.ts';
import { LIMITS, precheck } from './precheck.ts';
import { readStrictly, type StrictCommand } from './strict.ts';
import { loopTraits, sessionTraits } from './traits.ts';
import { type Declared, type Reason, RISKS, type Span, type Trait, type Verdict } from './verdict.ts';
import { RULESET_SHA256, RULESET_VERSION } from './version.ts';

/** What must be loaded before a text can be judged. */
export type Loaded = Pick<Context, 'knowledge' | 'postgres'>;

const NOTHING: Declared = { readOnly: new Set() };

/** What was made of one text before it is merged into a verdict. */
export interface Judgement {
  readonly findings: readonly Finding[];
  readonly traits: ReadonlySet<Trait>;
  readonly hints: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

/** Judges a text: precheck, two readings, every command in it, everything those run in turn. Never throws. */
export function judge(text: string, loaded: Loaded, { readOnly }: Declared = NOTHING, cwd = '/'): Judgement {
  const context: Context = {
    ...loaded,
    findings: [],
    traits: new Set(),
    hints: new Set(),
    names: new Set(),
    sends: new Set(),
    made: [],
    passedOn: new Set(),
    functions: new Set(),
    readOnly,
    directories: [cwd],
    depth: 0,
    remote: false,
    judgeInvocation,
    judgeShell,
  };
  const whole: Span = { start: 0, end: text.length };
  try {
    const early = precheck(text);
    context.findings.push(...early);
    if (early.some((finding) => finding.risk === 'danger')) return context;
    const filled = placeholders(text);
    if (filled.found.length > 0) judgeFilled(text, filled, context);
    else judgeText(text, { kind: 'inherited' }, (start, end) => ({ start, end }), context);
    if (context.sends.size > 0 && context.findings.some((finding) => finding.rule === 'file.secret'))
      context.findings.push({
        rule: 'secret.sent',
        risk: 'danger',
        sentence: `A secret is read and ${[...context.sends].join(', ')} can send it out.`,
        span: whole,
      });
    for (const trait of [...sessionTraits(filled.text), ...loopTraits(filled.text)])
      context.traits.add(trait);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    context.findings.push({
      rule: 'limit.exception',
      risk: 'danger',
      sentence: `This text cannot be analysed (${why}).`,
      span: whole,
    });
  }
  return context;
}

type Place = (start: number, end: number) => Span;

/**
 * Placeholders are judged both as the shell would read them and as words still to be filled in. Text that is broken
 * only because of them cannot run as it stands, so there the second reading is enough.
 */
function judgeFilled(text: string, filled: ReturnType<typeof placeholders>, context: Context): void {
  const asIs: Context = { ...context, findings: [] };
  judgeText(text, { kind: 'inherited' }, (start, end) => ({ start, end }), asIs);
  judgeText(filled.text, { kind: 'inherited' }, (start, end) => ({ start, end }), context);
  if (!asIs.findings.some((finding) => finding.rule === 'shell.syntax'))
    context.findings.push(...asIs.findings);
  for (const span of filled.found)
    context.findings.push({
      rule: 'shell.placeholder',
      risk: 'caution',
      sentence: `${text.slice(span.start, span.end)} is an input to fill in before this can run.`,
      span,
    });
}

/** Judges a shell text that stands inside an argument; all its findings point at that argument. */
function judgeShell(text: string, stdin: Stdin, span: Span, context: Context): void {
  if (context.depth + 1 > LIMITS.depth) {
    context.findings.push({
      rule: 'limit.depth',
      risk: 'danger',
      sentence: 'Commands inside commands go too deep to analyse.',
      span,
    });
    return;
  }
  const early = precheck(text).map((finding) => ({ ...finding, span }));
  context.findings.push(...early);
  if (early.some((finding) => finding.risk === 'danger')) return;
  judgeText(text, stdin, () => span, { ...context, depth: context.depth + 1 });
}

function judgeText(text: string, stdin: Stdin, place: Place, outer: Context): void {
  const collected = collect(text, stdin, place);
  const readOnly = collected.invocations.some(steersShell) ? NOTHING.readOnly : outer.readOnly;
  const directories = directoriesOf(collected.invocations, outer.directories);
  const context: Context = { ...outer, functions: collected.functions, readOnly, directories };
  for (const name of collected.functions)
    if (context.knowledge.get(name))
      context.findings.push({
        rule: 'shell.function',
        risk: 'caution',
        sentence: `A function gives ${name} another meaning, so later words may not mean what they say.`,
        span: place(0, text.length),
      });
  context.findings.push(...collected.findings);
  if (collected.invocations.length > LIMITS.commands) throw new Error('too many commands');
  for (const invocation of collected.invocations) judgeInvocation(invocation, context);
  if (collected.invocations.length + collected.findings.length === 0)
    context.findings.push({
      rule: 'shell.nothing',
      risk: 'safe',
      sentence: 'Nothing in it is a command.',
      span: place(0, text.length),
    });
  if (context.findings.length > LIMITS.commands * 40) throw new Error('too much to judge');
  compareReadings(text, stdin, place, context);
  if (text.includes('\\\n')) compareJoined(text, stdin, collected, place, context);
}

/** Builtins that can change what a later name means, or with which environment it runs. */
const STEERING = new Set(
  'export declare typeset local readonly set unset read mapfile readarray getopts shopt alias hash enable eval source . command builtin trap'.split(
    ' ',
  ),
);

/** What is declared of a program is declared of how it runs by itself, not of every setting that could steer it. */
function steersShell({ name, assignments }: Invocation): boolean {
  return assignments.length > 0 || STEERING.has(name?.text ?? '');
}

/** The parser misreads a few continued lines, so such text is also judged with its lines joined. */
function compareJoined(
  text: string,
  stdin: Stdin,
  collected: Collected,
  place: Place,
  context: Context,
): void {
  const whole = place(0, text.length);
  const joined = text.replace(/(\\*)\n/g, (found, slashes: string) =>
    slashes.length % 2 === 1 ? slashes.slice(1) : found,
  );
  const again = collect(joined, stdin, () => whole);
  context.findings.push(...again.findings);
  for (const invocation of again.invocations) judgeInvocation(invocation, context);
  const names = (list: readonly Invocation[]): string =>
    JSON.stringify(list.map((item) => item.name?.text ?? null));
  if (names(collected.invocations) !== names(again.invocations))
    context.findings.push({
      rule: 'shell.readings-differ',
      risk: 'danger',
      sentence: 'This text reads differently once its lines are joined.',
      span: whole,
    });
}

/** A safe verdict needs the strict reader to see exactly the same commands. */
function compareReadings(text: string, stdin: Stdin, place: Place, context: Context): void {
  const strict = readStrictly(text);
  const span = place(0, text.length);
  if (!strict.ok) {
    context.findings.push({
      rule: 'shell.beyond-simple',
      risk: 'caution',
      sentence: 'The shell syntax used here goes beyond what two independent readers agree on.',
      span: place(Math.min(strict.at, text.length), Math.min(strict.at + 1, text.length)),
    });
    return;
  }
  const own = collect(text, stdin, (start, end) => ({ start, end })).invocations;
  if (signature(strict.commands) !== signature(own.map(asStrict)))
    context.findings.push({
      rule: 'shell.readings-differ',
      risk: 'danger',
      sentence: 'Two readings of this text differ, so it cannot be analysed.',
      span,
    });
}

function asStrict(invocation: Invocation): StrictCommand {
  const words = [
    ...invocation.assignments.map((item) => item.span),
    ...(invocation.name ? [invocation.name.span] : []),
    ...invocation.args.map((arg) => arg.span),
  ];
  return {
    start: invocation.span.start,
    words: words.map((span) => `${span.start}-${span.end}`),
    redirects: invocation.redirects.map((item) =>
      item.operator.startsWith('<<') && item.operator !== '<<<'
        ? item.operator
        : `${item.operator} ${item.target.raw}`,
    ),
  };
}

function signature(commands: readonly StrictCommand[]): string {
  const worded = commands.filter((command) => command.words.length > 0).sort((a, b) => a.start - b.start);
  return JSON.stringify([
    worded.map((command) => command.words),
    commands.flatMap((command) => command.redirects).sort(),
  ]);
}

const MAX_REASONS = 24;

/** Merges findings into a verdict: the worst wins, each reason once, worst first. */
export function merge(judgement: Judgement): Verdict {
  const seen = new Set<string>();
  const reasons: Reason[] = [];
  for (const finding of [...judgement.findings].sort(
    (a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk),
  )) {
    const key = `${finding.rule} ${finding.sentence}`;
    if (seen.has(key)) continue;
    seen.add(key);
    reasons.push(finding);
  }
  const [worst] = reasons;
  const nothing: Reason = {
    rule: 'shell.nothing',
    risk: 'danger',
    sentence: 'There is nothing here that can be judged.',
  };
  return {
    risk: (worst ?? nothing).risk,
    reasons: worst ? reasons.slice(0, MAX_REASONS) : [nothing],
    traits: [...judgement.traits].sort(),
    ...(judgement.hints.size > 0 ? { hints: [...judgement.hints].slice(0, MAX_REASONS) } : {}),
    rulesetVersion: RULESET_VERSION,
    rulesetSha256: RULESET_SHA256,
  };
}
