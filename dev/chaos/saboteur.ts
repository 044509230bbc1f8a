/** Kills one process after the other, never telling anybody, and starts each again. */
import type { Cluster } from '../cluster.ts';
import type { Dice } from '../random.ts';

export interface Saboteur {
  total(): number;
  /** Who was killed how often. */
  tally(): string;
  /** Stops after the kill that is under way; everything runs again then. */
  stop(): Promise<void>;
}

const CALM_MS = [200, 1_500] as const;
const AWAY_MS = [0, 1_200] as const;

/** A victim: how to kill it, and how to bring it back. The agent comes back by itself. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  back(): Promise<void>;
}

export function startSaboteur(cluster: Cluster, dice: Dice): Saboteur {
  const kills = new Map<string, number>();
  const victims: readonly Victim[] = [
    ...cluster.members.map((member) => ({
      name: member.name,
      kill: () => member.kill(),
      back: () => member.start(),
    })),
    // Twice as often as any server: only an agent that dies in mid-step leaves something nobody knows.
    ...[1, 2].map(() => ({
      name: 'agent',
      kill: async () => {
        const pid = cluster.agent.pid;
        if (pid) process.kill(pid, 'SIGKILL');
      },
      back: async () => undefined,
    })),
    { name: 'postgres', kill: () => cluster.killPostgres(), back: () => cluster.restartPostgres() },
  ];
  let stopping = false;
  const work = async () => {
    while (!stopping) {
      await wait(dice.between(...CALM_MS));
      const victim = dice.pick(victims);
      const away = dice.between(...AWAY_MS);
      if (stopping) return;
      kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1);
      await victim.kill();
      await wait(away);
      await victim.back();
    }
  };
  const working = work();
  return {
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
