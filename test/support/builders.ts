/** Runs, plans and people as tests need them; every run is built by the real `decide` and `evolve`. */
import type { Facts } from '../../src/audit/subject.ts';
import { type Exec, execSha256 } from '../../src/protocol/envelope.ts';
import { agentId, runbookId, runId, type StepId, stepId, tenantId, userId } from '../../src/protocol/ids.ts';
import { decide } from '../../src/run/decide.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { APPROVAL_TTL_MS, approvalRule } from '../../src/run/policy.ts';
import type {
  Choice,
  Dispatch,
  Plan,
  PlannedStep,
  RunCommand,
  RunEvent,
  RunState,
  StepReport,
  StepResult,
} from '../../src/run/run.ts';
import { parseSha256 } from '../../src/runbook/edit.ts';
import type { Parse, Step, Variable } from '../../src/runbook/runbook.ts';
import { type RunbookState, runbookKind } from '../../src/runbook/stream.ts';
import type { Risk, Trait, Verdict } from '../../src/safety/verdict.ts';
import type { Census, Person } from '../../src/tenant/person.ts';
import { type TenantState, type TrustLevel, tenantKind } from '../../src/tenant/tenant.ts';

export const TENANT = tenantId('T1');
export const CHANNEL = 'C1';
export const AGENT = agentId('a1');
export const RUN = runId('RUN0000001');
export const RUNBOOK = runbookId('BOOK000001');
export const NOW = Date.UTC(2026, 10, 24, 10, 0, 0);
export const [S1, S2, S3] = [stepId('s1'), stepId('s2'), stepId('s3')];

export const ALICE = userId('UALICE'); // the requester
export const BOB = userId('UBOB');
export const ADA = userId('UADA'); // an admin
export const ABE = userId('UABE'); // another admin

export const member = (user = BOB): Person => ({ user, standing: 'member', admin: false });
export const admin = (user = ADA): Person => ({ user, standing: 'member', admin: true });
export const outsider = (user = userId('UOUT')): Person => ({ user, standing: 'outsider', admin: true });

export const MANY: Census = { members: 2, admins: 2 };
export const ALONE: Census = { members: 1, admins: 1 };

/** A signed record as far as its shape goes; what is in it is the protocol's to test. */
export const RECORD = { keyId: '0123456789abcdef', payload: 'cGF5bG9hZA', sig: 'c2ln' };

export function tenantState(overrides: Partial<TenantState> = {}): TenantState {
  return { ...tenantKind.initial, opened: true, ...overrides };
}

export const PAUSE: NonNullable<TenantState['paused']> = {
  by: BOB,
  at: NOW,
  way: 'command',
  place: { channel: CHANNEL, threadTs: null },
};

/** What a decision sees: the time, and a workspace that is open unless told otherwise. */
export function facts({ now = NOW, ...tenant }: { now?: number } & Partial<TenantState> = {}): Facts {
  return { now, tenant: tenantState(tenant) };
}

export function verdict(risk: Risk, traits: readonly Trait[] = []): Verdict {
  const sentence = risk === 'safe' ? 'It only reads.' : `It is ${risk}.`;
  return {
    risk,
    traits,
    reasons: [{ rule: `test.${risk}`, risk, sentence }],
    rulesetVersion: 'test',
    rulesetSha256: 'a'.repeat(64),
  };
}

export interface StepSpec {
  readonly command?: string;
  readonly cwd?: string;
  readonly risk?: Risk;
  readonly title?: string;
  readonly confirm?: string;
  readonly byHand?: PlannedStep['byHand'];
  readonly warnings?: readonly string[];
  readonly branch?: string | null;
  readonly verdict?: Verdict;
}

export interface PlanSpec {
  readonly steps?: readonly StepSpec[];
  readonly trust?: TrustLevel;
  readonly title?: string;
}

/** A plan with one step a spec; a command without a risk needs one approval. */
export function buildPlan({
  steps = [{}],
  trust = 'copilot',
  title = 'Restart the api',
}: PlanSpec = {}): Plan {
  return {
    runId: RUN,
    tenantId: TENANT,
    runbookId: RUNBOOK,
    runbookSha256: 'a'.repeat(64),
    title,
    requester: ALICE,
    agentId: AGENT,
    agentEpoch: 1,
    profile: { name: 'default', digest: 'b'.repeat(64) },
    trust,
    channel: CHANNEL,
    steps: steps.map((spec, index) => plannedStep(spec, index + 1, trust)),
  };
}

function plannedStep(spec: StepSpec, number: number, trust: TrustLevel): PlannedStep {
  const { command = `uptime # ${number}`, risk = 'caution', byHand = null, cwd = '/' } = spec;
  const exec: Exec = {
    mode: 'bash',
    command_b64: Buffer.from(command).toString('base64url'),
    cwd,
    env: { DD0C_STEP: `s${number}` },
  };
  const job = {
    command,
    verdict: spec.verdict ?? verdict(risk),
    rule: approvalRule(risk, trust),
    confirm: spec.confirm ?? (risk === 'danger' ? 'api' : null),
    exec,
    execSha256: execSha256(exec),
  };
  return {
    id: stepId(`s${number}`),
    number,
    title: spec.title ?? `Do thing ${number}`,
    kind: 'command',
    branch: spec.branch ?? null,
    warnings: spec.warnings ?? [],
    source: null,
    job: byHand ? null : job,
    byHand,
  };
}

export const RESULT: StepResult = {
  exitCode: 0,
  signal: null,
  timedOut: false,
  head: 'ok\n',
  tail: '',
  bytes: 3,
  sha256: 'c'.repeat(64),
  startedAt: NOW,
  finishedAt: NOW + 1_000,
};

export const DISPATCH: Dispatch = {
  envelope: RECORD,
  envelopeId: 'E1',
  seq: 1,
  leaseEpoch: 1,
  exp: NOW + 60_000,
  timeoutMs: 600_000,
};

export const hashOf = (state: RunState, step: StepId): string =>
  state.steps.find(({ id }) => id === step)?.job?.execSha256 ?? '';

/** The commands of a run, ready to be given to `decide`. */
export const command = {
  start: (plan = buildPlan(), by = member(ALICE)): RunCommand => ({
    type: 'start',
    plan,
    by,
    trust: plan.trust,
  }),
  approve: (
    state: RunState,
    overrides: Partial<Extract<RunCommand, { type: 'approve' }>> = {},
  ): Extract<RunCommand, { type: 'approve' }> => ({
    type: 'approve',
    step: S1,
    by: member(),
    census: MANY,
    shown: hashOf(state, overrides.step ?? S1),
    typed: null,
    startBy: NOW + APPROVAL_TTL_MS,
    record: RECORD,
    ...overrides,
  }),
  dispatch: (
    state: RunState,
    overrides: Partial<Extract<RunCommand, { type: 'dispatch' }>> = {},
  ): RunCommand => ({
    type: 'dispatch',
    step: S1,
    panicEpoch: 0,
    execSha256: hashOf(state, overrides.step ?? S1),
    dispatch: DISPATCH,
    ...overrides,
  }),
  on: (type: 'skip' | 'done' | 'ask-again' | 'kill', step = S1, by = member()): RunCommand => ({
    type,
    step,
    by,
  }),
  settle: (
    choice: Choice,
    overrides: Partial<Extract<RunCommand, { type: 'settle' }>> = {},
  ): Extract<RunCommand, { type: 'settle' }> => ({
    type: 'settle',
    step: S1,
    by: member(),
    attempt: 1,
    choice,
    reason: 'Looked at the host.',
    ...overrides,
  }),
  pause: (by = member()): RunCommand => ({ type: 'pause', by }),
  abort: (by = member()): RunCommand => ({ type: 'abort', by }),
  resume: (by = admin(), typed = 'resume', census: Census = { members: 2, admins: 1 }): RunCommand => ({
    type: 'resume',
    by,
    typed,
    census,
  }),
  /** About the first envelope, unless it says otherwise. */
  report: (
    report: StepReport,
    {
      step = S1,
      attempt = 1,
      envelopeId = 'E1',
    }: { step?: StepId; attempt?: number; envelopeId?: string } = {},
  ): RunCommand => ({ type: 'report', step, attempt, envelopeId, report }),
};

export const REPORTS = {
  started: { kind: 'started', startedAt: NOW },
  printed: { kind: 'printed', tail: 'half\n', bytes: 5 },
  succeeded: { kind: 'finished', result: RESULT },
  failed: { kind: 'finished', result: { ...RESULT, exitCode: 1 } },
  rejected: { kind: 'rejected', code: 'policy', sentence: 'Not allowed on this host.' },
  unknown: { kind: 'unknown', sentence: 'The agent was ended while it ran.' },
  notStarted: { kind: 'rejected', code: 'not-started', sentence: 'It did not run.' },
  /** Three ways in which an envelope of the lease 1 turns out never to have come. */
  fenced: { kind: 'rejected', code: 'lease', sentence: 'The envelope is of an older connection.' },
  missing: { kind: 'missing', seqMark: 0, leaseEpoch: 2 },
  withheld: { kind: 'withheld', leaseEpoch: 1 },
  /** The agent has had it, and its journal does not know it. */
  gap: { kind: 'missing', seqMark: 1, leaseEpoch: 2 },
  rerun: { kind: 'rejected', code: 'rerun', sentence: 'Attempt 1 of this step ended with exit code 0 here.' },
} as const satisfies Record<string, StepReport>;

/** Decides and folds; throws with the refusal's code when the command is refused. */
export function apply(
  state: RunState,
  asked: RunCommand,
  seen = facts(),
): { state: RunState; events: readonly RunEvent[] } {
  const decision = decide(state, asked, seen);
  if (!decision.ok) throw new Error(`refused: ${decision.refusal.code}`);
  return { state: decision.events.reduce(evolve, state), events: decision.events };
}

export const RUNS_AT = [
  'awaiting-approval',
  'by-hand',
  'approved',
  'dispatched',
  'running',
  'stalled',
  'unknown',
  'reopened',
  'not-started',
  'not-delivered',
  'recovered',
  'marked',
  'succeeded',
  'failed',
  'rejected',
  'aborted',
  'paused',
] as const;
export type RunAt = (typeof RUNS_AT)[number];

interface RunSpec {
  readonly at?: RunAt;
  readonly plan?: Plan;
}

/** A run whose first step stands at `at`. */
export const buildRun = (spec: RunSpec = {}): RunState => storyOf(spec).reduce(evolve, initialRun);

/** Everything that happened to it. */
export function storyOf({ at = 'awaiting-approval', plan }: RunSpec = {}): RunEvent[] {
  const byHand = { command: 'vim /etc/hosts', reason: 'It needs a terminal.' };
  const start = command.start(plan ?? buildPlan({ steps: at === 'by-hand' ? [{ byHand }] : [{}, {}] }));
  const ways = [{ make: () => start, now: NOW }, ...path(at)];
  return ways.reduce<{ state: RunState; events: RunEvent[] }>(
    ({ state, events }, { make, now }) => {
      const next = apply(state, make(state), facts({ now }));
      return { state: next.state, events: [...events, ...next.events] };
    },
    { state: initialRun, events: [] },
  ).events;
}

interface Way {
  readonly make: (state: RunState) => RunCommand;
  readonly now: number;
}

function path(at: RunAt): Way[] {
  const then = (make: Way['make'], now = NOW): Way => ({ make, now });
  const typed = (state: RunState) => state.steps[0]?.job?.confirm ?? null;
  const approved = [then((state) => command.approve(state, { typed: typed(state) }))];
  const dispatched = [...approved, then((state) => command.dispatch(state))];
  const running = [...dispatched, then(() => command.report(REPORTS.started))];
  const unknown = [...running, then(() => command.report(REPORTS.unknown))];
  switch (at) {
    case 'awaiting-approval':
    case 'by-hand':
      return [];
    case 'approved':
      return approved;
    case 'dispatched':
      return dispatched;
    case 'running':
      return running;
    case 'stalled':
      return [then(() => ({ type: 'tick' }), NOW + APPROVAL_TTL_MS)];
    case 'unknown':
      return unknown;
    case 'reopened':
      return [...unknown, then(() => command.settle('rerun'))];
    case 'not-started':
      return [...dispatched, then(() => command.report(REPORTS.notStarted))];
    case 'not-delivered':
      return [...dispatched, then(() => command.report(REPORTS.missing))];
    case 'recovered':
      return [then(() => command.report(REPORTS.started))];
    case 'marked':
      return [...unknown, then(() => command.settle('succeeded'))];
    case 'succeeded':
      return [...running, then(() => command.report(REPORTS.succeeded))];
    case 'failed':
      return [...running, then(() => command.report(REPORTS.failed))];
    case 'rejected':
      return [...dispatched, then(() => command.report(REPORTS.rejected))];
    case 'aborted':
      return [then(() => command.abort())];
    case 'paused':
      return [then(() => command.pause())];
  }
}

export const variable = (name: string, overrides: Partial<Variable> = {}): Variable => ({
  name,
  type: 'text',
  spellings: [`<${name}>`],
  example: null,
  ...overrides,
});

/** A parse with one step a list of commands; an empty list is a step for a person. */
export function buildParse(
  commands: readonly (readonly string[])[] = [['uptime']],
  overrides: Partial<Parse> & { step?: Partial<Step> } = {},
): Parse {
  const { step, ...parse } = overrides;
  const source = { start: 0, end: 6 };
  return {
    title: 'Restart the api',
    kind: 'markdown',
    steps: commands.map((texts, index) => ({
      description: `Do thing ${index + 1}`,
      kind: texts.length > 0 ? 'command' : 'manual',
      commands: texts.map((text) => ({ text, source })),
      branch: null,
      rollback: false,
      warnings: [],
      source,
      ...step,
    })),
    variables: [],
    prerequisites: [],
    untaken: [],
    ...parse,
  };
}

/** A runbook as it stands once it is read and judged. */
/** Somebody who saw these steps saves them. */
export const saveOf = (parse: Parse, by = member()) =>
  ({ type: 'save', by, shown: parseSha256(parse) }) as const;

export function buildRunbook(parse = buildParse(), overrides: Partial<RunbookState> = {}): RunbookState {
  const verdicts = parse.steps.map((step) => step.commands.map(() => verdict('caution')));
  const place = { channel: CHANNEL, threadTs: '1.2' };
  return {
    ...runbookKind.initial,
    status: 'draft',
    source: { text: 'uptime', sha256: 'd'.repeat(64), by: ALICE, place },
    parse,
    verdicts,
    changedAt: NOW,
    ...overrides,
  };
}
