import type { Logger } from 'pino';
import { Chance } from './chance.ts';
import { type Finding, HARMS, type Harm } from './oracle.ts';
import { type Parts, REAL } from './parts.ts';
import { Saboteur } from './saboteur.ts';
import { drawSwarm, type Swarm } from './swarm.ts';
import { World } from './world.ts';

export interface Result {
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly trace: readonly string[];
  /** SHA-256 of the trace. */
  readonly hash: string;
  readonly swarm: Swarm;
  readonly commands: number;
  /** How much virtual time went by (ms). */
  readonly virtualMs: number;
}

/**
 * By then everything must stand still: an approval holds 15 min, a step that hangs is ended after 10, one agent may have to
 * wait out such a step of every run in turn (a run ends with it), and then there is a margin.
 */
const longestNightMs = ({ runs }: Swarm): number => (15 + 10 * runs.length + 5) * 60_000;
const CALM_MS = 3_000;

/** Plays one seed to its end. The same seed gives the same result, wherever and whenever it is played. */
export async function simulate(seed: number, parts: Parts = REAL, logger?: Logger): Promise<Result> {
  const swarm = drawSwarm(new Chance(seed, 'swarm'));
  const world = new World(seed, swarm, parts, logger);
  const { timeline, oracle } = world;
  const saboteur = new Saboteur(world, new Chance(seed, 'saboteur'));
  await world.begin();
  saboteur.begin();
  await timeline.run(swarm.trouble, () => oracle.findings.length > 0);
  saboteur.end();
  world.becomeEvening();
  await timeline.run(swarm.trouble + swarm.evening, () => oracle.findings.length > 0);
  world.becomeNight();
  const night = timeline.now + longestNightMs(swarm);
  let calmSince = timeline.now;
  const deaf = () => world.hosts.filter((host) => world.isDeaf(host)).map(({ name }) => name);
  await timeline.run(night, () => {
    if (!oracle.isQuiet) calmSince = timeline.now;
    else if (timeline.now > calmSince + CALM_MS && deaf().length > 0) calmSince = timeline.now;
    return oracle.findings.length > 0 || timeline.now > calmSince + CALM_MS;
  });
  if (oracle.defect !== null) throw oracle.defect;
  oracle.conclude(world.database, deaf());
  return {
    seed,
    findings: oracle.findings,
    trace: world.trace,
    hash: world.hash(),
    swarm,
    commands: world.ledger.started.length,
    virtualMs: timeline.now,
  };
}

/** How many findings there are of each harm. */
export function countHarms(findings: readonly Finding[]): Record<Harm, number> {
  const count = (harm: Harm) => findings.filter((finding) => finding.harm === harm).length;
  return Object.fromEntries(HARMS.map((harm) => [harm, count(harm)])) as Record<Harm, number>;
}
