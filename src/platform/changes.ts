import pg from 'pg';
import { z } from 'zod';
import { type TenantId, tenantId } from '../protocol/ids.ts';
import type { Logger } from './logger.ts';

/** Something that gateways want to know at once: work or a kill for an agent, or a pause of this process's own. */
export type News =
  | { readonly kind: 'changed'; readonly tenant: TenantId }
  | { readonly kind: 'paused'; readonly tenant: TenantId; readonly panicEpoch: number };

export interface Changes {
  /** Tells every process, this one first. Never throws: whoever misses it looks for itself within a second. */
  tell(news: News): void;
  /**
   * Hears of everything that any process tells. What another one told is only ever `changed`, whatever it was: anybody
   * who can log in to the database may send a notification, so it says where to look and is not believed.
   * Gives back how to stop hearing.
   */
  hear(listener: (news: News) => void): () => void;
  close(): Promise<void>;
}

const CHANNEL = 'dd0c_changes';
const CONNECT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

const noticeSchema = z.strictObject({ from: z.string(), tenant: z.string().transform(tenantId) });

/**
 * News between processes by LISTEN and NOTIFY of the database. It is sent after a commit and outside of it, because a
 * NOTIFY in a transaction makes commits of the whole database wait for each other.
 */
export function openChanges(url: string, pool: pg.Pool, from: string, logger: Logger): Changes {
  const listeners = new Set<(news: News) => void>();
  let closed = false;
  let wait = FIRST_RETRY_MS;
  let retry: NodeJS.Timeout | undefined;
  let client: pg.Client | undefined;

  const spread = (news: News) => {
    for (const listener of listeners) listener(news);
  };
  const take = (payload: string | undefined) => {
    const read = noticeSchema.safeParse(parse(payload));
    if (!read.success) return void logger.warn('news of another process could not be read');
    if (read.data.from !== from) spread({ kind: 'changed', tenant: read.data.tenant });
  };
  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
    });
    client = next;
    let lost = false;
    const lose = (err?: Error) => {
      if (lost || closed) return;
      lost = true;
      logger.warn({ err }, 'no news from other processes for now; gateways look by themselves every second');
      next.end().catch(() => logger.debug('a lost connection could not be ended'));
      retry = setTimeout(() => void connect(), wait);
      wait = Math.min(LAST_RETRY_MS, wait * 2);
    };
    next.on('error', lose);
    next.on('end', () => lose());
    next.on('notification', ({ payload }) => take(payload));
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANNEL}`);
      wait = FIRST_RETRY_MS;
    } catch (error) {
      lose(error instanceof Error ? error : undefined);
    }
  }
  void connect();

  return {
    tell(news) {
      spread(news);
      pool
        .query('SELECT pg_notify($1, $2)', [CHANNEL, JSON.stringify({ from, tenant: news.tenant })])
        .catch((err: unknown) =>
          logger.warn({ err }, 'other processes were not told; they look by themselves'),
        );
    },
    hear(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch((err: unknown) => logger.debug({ err }, 'a connection could not be ended'));
    },
  };
}

function parse(payload: string | undefined): unknown {
  try {
    return JSON.parse(payload ?? '');
  } catch {
    return null;
  }
}
