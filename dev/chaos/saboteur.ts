/**
 * Kills processes one after the other, never telling anybody, and starts each again; two of them may be away at once. It
 * cuts the agent's lines between frames, and lets one fall silent now and then.
 */
import { type Cluster, isAlive } from '../cluster.ts';
import type { Dice } from '../random.ts';
import type { CutLine } from './line.ts';
import type { Watch } from './watch.ts';

export interface Saboteur {
  total(): number;
  /** Who was killed how often. */
  tally(): string;
  /** Rejects when a process cannot be killed or does not come back; never resolves. */
  readonly trouble: Promise<never>;
  /** Stops after the kill that is under way; everything runs again then. */
  stop(): Promise<void>;
}

const CALM_MS = [500, 3_000] as const;
const AWAY_MS = [0, 1_200] as const;
/**
 * A line is cut after so many more frames; now and then it is silent for longer than a lease lives. Never are all silent
 * at once: without any way to the agent, nothing can go on.
 */
const CUT_CALM_MS = [500, 4_000] as const;
const CUT_FRAMES = [0, 8] as const;
const SILENT_MS = 12_000;
const SILENT_SHARE = 0.1;

/** A victim: how to kill it, and how to bring it back. The agent comes back by itself. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  back(): Promise<void>;
}

export function startSaboteur(
  cluster: Cluster,
  lines: readonly CutLine[],
  watch: Watch,
  dice: Dice,
): Saboteur {
  const kills = new Map<string, number>();
  const member = (name: string): Victim => {
    const found = cluster.members.find((one) => one.name === name);
    if (!found) throw new Error(`There is no ${name} to kill.`);
    return { name, kill: () => found.kill(), back: () => found.start() };
  };
  const agent: Victim = {
    name: 'agent',
    kill: async () => {
      const { pid } = cluster.agent;
      if (!pid || !isAlive(pid)) return; // it is just coming back from the last time
      process.kill(pid, 'SIGKILL');
      void watch.agentBack();
    },
    back: async () => undefined,
  };
  const postgres = {
    name: 'postgres',
    kill: () => cluster.killPostgres(),
    back: () => cluster.restartPostgres(),
  };
  // Two hands, so both servers, or both workers, are away at once now and then.
  const hands: readonly (readonly Victim[])[] = [
    [member('server-1'), member('worker-1'), agent, postgres],
    [member('server-2'), member('worker-2'), agent],
  ];
  let stopping = false;
  const work = async (victims: readonly Victim[]) => {
    while (!stopping) {
      await wait(dice.between(...CALM_MS));
      const victim = dice.pick(victims);
      const away = dice.between(...AWAY_MS);
      if (stopping) return;
      kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1);
      watch.blow(victim.name);
      await victim.kill();
      await wait(away);
      await victim.back();
    }
  };
  const cut = async () => {
    let silentUntil = 0;
    while (!stopping) {
      await wait(dice.between(...CUT_CALM_MS));
      const line = dice.pick(lines);
      const silent = dice.between(0, 1) < SILENT_SHARE && performance.now() > silentUntil;
      const frames = Math.floor(dice.between(...CUT_FRAMES));
      if (stopping) return;
      const name = silent ? 'silence' : 'cut';
      kills.set(name, (kills.get(name) ?? 0) + 1);
      watch.blow(`${name} of line ${lines.indexOf(line) + 1}`);
      if (!silent) line.cutAfter(frames);
      else {
        silentUntil = performance.now() + SILENT_MS;
        line.silence(SILENT_MS);
      }
    }
  };
  const working = Promise.all([...hands.map(work), cut()]);
  const trouble = new Promise<never>((_resolve, reject) => working.catch(reject));
  return {
    trouble,
    total: () => [...kills.values()].reduce((sum, count) => sum + count, 0),
    tally: () =>
      [...kills]
        .sort()
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    stop: async () => {
      stopping = true;
      await working;
    },
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
