import type { RunbookId, RunId, TenantId, UserId } from '../../src/protocol/ids.ts';
import { userId } from '../../src/protocol/ids.ts';
import { CHOICES, currentStep, type RunEvent, type RunState, type StepState } from '../../src/run/run.ts';
import { actOnRun, approveStep, resumeRun, settleStep, startRun } from '../../src/run/service.ts';
import { isSettled } from '../../src/run/states.ts';
import { killRunningSteps, liveRuns } from '../../src/run/stop.ts';
import type { Census, Directory, Person } from '../../src/tenant/person.ts';
import { pauseTenant, resumeTenant, setRoles, tenantState } from '../../src/tenant/service.ts';
import type { TenantState } from '../../src/tenant/tenant.ts';
import type { Chance } from './chance.ts';
import type { Surroundings } from './program.ts';
import type { Server } from './service.ts';

const [ALICE, BOB, ADA, ABE, OUT] = ['UALICE', 'UBOB', 'UADA', 'UABE', 'UOUT'].map(userId) as [
  UserId,
  UserId,
  UserId,
  UserId,
  UserId,
];
const PERSONS: readonly Person[] = [
  { user: ALICE, standing: 'member', admin: false },
  { user: BOB, standing: 'member', admin: false },
  { user: ADA, standing: 'member', admin: true },
  { user: ABE, standing: 'member', admin: true },
  { user: OUT, standing: 'outsider', admin: true },
];

/** How a crowd behaves. Probabilities are of one turn of one person. */
export interface Temper {
  /** Between two turns of somebody, on average (ms). */
  readonly pace: number;
  readonly clicksTwice: number;
  /** Acts on what was seen some time ago. */
  readonly isSlow: number;
  readonly panics: number;
  /** Jumps up at something that happens, and stops it at once: a probability of one event. */
  readonly startles: number;
  readonly pausesRun: number;
  readonly aborts: number;
  readonly kills: number;
  readonly skips: number;
  readonly changesRoles: number;
  /** Tries what is not theirs to do. */
  readonly oversteps: number;
}

/** People who only want it to end well. */
export const HELPFUL: Temper = {
  pace: 500,
  clicksTwice: 0.1,
  isSlow: 0.05,
  panics: 0,
  startles: 0,
  pausesRun: 0,
  aborts: 0,
  kills: 0.05,
  skips: 0.05,
  changesRoles: 0,
  oversteps: 0,
};

/** The workspace knows who somebody is, unless it does not answer. */
export function directoryOf(chance: Chance, fails: () => number, census: Census): Directory {
  const asked = <T>(answer: T): Promise<T> =>
    chance.happens(fails())
      ? Promise.reject(new Error('The workspace does not answer.'))
      : Promise.resolve(answer);
  return {
    person: (user) =>
      asked(PERSONS.find((person) => person.user === user) ?? { user, standing: 'outsider', admin: false }),
    census: () => asked(census),
  };
}

export interface CrowdOptions {
  readonly tenant: TenantId;
  readonly around: Surroundings;
  readonly chance: Chance;
  readonly servers: () => readonly Server[];
  readonly temper: () => Temper;
  readonly isHome: () => boolean;
  /** Something on their screens asks for a person. */
  readonly isAsked: () => boolean;
}

const CHANNEL = 'C1';
const PLACE = { channel: CHANNEL, threadTs: null };
/** What makes people jump up. */
const STARTLING: readonly string[] = ['step.approved', 'step.dispatched', 'step.started', 'step.unknown'];
const START_AGAIN_MS = 1_000;
/** How often somebody looks when nothing is asked of them. */
const ACTS_UNASKED = 0.2;

/** A runbook, and the hash of the steps that a person was shown. */
export interface ShownRunbook {
  readonly runbook: RunbookId;
  readonly shown: string;
}

/** People in a channel: they start runs, look at them, and click. */
export class Crowd {
  readonly #options: CrowdOptions;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  /** Everybody begins to take turns. */
  begin(): void {
    for (const person of PERSONS.slice(0, 4)) this.#turnsOf(person.user);
  }

  /** Somebody starts a runbook, and tries again until there is an answer. */
  async start(shown: ShownRunbook, tries = 20): Promise<void> {
    const { tenant, around, isHome } = this.#options;
    const server = this.#server();
    if (isHome() || tries === 0) return;
    try {
      const input = { tenant, by: ALICE, ...shown, values: new Map(), channel: CHANNEL };
      const outcome = server && (await startRun(server.deps, input));
      around.note(
        ALICE,
        outcome?.ok ? `started ${outcome.run}` : `could not start: ${outcome?.refusal.code}`,
      );
      if (outcome?.ok) return;
    } catch (error) {
      around.note(ALICE, `got no answer to a start: ${error}`);
    }
    around.timeline.after(START_AGAIN_MS, () => void this.start(shown, tries - 1));
  }

  /** Something happens in a run, and somebody may jump up at it. */
  sees({ type }: RunEvent, run: RunId): void {
    const { tenant, around, chance, temper, isHome } = this.#options;
    if (isHome() || !STARTLING.includes(type) || !chance.happens(temper().startles)) return;
    const what = chance.pick([
      act('PANICS', ({ deps }) => pauseTenant(deps, { tenant, by: ALICE, way: 'reaction', place: PLACE })),
      act(`pauses ${run}`, ({ deps }) => actOnRun(deps, tenant, run, ALICE, { type: 'pause' })),
      act(`aborts ${run}`, ({ deps }) => actOnRun(deps, tenant, run, ALICE, { type: 'abort' })),
    ]);
    around.timeline.after(chance.wait(chance.pick([1, 10, 100])), () => void this.#click(ALICE, what));
  }

  #turnsOf(user: UserId): void {
    const { around, chance, temper, isHome, isAsked } = this.#options;
    around.timeline.after(chance.wait(temper().pace), () => {
      if (!isHome() && (isAsked() || chance.happens(ACTS_UNASKED))) void this.#turn(user);
      this.#turnsOf(user);
    });
  }

  #server(): Server | null {
    const { servers, chance } = this.#options;
    const alive = servers().filter(({ program }) => program.isAlive);
    return alive.length > 0 ? chance.pick(alive) : null;
  }

  /** Looks at how everything stands, and does one thing about it. */
  async #turn(user: UserId): Promise<void> {
    const { tenant, chance, temper, around } = this.#options;
    const server = this.#server();
    if (!server) return;
    try {
      const stand = await tenantState(server.deps.log, tenant);
      const runs = await liveRuns(server.deps, tenant);
      if (chance.happens(temper().isSlow)) await around.timeline.sleep(chance.wait(5_000));
      const act = this.#choose(user, stand, runs);
      if (!act) return;
      const clicks = chance.happens(temper().clicksTwice) ? 2 : 1;
      for (let click = 0; click < clicks; click++) void this.#click(user, act);
    } catch (error) {
      around.note(user, `sees nothing: ${error}`);
    }
  }

  async #click(user: UserId, { name, go }: Act): Promise<void> {
    const { around } = this.#options;
    const server = this.#server();
    if (!server) return;
    around.note(user, name);
    try {
      const outcome = await go(server);
      if (!outcome.ok) around.note(user, `is refused: ${outcome.refusal.code}`);
    } catch (error) {
      around.note(user, `got no answer to ${name}: ${error}`);
    }
  }

  #choose(user: UserId, stand: TenantState, runs: readonly RunState[]): Act | null {
    const { tenant, chance, temper } = this.#options;
    const { panics, oversteps, changesRoles } = temper();
    const mayResume = isAdmin(user) || chance.happens(oversteps);
    if (stand.paused && mayResume && chance.happens(0.7))
      return act('resumes everything', ({ deps }) =>
        resumeTenant(deps, { tenant, by: user, typed: 'resume' }),
      );
    if (chance.happens(panics))
      return act('PANICS', ({ deps }) =>
        pauseTenant(deps, { tenant, by: user, way: 'command', place: PLACE }),
      );
    if (chance.happens(panics / 2))
      return act('kills all', ({ deps }) => killRunningSteps(deps, tenant, user));
    if (chance.happens(changesRoles) && isAdmin(user)) return this.#changeRoles(user);
    const live = runs.flatMap((run) => (run.plan ? [{ run, id: run.plan.runId }] : []));
    if (live.length === 0) return null;
    const { run, id } = chance.pick(live);
    return this.#onRun(chance.happens(oversteps) ? OUT : user, run, id);
  }

  #changeRoles(user: UserId): Act {
    const { tenant, chance } = this.#options;
    const role = chance.pick(['viewer', 'responder', 'approver'] as const);
    const member = { user: BOB, role, sameAs: chance.happens(0.3) ? ALICE : null };
    return act(`makes Bob a ${role}${member.sameAs ? ' and the same as Alice' : ''}`, ({ deps }) =>
      setRoles(deps, { tenant, by: user, member, defaultRole: 'approver' }),
    );
  }

  #onRun(by: UserId, run: RunState, id: RunId): Act | null {
    const { tenant, chance, temper } = this.#options;
    const { pausesRun, aborts } = temper();
    const simple = (type: 'pause' | 'abort') =>
      act(`${type}s ${id}`, ({ deps }) => actOnRun(deps, tenant, id, by, { type }));
    if (run.status === 'paused')
      return act(`resumes ${id}`, ({ deps }) => resumeRun(deps, tenant, id, by, 'resume'));
    if (chance.happens(pausesRun)) return simple('pause');
    if (chance.happens(aborts)) return simple('abort');
    const step = currentStep(run, isSettled);
    return step && this.#onStep(by, id, step);
  }

  #onStep(by: UserId, run: RunId, step: StepState): Act | null {
    const { tenant, chance, temper } = this.#options;
    const { kills, skips } = temper();
    const simple = (type: 'skip' | 'done' | 'ask-again' | 'kill') =>
      act(`${type}s ${run} ${step.id}`, ({ deps }) =>
        actOnRun(deps, tenant, run, by, { type, step: step.id }),
      );
    if (chance.happens(skips)) return simple('skip');
    switch (step.status) {
      case 'awaiting-approval': {
        const shown = step.job?.execSha256 ?? '';
        const typed = step.job?.confirm ?? null;
        return act(`approves ${run} ${step.id} attempt ${step.attempt + 1}`, ({ deps }) =>
          approveStep(deps, { tenant, run, step: step.id, by, shown, typed }),
        );
      }
      case 'stalled':
        return simple('ask-again');
      case 'by-hand':
        return simple('done');
      case 'running':
        return chance.happens(kills) ? simple('kill') : null;
      case 'unknown': {
        const choice = chance.pick(CHOICES);
        const said = { attempt: step.attempt, choice, reason: 'Looked at the host.' };
        return act(`rules ${run} ${step.id} attempt ${step.attempt}: ${choice}`, ({ deps }) =>
          settleStep(deps, { tenant, run, step: step.id, by, ...said }),
        );
      }
      default:
        return null;
    }
  }
}

type Answer = { readonly ok: true } | { readonly ok: false; readonly refusal: { readonly code: string } };

interface Act {
  readonly name: string;
  readonly go: (server: Server) => Promise<Answer>;
}

const act = (name: string, go: Act['go']): Act => ({ name, go });

const isAdmin = (user: UserId): boolean => user === ADA || user === ABE;
