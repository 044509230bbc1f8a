import { PrismaPg } from '@prisma/adapter-pg';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import type { TenantId } from '../protocol/ids.ts';
import type { Logger } from './logger.ts';
import { migrate } from './migrate.ts';

/** The role the application runs as; a migration makes it. */
const APP_ROLE = 'dd0c_app';

/** A connection that cannot be had by then counts as refused (ms): whoever asked has something better to do than wait. */
const CONNECT_MS = 5_000;
/** No query of ours takes this long (ms) unless its server is gone without a word. */
const QUERY_MS = 30_000;

export interface Database {
  /** For raw SQL: the log's, and what is asked too often for a transaction of Prisma's. */
  readonly pool: pg.Pool;
  /** For the four tables outside row-level security: tenants, installations, agents, the due index. */
  readonly prisma: PrismaClient;
  /** Runs `work` in one transaction that sees and writes rows of this tenant and of no other. */
  tenant<T>(tenant: TenantId, work: (prisma: Prisma.TransactionClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Connects as the application's role. `max` bounds the connections of this process. */
export function connectDatabase(url: string, logger: Logger, max = 20): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
  });
  let closing = false;
  // A connection that dies is replaced by the pool; without listeners, idle or in use, it would end the process.
  const lost = (err: Error) => {
    if (!closing) logger.warn({ err }, 'database connection lost');
  };
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    pool,
    prisma,
    tenant: (tenant, work) =>
      prisma.$transaction(async (tx) => {
        // Durably, whatever the server's default is: a message that Slack shows and we forgot would be posted again.
        await tx.$executeRaw`SELECT set_config('app.tenant', ${tenant}, true), set_config('synchronous_commit', 'on', true)`;
        return work(tx);
      }),
    close: async () => {
      closing = true;
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/**
 * Brings a database up to date, as its owner: our migrations, the queues' schema, and the application's role, which may
 * log in with `appPassword` (null: as before), use the queues, and do to our tables what the migrations grant. Returns the role's URL.
 */
export async function prepareDatabase(
  ownerUrl: string,
  migrationsDir: string,
  appPassword: string | null,
): Promise<string> {
  await migrate(ownerUrl, migrationsDir);
  const client = new pg.Client({ connectionString: ownerUrl });
  client.on('error', () => undefined); // a loss is an error of what is being asked; as an event it would end the process
  await client.connect();
  try {
    await runMigrations(client);
    await client.query(`GRANT USAGE ON SCHEMA bullmq TO ${APP_ROLE}`);
    for (const kind of ['TABLES', 'SEQUENCES', 'FUNCTIONS']) {
      await client.query(`GRANT ALL ON ALL ${kind} IN SCHEMA bullmq TO ${APP_ROLE}`);
    }
    if (appPassword !== null)
      await client.query(`ALTER ROLE ${APP_ROLE} LOGIN PASSWORD ${client.escapeLiteral(appPassword)}`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = APP_ROLE;
  url.password = appPassword ?? '';
  return url.href;
}
