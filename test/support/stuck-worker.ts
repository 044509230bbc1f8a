/** A worker that takes hints, prints each one's stream, and never ends its work: a test kills it. Argument: the backend. */
import { pino } from 'pino';
import { type QueueBackend, startWorkers } from '../../src/platform/queues.ts';

const backend = JSON.parse(process.argv[2] ?? '') as QueueBackend;
const stuck = async ({ stream }: { stream: string }): Promise<void> => {
  process.stdout.write(`${stream}\n`);
  await new Promise(() => undefined);
};
startWorkers(
  backend,
  { parse: stuck, classify: stuck, refine: stuck, step: stuck, match: stuck, render: stuck },
  pino({ level: 'silent' }),
);
