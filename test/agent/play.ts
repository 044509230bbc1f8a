import { type Effect, type Input, type Outcome, step, type Welcome } from '../../agent/core.ts';
import type { Entry } from '../../agent/entry.ts';
import { type AgentState, evolve } from '../../agent/state.ts';
import type { RecordInput } from '../../src/protocol/index.ts';
import { asked, benchWith, HASH, jobWith, leaseWith, M0, signJob, stateWith, T0 } from './world.ts';

/** Feeds inputs to the core one after another; keeps what was done and what was journaled. Owns both clocks. */
export class Play {
  state: AgentState;
  now = T0;
  mono = M0;
  readonly done: Effect[] = [];

  constructor(state: AgentState = stateWith()) {
    this.state = state;
  }

  feed(...inputs: readonly Input[]): Effect[] {
    const before = this.done.length;
    const { host, classify, rulesetSha256 } = benchWith();
    for (const input of inputs) {
      const taken = step(this.state, input, {
        now: this.now,
        mono: this.mono,
        host,
        classify,
        rulesetSha256,
      });
      this.state = taken.state;
      this.done.push(...taken.effects);
    }
    return this.done.slice(before);
  }

  /** Time passes on both clocks of the host. */
  pass(ms: number): void {
    this.now += ms;
    this.mono += ms;
  }

  kinds(): string[] {
    return kindsOf(this.done);
  }

  entries(): Entry[] {
    return this.done.flatMap((effect) => (effect.kind === 'append' ? [effect.entry] : []));
  }

  count(kind: Effect['kind']): number {
    return this.done.filter((effect) => effect.kind === kind).length;
  }
}

/** The effects in a few words each, without what is only logged. */
export function kindsOf(effects: readonly Effect[]): string[] {
  return effects.map(describeEffect).filter((text) => text !== 'log');
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'append':
      return `append ${effect.entry.kind}`;
    case 'send':
      return `send ${effect.report.kind}`;
    case 'credit':
      return `credit ${effect.jobs}`;
    default:
      return effect.kind;
  }
}

/** The n-th job, of a run of its own. */
export const job = (n = 1, overrides: Parameters<typeof jobWith>[0] = {}): Input => ({
  kind: 'job',
  signed: signJob(jobWith({ envelope_id: `envelope-${n}`, run_id: `run-${n}`, seq: n, ...overrides })),
});

export const outcome: Outcome = {
  exitCode: 0,
  signal: null,
  timedOut: false,
  head: 'hello\n',
  tail: '',
  bytes: 6,
  sha256: HASH,
  startedAt: T0,
  finishedAt: T0 + 1,
};
export const exited: Input = { kind: 'exited', envelopeId: 'envelope-1', outcome };
export const acked = (report: string): Input => ({ kind: 'acked', envelopeId: 'envelope-1', report });

/** A welcome to the connection that the agent is in already: its lease raises nothing. */
export const connected = (welcome: Partial<Welcome> = {}): Input => {
  const lease = leaseWith({ panic_epoch: welcome.epoch ?? 0 });
  const usual: Welcome = { epoch: 0, paused: false, resume: null, bundle: null, lease, asked, open: [] };
  return { kind: 'connected', ...usual, ...welcome };
};

/** A lease in answer to `asked`. */
export const leased = (overrides: Partial<RecordInput<'lease'>> = {}): Input => ({
  kind: 'lease',
  signed: leaseWith(overrides),
  asked,
});

/** The same agent after a restart: what its journal says, and nothing else. */
export function restarted(before: Play): Play {
  const after = new Play(evolve(stateWith({ connected: false, lease: null }), before.entries()));
  after.pass(before.now - T0);
  return after;
}
