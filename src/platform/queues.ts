/** Queues as hints: a job says "look at this subject" and nothing else. A lost or doubled one changes timing only. */
import { z } from 'zod';
import type { SubjectKind, SubjectRef } from '../audit/subject.ts';
import { streamId, tenantId } from '../protocol/ids.ts';
import type { Random } from './clock.ts';
import { nonce } from './ids.ts';
import type { Logger } from './logger.ts';
import {
  connectQueues,
  type Intake,
  type Manner,
  type Outlet,
  type QueueBackend,
} from './queue-connections.ts';
import { reasonOf, seldom, within } from './queue-line.ts';

export type { QueueBackend } from './queue-connections.ts';

export const QUEUES = ['parse', 'classify', 'refine', 'step', 'match', 'render'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Ids of ours and nothing that could be anything else; what is in a queue may have been written by anybody. */
const id = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/);
const hintSchema = z.strictObject({ tenant: id.transform(tenantId), stream: id.transform(streamId) });

/** Short, so that a hint held by a dead worker is soon free (BullMQ's default is 30 s). The same everywhere: on Redis the
 * interval of whoever looked last holds for all. */
const LOCK_MS = 5_000;
const MOST_ADDING = 2_000;
const WORK_LIMIT_MS = 10_000;
const LET_GO_MS = 2_000;
/**
 * How many of a queue are worked on at once. Who asks a model waits for it, seconds long. Who draws waits for Slack and
 * holds one of the process's 20 connections to the database meanwhile.
 */
const AT_ONCE: Readonly<Record<QueueName, number>> = {
  parse: 4,
  classify: 4,
  refine: 64,
  step: 4,
  match: 4,
  render: 12,
};
/** So many errors of one worker within a second are a storm (a full Redis answers every call with one): then it rests. */
const STORM = 20;
const REST_MS = 1_000;

/** Where a runbook goes on by itself. */
interface Onward {
  readonly queue: QueueName;
  /** Who recorded it goes on at once; should they die before, the sweep finds it. */
  readonly goesOn?: true;
  /** It looks as it did, until it is read a moment later. */
  readonly unseen?: true;
}

const RUNBOOK: ReadonlyMap<string, Onward> = new Map<string, Onward>([
  ['received', { queue: 'parse', unseen: true }],
  ['parsed', { queue: 'classify', goesOn: true, unseen: true }],
  ['refining', { queue: 'refine' }],
  ['refined', { queue: 'classify', goesOn: true, unseen: true }],
  ['edited', { queue: 'classify' }],
]);

/** Which queue looks at a subject of this kind when its time has come. */
export function queueFor(kind: SubjectKind, status: string): QueueName | null {
  switch (kind) {
    case 'run':
      return 'step';
    case 'runbook':
      return RUNBOOK.get(status)?.queue ?? null;
    case 'incident':
      return status === 'triggered' ? 'match' : null;
    case 'tenant':
    case 'agent':
      return null;
  }
}

/** Whether who recorded such a change goes on with it at once. */
export const isGoingOn = (kind: SubjectKind, status: string): boolean =>
  kind === 'runbook' && RUNBOOK.get(status)?.goesOn === true;

/** Whether such a change is to be seen at once. */
export const isSeen = (kind: SubjectKind, status: string): boolean =>
  kind !== 'runbook' || RUNBOOK.get(status)?.unseen !== true;

export interface Hints {
  /**
   * Asks that somebody looks at the subject soon. Hints with the same `mark` fold into one while it waits or is under way,
   * whoever adds them: a version for a change, a period of time for the sweeps of several processes. Without a mark it is
   * always added. Never throws, and keeps nothing back while the queues are away: the sweep asks again.
   */
  add(queue: QueueName, ref: SubjectRef, mark?: number | string): void;
  /** Whether the queues can be reached, as far as this process knows. */
  reachable(): boolean;
  /** Waits for hints on their way, two seconds at most, and for its queues no longer: also when they are away. */
  close(): Promise<void>;
}

/** The queues as hints. */
export function openHints(backend: QueueBackend, random: Random, logger: Logger): Hints {
  const connection = connectQueues(backend, 'intake', 'The server', logger);
  const warn = seldom(logger);
  const intakes = new Map<QueueName, Intake>();
  const adding = new Set<Promise<void>>();
  for (const name of QUEUES)
    connection.intake(name, (intake) => {
      intake.on('error', connection.suspect);
      intakes.set(name, intake);
    });
  return {
    reachable: () => connection.line.there,
    add(name, { tenant, stream }, mark) {
      const intake = intakes.get(name);
      if (!intake || !connection.line.there) return;
      if (adding.size >= MOST_ADDING)
        return warn({ queue: name }, 'the queues are slow: hints are left out, and the sweep asks again');
      // An id of ours always: BullMQ counts its own in a sequence it would have to create, and our role may create nothing.
      const jobId = `${tenant}-${stream}-${mark ?? nonce(random)}`.replaceAll(/[^\w.-]/g, '_');
      const options = { jobId, removeOnComplete: true, removeOnFail: true };
      const added = intake.add(name, { tenant, stream }, options).then(
        () => undefined,
        (error: unknown) => {
          connection.suspect(error);
          if (connection.line.there)
            warn(
              { reason: reasonOf(error), queue: name, stream },
              'a hint was not added; the sweep asks again',
            );
        },
      );
      adding.add(added);
      void added.finally(() => adding.delete(added));
    },
    async close() {
      await within(LET_GO_MS, Promise.all(adding));
      await within(LET_GO_MS, Promise.all(Array.from(intakes.values(), (intake) => intake.close())));
      connection.close();
    },
  };
}

export interface Workers {
  /** Whether the queues can be reached, as far as this process knows. */
  reachable(): boolean;
  /**
   * Takes no more hints and waits for those under way, up to `limitMs` (10 s unless told); what is not done then is left,
   * and the sweep of another process brings it back. Does not wait for queues that are away.
   */
  close(limitMs?: number): Promise<void>;
}

export type Processors = Record<QueueName, (ref: SubjectRef) => Promise<void>>;

/** Runs one processor a queue. One that throws is logged, and its hint is used up; the sweep brings its subject back. */
export function startWorkers(
  backend: QueueBackend,
  processors: Processors,
  logger: Logger,
  atOnce = AT_ONCE,
): Workers {
  const connection = connectQueues(backend, 'outlet', 'The worker', logger);
  const warn = seldom(logger);
  const outlets = new Map<QueueName, Outlet>();
  const underWay = new Set<Promise<void>>();
  let closed: Promise<void> | null = null;
  const manner: Manner = {
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS,
    runRetryDelay: REST_MS,
    // Also for jobs that others wrote: none is kept.
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };

  for (const name of QUEUES) {
    // It never throws: the words of a failure would go into the queue, where nothing but ids may be.
    const work = async ({ data }: { data: unknown }): Promise<void> => {
      const hint = hintSchema.safeParse(data);
      if (!hint.success) return warn({ queue: name }, 'a job that is no hint was thrown away');
      const done = lookAt(processors[name], hint.data, { queue: name }, logger);
      underWay.add(done);
      await done.finally(() => underWay.delete(done));
    };
    connection.outlet(name, work, { ...manner, concurrency: atOnce[name] }, (outlet) => {
      const brake = brakeOf(outlet, () => closed !== null);
      outlet.on('error', (error) => {
        connection.suspect(error);
        brake();
        if (connection.line.there && !closed)
          warn({ reason: reasonOf(error), queue: name }, 'a queue did not work; the worker goes on');
      });
      outlets.set(name, outlet);
    });
  }

  const close = async (limitMs: number): Promise<void> => {
    const each = <T>(what: (outlet: Outlet) => Promise<T>) => Promise.all(Array.from(outlets.values(), what));
    await within(
      LET_GO_MS,
      each((outlet) => outlet.pause(true)),
    );
    const ended = await within(limitMs, Promise.all(underWay));
    if (!ended) logger.warn({ left: underWay.size }, 'work under way did not end in time, and is left');
    // Without its queue a worker cannot say what it has done, and would wait for it.
    const force = !ended || !connection.line.there;
    await within(
      LET_GO_MS,
      each((outlet) => outlet.close(force)),
    );
    connection.close();
  };
  return {
    reachable: () => connection.line.there,
    close(limitMs = WORK_LIMIT_MS) {
      closed ??= close(limitMs);
      return closed;
    },
  };
}

async function lookAt(
  processor: (ref: SubjectRef) => Promise<void>,
  ref: SubjectRef,
  fields: { queue: QueueName },
  logger: Logger,
): Promise<void> {
  try {
    await processor(ref);
  } catch (err) {
    logger.error({ err, ...fields, ...ref }, 'a worker failed; the sweep will bring it back');
  }
}

/** Counts a worker's errors, and lets it rest for a second when they storm. */
function brakeOf(outlet: Outlet, ending: () => boolean): () => void {
  let errors = 0;
  return () => {
    errors += 1;
    if (errors === 1)
      setTimeout(() => {
        errors = 0;
        if (outlet.isPaused() && !ending()) void outlet.resume();
      }, REST_MS).unref();
    if (errors === STORM) void outlet.pause(true);
  };
}
