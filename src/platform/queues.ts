import { createPostgresBackend, withBackend } from 'bullmq';
import { z } from 'zod';
import type { SubjectKind, SubjectRef } from '../audit/subject.ts';
import { streamId, tenantId } from '../protocol/ids.ts';
import type { Random } from './clock.ts';
import { nonce } from './ids.ts';
import type { Logger } from './logger.ts';

export const QUEUES = ['parse', 'classify', 'step', 'render'] as const;
export type QueueName = (typeof QUEUES)[number];

/** All a job says: look at this subject. A lost or doubled job changes timing and nothing else. */
const hintSchema = z.strictObject({
  tenant: z.string().min(1).transform(tenantId),
  stream: z.string().min(1).transform(streamId),
});
type Hint = { tenant: string; stream: string };

const { Queue, Worker } = withBackend(createPostgresBackend);

const CONNECTIONS = 2; // per queue or worker, beside the one that listens
const LOCK_MS = 5_000; // short, so that a hint held by a dead worker is soon free (BullMQ's default is 30 s)

/** Which queue looks at a subject of this kind when its time has come. */
export function queueFor(kind: SubjectKind, status: string): QueueName | null {
  switch (kind) {
    case 'run':
      return 'step';
    case 'runbook':
      return status === 'received' ? 'parse' : status === 'parsed' ? 'classify' : null;
    case 'tenant':
    case 'agent':
      return null;
  }
}

export interface Hints {
  /**
   * Asks that somebody looks at the subject soon. Hints with the same `mark` (its version, for one) fold into one;
   * without a mark it is always added. Never throws: the sweep asks again.
   */
  add(queue: QueueName, ref: SubjectRef, mark?: number): void;
  close(): Promise<void>;
}

/** The queues as hints. */
export function openHints(connectionString: string, random: Random, logger: Logger): Hints {
  const queues = new Map(
    QUEUES.map((name) => {
      const queue = new Queue<Hint>(name, { connection: { connectionString, max: CONNECTIONS } });
      queue.on('error', (err) => logger.warn({ err, queue: name }, 'queue unreachable'));
      return [name, queue];
    }),
  );
  return {
    add(name, { tenant, stream }, mark) {
      // An id of ours always: BullMQ counts its own in a sequence it would have to create, and our role may create nothing.
      const jobId = `${tenant}-${stream}-${mark ?? nonce(random)}`;
      queues
        .get(name)
        ?.add(name, { tenant, stream }, { jobId, removeOnComplete: true, removeOnFail: true })
        .catch((err: unknown) => logger.warn({ err, queue: name, stream }, 'hint not added; the sweep will'));
    },
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

export interface Workers {
  /** Stops taking hints and waits for those under way. */
  close(): Promise<void>;
}

/** Runs one processor a queue. A processor that throws is logged; the sweep brings its subject back. */
export function startWorkers(
  connectionString: string,
  processors: Record<QueueName, (ref: SubjectRef) => Promise<void>>,
  logger: Logger,
  concurrency = 4,
): Workers {
  const workers = QUEUES.map((name) => {
    const process = async (job: { data: unknown }): Promise<void> =>
      processors[name](hintSchema.parse(job.data));
    const worker = new Worker<Hint>(name, process, {
      connection: { connectionString, max: CONNECTIONS },
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS,
    });
    worker.on('error', (err) => logger.warn({ err, queue: name }, 'worker lost its queue'));
    worker.on('failed', (job, err) =>
      logger.error(
        { err, queue: name, stream: job?.data.stream },
        'a worker failed; the sweep will bring it back',
      ),
    );
    return worker;
  });
  return {
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
