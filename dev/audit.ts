/** Checks the log of this machine's own instance, with its own keys. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { keptDataKey } from '../src/audit/log.ts';
import { atOneMoment } from '../src/audit/store.ts';
import type { Kind, SubjectKind, Typed } from '../src/audit/subject.ts';
import { type Verification, verifyLog } from '../src/audit/verify.ts';
import { incidentKind } from '../src/incident/kind.ts';
import { systemRandom } from '../src/platform/clock.ts';
import { localKeyService } from '../src/platform/key-service.ts';
import { runKind } from '../src/run/kind.ts';
import { runbookKind } from '../src/runbook/stream.ts';
import { agentKind } from '../src/tenant/agent.ts';
import { tenantKind } from '../src/tenant/tenant.ts';
import { withDatabase } from './database.ts';

const KINDS = new Map(
  [runKind, runbookKind, tenantKind, agentKind, incidentKind].map((kind) => [
    kind.kind,
    kind as unknown as Kind<unknown, unknown, Typed>,
  ]),
) satisfies Map<SubjectKind, Kind<unknown, unknown, Typed>>;

/** Every chain, every payload and every snapshot of the database at `ownerUrl`, opened with the keys of `dataDir`. */
export async function verifyInstance(ownerUrl: string, dataDir: string): Promise<Verification> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  try {
    const keys = localKeyService(join(resolve(dataDir), 'keys', 'master.key'), systemRandom);
    return await atOneMoment(pool, (tx) =>
      verifyLog({ tx, dataKey: (tenant) => keptDataKey(tx, keys, tenant), kinds: KINDS }),
    );
  } finally {
    await pool.end();
  }
}

/**
 * As `verifyInstance`, for a data folder whose instance may or may not be running: a database that is not is started
 * for the check and stopped again.
 */
export async function verifyFolder(dataDir: string): Promise<Verification> {
  requireKeys(dataDir);
  return withDatabase(dataDir, (ownerUrl) => verifyInstance(ownerUrl, dataDir));
}

/** As `verifyInstance`, but never makes keys where there are none: with new ones nothing could be opened. */
export async function verifyExternal(ownerUrl: string, dataDir: string): Promise<Verification> {
  requireKeys(dataDir);
  return verifyInstance(ownerUrl, dataDir);
}

function requireKeys(dataDir: string): void {
  if (existsSync(join(dataDir, 'keys', 'master.key'))) return;
  throw new Error(
    `There is no data folder of dd0c/run at ${dataDir}: name the one to check with --data DIR.`,
  );
}
