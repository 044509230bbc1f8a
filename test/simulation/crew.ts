import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Answer, type Order, play } from './play.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/simulate.mjs', import.meta.url));
/** The argument by which a process knows that it plays for another one. */
const PLAYER = '--player';

/** Processes that play seeds side by side, one a core. */
export interface Crew {
  /** Plays an order as soon as a process is free. Rejects when that process ends. */
  play(order: Order): Promise<Answer>;
  close(): void;
}

export function openCrew(size = availableParallelism()): Crew {
  const players = Array.from({ length: size }, () => fork(SCRIPT, [PLAYER]));
  const free = [...players];
  const waiting: ((player: ChildProcess) => void)[] = [];
  const release = (player: ChildProcess) => {
    const next = waiting.shift();
    if (next) next(player);
    else free.push(player);
  };
  return {
    async play(order) {
      const player = free.pop() ?? (await new Promise<ChildProcess>((resolve) => waiting.push(resolve)));
      const answer = await ask(player, order);
      release(player);
      return answer;
    },
    close() {
      for (const player of players) player.disconnect();
    },
  };
}

function ask(player: ChildProcess, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('A process that played seeds has ended; its words are above.'));
    player.once('exit', ended);
    player.once('message', (answer) => {
      player.off('exit', ended);
      resolve(answer as Answer);
    });
    player.send(order);
  });
}

/** True in a process that plays for another one; then it does nothing else. */
export function serveCrew(): boolean {
  if (!process.argv.includes(PLAYER)) return false;
  process.on('message', (order) => {
    void play(order as Order).then((answer) => process.send?.(answer));
  });
  return true;
}
