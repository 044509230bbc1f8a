/** Everything that a database holds, as its client programs write it out: pg_dump, or COPY where pg_dump is too old. */
import { spawnSync } from 'node:child_process';

function run(program: string, args: readonly string[]): { code: number | null; out: Buffer; err: string } {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], { maxBuffer: 512 * 1024 * 1024 });
  if (error) throw new Error(`${program} is not installed (package postgresql-client): ${error.message}`);
  return { code: status, out: stdout, err: stderr.toString() };
}

/** The whole database as text. Its tables may have policies, so `ownerUrl` has to be a superuser's. */
export function dumpDatabase(ownerUrl: string): Buffer {
  const dumped = run('pg_dump', ['--dbname', ownerUrl]);
  if (dumped.code === 0) return dumped.out;
  // A distribution's pg_dump may be older than the embedded server, and then refuses; COPY writes the same rows.
  if (!dumped.err.includes('server version mismatch')) throw new Error(`pg_dump failed: ${dumped.err}`);
  const tables = run('psql', [
    '--no-psqlrc',
    '--tuples-only',
    '--no-align',
    '--dbname',
    ownerUrl,
    '--command',
    `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  ]);
  if (tables.code !== 0) throw new Error(`psql failed: ${tables.err}`);
  const rows = tables.out
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((table) => {
      const copied = run('psql', [
        '--no-psqlrc',
        '--dbname',
        ownerUrl,
        '--command',
        `COPY ${table} TO STDOUT`,
      ]);
      if (copied.code !== 0) throw new Error(`psql could not copy ${table}: ${copied.err}`);
      return copied.out;
    });
  return Buffer.concat(rows);
}
