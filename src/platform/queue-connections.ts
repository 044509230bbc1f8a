/** BullMQ on either of its backends, as far as hints need it. */
import {
  createPostgresBackend,
  type JobsOptions,
  type PostgresConnectionOptions,
  Queue,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { Client, Pool } from 'pg';
import type { Logger } from './logger.ts';
import { createLine, type Line, reasonOf } from './queue-line.ts';

/** Where the queues live. The Postgres URL is the application's own; a Redis URL may hold a password. */
export type QueueBackend =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'redis'; readonly url: string };

/** What a job holds. */
export type Hint = { readonly tenant: string; readonly stream: string };
type Work = (job: { data: unknown }) => Promise<void>;
/** How a worker works; what differs between the backends is not in it. */
export type Manner = Omit<WorkerOptions, 'connection' | 'prefix'>;

interface Openable {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}
/** The side of a queue that takes jobs. */
export interface Intake extends Openable {
  add(name: string, data: Hint, options: JobsOptions): Promise<unknown>;
}
/** The side of a queue that gives jobs. Paused, it takes none; what is under way goes on. */
export interface Outlet extends Openable {
  isPaused(): boolean;
  pause(doNotWait: boolean): Promise<void>;
  resume(): Promise<void>;
}

/** The connections of one process's side of the queues. */
export interface Connection {
  readonly line: Line;
  /** Opens one queue; `set` is called once now and again should it have to be opened anew. */
  intake(name: string, set: (intake: Intake) => void): void;
  outlet(name: string, work: Work, manner: Manner, set: (outlet: Outlet) => void): void;
  /** Something failed that may be the connection's fault: finds out. */
  suspect(error: unknown): void;
  /** Cuts what is left of it. */
  close(): void;
}

const postgres = withBackend(createPostgresBackend);

const PREFIX = 'dd0c';
const POOL = 3; // connections of a queue or worker on Postgres; one of a worker's listens
const CONNECT_MS = 5_000;
const QUERY_MS = 10_000;
const KNOCK_MS = 1_000;
const RETRY_MS = 100;
const RETRY_MOST_MS = 2_000;
const SILENT_INTAKE_MS = 5_000;
const SILENT_OUTLET_MS = 15_000; // longer than a worker's longest wait for a job (BullMQ's drainDelay: 5 s)
const EVENTS_KEPT = 100; // nobody reads them; BullMQ keeps 10 000 a queue unless told

/** Connects to the queues. `who` begins what is logged. */
export function connectQueues(
  backend: QueueBackend,
  side: 'intake' | 'outlet',
  who: string,
  logger: Logger,
): Connection {
  switch (backend.kind) {
    case 'postgres':
      return onPostgres(backend.url, createLine(who, logger, 'there'));
    case 'redis':
      return onRedis(backend.url, side, createLine(who, logger, 'unknown'), logger);
  }
}

/**
 * A client that outlives its server. BullMQ takes its listeners off a client that it is about to let go of, and an error
 * without a listener would end the process. What the client was asked fails all the same, and says so.
 */
class SteadyClient extends Client {
  override emit(event: string | symbol, ...told: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) return false;
    return super.emit(event, ...told);
  }
}

function onPostgres(url: string, line: Line): Connection {
  // Ours, because BullMQ makes the client that listens with its own driver otherwise.
  const openPool = () =>
    new Pool({
      Client: SteadyClient,
      connectionString: url,
      max: POOL,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      options: '-c search_path=bullmq',
    });
  const pools = new Set<Pool>();
  const end = (pool: Pool) => {
    pools.delete(pool);
    pool.end().catch(suspect);
  };
  let closed = false;
  let knocking = false;
  const timers = new Set<NodeJS.Timeout>();
  const later = (again: () => void) => {
    if (closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      again();
    }, KNOCK_MS);
    timers.add(timer);
  };

  const knock = (): void => {
    knocking = true;
    canConnect(url).then(
      () => {
        knocking = false;
        if (!closed) line.back();
      },
      (error: unknown) => {
        if (!closed) line.lost(error);
        later(knock);
      },
    );
  };
  const suspect = (): void => {
    if (!knocking && !closed) knock();
  };
  /** BullMQ on Postgres remembers for good that its first connect failed: then it is opened anew. */
  const keepOpen = <T extends Openable>(
    make: (connection: PostgresConnectionOptions) => T,
    set: (made: T) => void,
  ): void => {
    const pool = openPool();
    pools.add(pool);
    // BullMQ says that a pg.Pool is one of these; its types want the parameters of a query unchangeable, and pg's do not.
    const made = make(pool as unknown as PostgresConnectionOptions);
    set(made);
    made.waitUntilReady().catch((error: unknown) => {
      if (closed) return;
      line.lost(error);
      suspect();
      made
        .close(true)
        .catch(suspect)
        .finally(() => end(pool));
      later(() => keepOpen(make, set));
    });
  };

  return {
    line,
    suspect,
    intake: (name, set) => keepOpen((connection) => new postgres.Queue<Hint>(name, { connection }), set),
    outlet: (name, work, manner, set) =>
      keepOpen((connection) => new postgres.Worker<Hint>(name, work, { ...manner, connection }), set),
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const pool of pools) end(pool);
    },
  };
}

/** Throws when Postgres does not let us in. */
async function canConnect(connectionString: string): Promise<void> {
  const client = new Client({ connectionString, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined); // it is thrown away a line further on; a loss after that is the next knock's
  await client.connect();
  await client.end();
}

function onRedis(url: string, side: 'intake' | 'outlet', line: Line, logger: Logger): Connection {
  const client = new Redis(url, redisOptions(side));
  const ended = new Error('The connection was closed.');
  let last: unknown = ended;
  client.on('error', (error) => {
    last = error;
    // Before it was ever there, nothing closes that was open.
    if (client.status !== 'ready') line.lost(error);
  });
  client.on('close', () => line.lost(last));
  client.on('ready', () => {
    last = ended;
    line.back();
  });
  if (side === 'intake') client.once('ready', () => void warnOfEviction(client, logger));

  const common = { connection: client, prefix: PREFIX, skipVersionCheck: true };
  const outlets: RedisWorker[] = [];
  return {
    line,
    suspect: () => undefined, // its client tells by itself
    intake: (name, set) =>
      set(new Queue<Hint>(name, { ...common, streams: { events: { maxLen: EVENTS_KEPT } } })),
    outlet(name, work, manner, set) {
      const outlet = new RedisWorker(name, work, { ...common, ...manner });
      outlets.push(outlet);
      set(outlet);
    },
    close() {
      client.removeAllListeners('close');
      // Also where a worker could not be closed because Redis was away: its own connection has to go.
      for (const outlet of outlets) outlet.cut();
      client.disconnect();
    },
  };
}

function redisOptions(side: 'intake' | 'outlet'): Omit<RedisOptions, 'replyMapping'> {
  const common: Omit<RedisOptions, 'replyMapping'> = {
    connectTimeout: CONNECT_MS,
    retryStrategy: (times) => Math.min(times * RETRY_MS, RETRY_MOST_MS),
    // What was the primary may come back as a replica, which takes no job: look again who is.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  // A hint fails at once, because the sweep asks again. A worker's command waits until Redis is back.
  return side === 'intake'
    ? {
        ...common,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
        socketTimeout: SILENT_INTAKE_MS,
      }
    : { ...common, maxRetriesPerRequest: null, socketTimeout: SILENT_OUTLET_MS };
}

class RedisWorker extends Worker<Hint, void> {
  /** A job whose text is not JSON would come back for ever: it is taken as an empty one, and thrown away as no hint. */
  protected override createJob(...[json, id]: Parameters<Worker<Hint, void>['createJob']>) {
    try {
      return super.createJob(json, id);
    } catch {
      return super.createJob({ ...json, data: '{}' }, id);
    }
  }

  /** Lets go of what it holds, also when it waits for a Redis that went away while it was being closed. */
  cut(): void {
    for (const end of [this.lockManager.close(), this.backend.close(true)]) end.catch(() => undefined);
  }
}

/** Redis may drop jobs when it is full, unless it is told not to. Nothing is lost then, but everything waits for the sweep. */
async function warnOfEviction(client: Redis, logger: Logger): Promise<void> {
  try {
    const policy = /^maxmemory_policy:(\S+)/m.exec(await client.info('memory'))?.[1] ?? 'unknown';
    if (policy !== 'noeviction')
      logger.warn(
        { policy },
        'Redis may throw jobs away when it is full; set its maxmemory-policy to noeviction',
      );
  } catch (error) {
    logger.warn(
      { reason: reasonOf(error) },
      'Redis did not tell its maxmemory-policy; it should be noeviction',
    );
  }
}
