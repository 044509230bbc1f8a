/** Applies prisma/migrations in order, keeping Prisma's own table, so that its tools see the same history. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNativeError } from 'node:util/types';
import { Client } from 'pg';
import { z } from 'zod';

/** A migration that cannot be applied; the message is one sentence for a person, with the database's own words. */
export class MigrationError extends Error {
  readonly code: 'migration.failed' | 'migration.changed' | 'migration.unknown' | 'migration.unfinished';
  constructor(code: MigrationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
    this.code = code;
  }
}

/** Where this version's migrations are. */
export const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };

/** The key of the advisory lock that Prisma's own migrate takes, so that both wait for each other. */
const PRISMA_LOCK = 72707369;

/** Prisma's table of applied migrations, column for column as its schema engine creates it. */
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

const History = z.array(
  z.object({ migration_name: z.string(), checksum: z.string(), finished: z.boolean() }),
);
type History = z.infer<typeof History>;

function readMigrations(directory: string): Migration[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(directory, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    });
}

/** What is left to apply; throws when the database's history and the folder's contradict each other. */
function pending(migrations: readonly Migration[], history: History): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished } of history) {
    const ours = known.get(name);
    if (!finished) {
      throw new MigrationError(
        'migration.unfinished',
        `Migration ${name} was begun by another tool and never finished; repair the database before starting again.`,
      );
    }
    if (ours === undefined) {
      throw new MigrationError(
        'migration.unknown',
        `The database has migration ${name}, which this version does not know: it belongs to a newer version, so start that one.`,
      );
    }
    if (ours.checksum !== checksum) {
      throw new MigrationError(
        'migration.changed',
        `Migration ${name} was changed after it had been applied; restore its file.`,
      );
    }
  }
  const applied = new Set(history.map((row) => row.migration_name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

/** One transaction a migration: its statements and its row in the history become true together, or neither does. */
async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    // One message for the whole file: the server splits it, and knows where a function's body ends.
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES (gen_random_uuid()::text, $1, $2, now(), clock_timestamp(), 1)`,
      [checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    const reason = isNativeError(error) ? error.message : String(error);
    await client.query('ROLLBACK');
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs, rolled_back_at)
       VALUES (gen_random_uuid()::text, $1, $2, $3, now())`,
      [checksum, name, reason],
    );
    throw new MigrationError('migration.failed', `Migration ${name} failed and was rolled back: ${reason}`, {
      cause: error,
    });
  }
}

async function readHistory(client: Client): Promise<History> {
  const { rows } = await client.query(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return History.parse(rows);
}

/** A loss of the connection is an error of what was being asked; told a second time as an event it would end the process. */
function steadyClient(connectionString: string): Client {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  return client;
}

/**
 * Brings the database at `ownerUrl` (its owner's connection string) to the last migration in `migrationsDir` (folders with
 * a `migration.sql`, in the order of their names) and returns the names it applied. Several may run at once: one applies,
 * the others wait. A failed migration leaves nothing behind and is tried again by the next start. Throws MigrationError.
 */
export async function migrate(ownerUrl: string, migrationsDir: string): Promise<{ applied: string[] }> {
  const migrations = readMigrations(migrationsDir);
  const client = steadyClient(ownerUrl);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(HISTORY_TABLE);
    const todo = pending(migrations, await readHistory(client));
    for (const migration of todo) await apply(client, migration);
    return { applied: todo.map((migration) => migration.name) };
  } finally {
    await client.end();
  }
}

/**
 * The migrations of `migrationsDir` that the database at `url` lacks, seen by any role that may read the history.
 * Throws MigrationError when the database is newer than this version, or was changed.
 */
export async function missingMigrations(url: string, migrationsDir: string): Promise<string[]> {
  const client = steadyClient(url);
  await client.connect();
  try {
    const { rows: there } = await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS yes`);
    const migrations = readMigrations(migrationsDir);
    if (!there[0]?.yes) return migrations.map(({ name }) => name);
    return pending(migrations, await readHistory(client)).map(({ name }) => name);
  } finally {
    await client.end();
  }
}
