import { RISKS } from '../../src/safety/verdict.ts';
import type { TrustLevel } from '../../src/tenant/tenant.ts';
import type { Chance } from './chance.ts';
import type { Weather } from './network.ts';
import { HELPFUL, type Temper } from './people.ts';
import type { Manners } from './supervisor.ts';

/** What can be done to the system, each now and then while it works. */
export const BLOWS = [
  'server dies',
  'worker dies',
  'agent dies',
  'agent drains',
  'power goes',
  'line breaks',
  'line is half open',
  'agent is apart',
  'all are apart',
  'clock jumps',
  'disk fills up',
  'disk fails',
  'disk rots',
  'host is set back',
  'database is away',
  'database forgets',
  'keys are rotated',
  'agent is enrolled again',
] as const;
export type Blow = (typeof BLOWS)[number];

export const STEP_KINDS = [...RISKS, 'by hand'] as const;

/** One seed's own world: its shape, and which troubles it has how often. */
export interface Swarm {
  readonly servers: number;
  readonly workers: number;
  readonly hosts: number;
  readonly maxRunning: number;
  readonly trust: TrustLevel;
  /** Runs of the first or the second runbook, and what each of their steps is. */
  readonly runbooks: readonly (readonly (typeof STEP_KINDS)[number][])[];
  readonly runs: readonly number[];
  readonly admins: 1 | 2;
  readonly manners: Manners;
  readonly temper: Temper;
  readonly blows: readonly Blow[];
  /** Between two blows, on average (ms). */
  readonly blowEvery: number;
  /** How long there are blows, and how long people go on afterwards (ms). */
  readonly trouble: number;
  readonly evening: number;
  readonly weather: Weather;
  /** The probabilities that a program dies at any one effect. */
  readonly deathOfService: number;
  readonly deathOfAgent: number;
  /** The probabilities that a statement takes a while, and that its connection breaks; how long a while is on average (ms). */
  readonly database: {
    readonly slow: number;
    readonly breaks: number;
    readonly breaksAtCommit: number;
    readonly delay: number;
  };
  readonly hints: { readonly lost: number; readonly twice: number; readonly stalled: number };
  readonly directoryFails: number;
  /** How far clocks are off (ms), and how fast they drift. */
  readonly skew: { readonly services: number; readonly hosts: number; readonly drift: number };
  /** How many times as long as in earnest programs wait before they look for themselves. */
  readonly patience: number;
  /** Somebody sits on the lines: says again what was said, holds it back, changes it, or signs with a stolen dispatch key. */
  readonly mallory: {
    readonly repeats: number;
    readonly holds: number;
    readonly changes: number;
    readonly forges: number;
  };
}

/** Draws a world: each trouble is there in some seeds only, so that each is also seen without the others. */
export function drawSwarm(chance: Chance): Swarm {
  const some = (probability: number, least: number, most: number) =>
    chance.happens(probability) ? chance.between(least, most) : 0;
  const runbooks = Array.from({ length: chance.int(1, 2) }, () =>
    Array.from({ length: chance.int(1, 4) }, () => chance.pick(STEP_KINDS)),
  ).map((steps) => (steps.some((step) => step !== 'by hand') ? steps : ['caution' as const, ...steps]));
  const isHostile = chance.happens(0.25);
  return {
    servers: chance.int(1, 3),
    workers: chance.int(1, 3),
    hosts: chance.int(1, 2),
    maxRunning: chance.int(1, 2),
    trust: chance.happens(0.5) ? 'guided' : 'copilot',
    runbooks,
    runs: Array.from({ length: chance.int(1, 3) }, () => chance.int(0, runbooks.length - 1)),
    admins: chance.happens(0.5) ? 1 : 2,
    manners: {
      duration: chance.pick([50, 500, 3_000]),
      notStarted: some(0.2, 0.01, 0.2),
      fails: some(0.3, 0.01, 0.3),
      hangs: some(0.15, 0.01, 0.2),
      prints: some(0.3, 0.1, 0.8),
    },
    temper: drawTemper(chance),
    blows: drawBlows(chance),
    blowEvery: chance.pick([300, 1_000, 3_000]),
    trouble: chance.wait(8_000) + 2_000,
    evening: chance.happens(0.3) ? 0 : chance.wait(8_000),
    weather: {
      delay: chance.pick([1, 10, 100]),
      cut: some(0.3, 0.001, 0.05),
      stall: some(0.3, 0.001, 0.05),
      drop: isHostile ? some(0.5, 0.001, 0.05) : 0,
      twice: isHostile ? some(0.5, 0.01, 0.2) : 0,
      overtake: isHostile ? some(0.5, 0.01, 0.2) : 0,
    },
    deathOfService: some(0.4, 0.0001, 0.004),
    deathOfAgent: some(0.4, 0.001, 0.03),
    database: {
      slow: some(0.6, 0.05, 0.8),
      breaks: some(0.3, 0.0005, 0.01),
      breaksAtCommit: some(0.2, 0.01, 0.15),
      delay: chance.pick([1, 5, 50]),
    },
    hints: { lost: some(0.4, 0.1, 1), twice: some(0.4, 0.1, 0.8), stalled: some(0.3, 0.1, 0.5) },
    directoryFails: some(0.2, 0.02, 0.3),
    skew: {
      services: some(0.4, 100, 3_000),
      hosts: some(0.4, 1_000, 40_000),
      drift: some(0.3, 0.0001, 0.01),
    },
    patience: chance.pick([1, 2, 4]),
    mallory: {
      repeats: some(0.15, 0.02, 0.4),
      holds: some(0.2, 0.1, 0.7),
      changes: some(0.1, 0.1, 0.6),
      forges: some(0.2, 0.1, 0.7),
    },
  };
}

/**
 * Some of all blows. A host that is set back and a database that forgets are never in one world: when both lose what they
 * knew of a command, nobody is left to know it.
 */
function drawBlows(chance: Chance): readonly Blow[] {
  const either: Blow = chance.happens(0.5) ? 'host is set back' : 'database forgets';
  return BLOWS.filter((blow) => chance.happens(0.25) && blow !== either);
}

function drawTemper(chance: Chance): Temper {
  const some = (probability: number, most: number) =>
    chance.happens(probability) ? chance.between(most / 10, most) : 0;
  return {
    ...HELPFUL,
    pace: chance.pick([300, 1_000, 3_000]),
    clicksTwice: some(0.5, 0.6),
    isSlow: some(0.4, 0.3),
    panics: some(0.3, 0.08),
    startles: some(0.3, 0.3),
    pausesRun: some(0.25, 0.08),
    aborts: some(0.2, 0.05),
    kills: some(0.3, 0.3),
    skips: some(0.2, 0.1),
    changesRoles: some(0.2, 0.1),
    oversteps: some(0.2, 0.3),
  };
}
