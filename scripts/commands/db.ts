import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../../dev/account.ts';
import type { ImportSource, Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { databaseFault, ownerUrl } from './support/database.ts';
import { note, print } from './support/output.ts';
import { subcommand } from './support/subcommand.ts';

const OPTIONS = {
  data: { type: 'string' },
  url: { type: 'string' },
  'app-password-file': { type: 'string' },
} as const;

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | undefined };

/** The database of a data folder (`url`, `stop`), or an external one (`migrate`). */
export const run: Run = async (args, importSource) => {
  const { values, positionals } = readArguments('db', args, OPTIONS, 1);
  switch (subcommand('db', positionals, ['url', 'stop', 'migrate'])) {
    case 'url':
      return url(folderOf('url', values));
    case 'stop':
      return stop(folderOf('stop', values));
    case 'migrate':
      return migrate(values, importSource);
  }
};

function folderOf(what: string, values: Values): string {
  if (values.url !== undefined || values['app-password-file'] !== undefined)
    throw new UsageError(`dd0c db ${what} takes --data DIR alone.`);
  return resolve(values.data ?? 'data');
}

async function url(dataDir: string): Promise<number> {
  const { databaseUrl } = await import('../../dev/database.ts');
  await print(`${await databaseUrl(dataDir)}\n`);
  return 0;
}

async function stop(dataDir: string): Promise<number> {
  const { stopDatabase } = await import('../../dev/database.ts');
  note((await stopDatabase(dataDir)) ? 'The database is stopped.' : `No database is running on ${dataDir}.`);
  return 0;
}

async function migrate(values: Values, importSource: ImportSource): Promise<number> {
  const passwordFile = values['app-password-file'];
  if (values.url === undefined || values.data !== undefined)
    throw new UsageError(
      'dd0c db migrate takes --url OWNER_URL and, the first time, --app-password-file FILE.',
    );
  const at = ownerUrl(values.url);
  const password = passwordFile === undefined ? null : passwordIn(passwordFile);
  const { MIGRATIONS, migrate: apply } =
    await importSource<typeof import('../../src/platform/migrate.ts')>('src/platform/migrate.ts');
  const { prepareDatabase } =
    await importSource<typeof import('../../src/platform/database.ts')>('src/platform/database.ts');
  const { applied } = await apply(at, MIGRATIONS).catch(databaseFault(at));
  await prepareDatabase(at, MIGRATIONS, password).catch(databaseFault(at));
  await print(applied.map((name) => `${name}\n`).join(''));
  note(
    applied.length === 0
      ? 'The database was up to date.'
      : `The database is up to date; ${applied.length} ${applied.length === 1 ? 'migration was' : 'migrations were'} applied.`,
  );
  if (password !== null) note('The role dd0c_app may log in with the password given.');
  return 0;
}

function passwordIn(file: string): string {
  try {
    const password = readFileSync(file, 'utf8').trim();
    if (password !== '' && !/[\0\r\n]/.test(password)) return password;
  } catch (error) {
    throw new Error(`The password file ${file} could not be read (${errorCode(error)}).`, { cause: error });
  }
  throw new Error(`The password file ${file} must hold one line.`);
}
