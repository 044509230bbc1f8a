import { errorCode } from '../../../dev/account.ts';
import { UsageError } from './arguments.ts';

/** A database's address as it was given. Throws UsageError on anything else; never repeats it, since it holds a password. */
export function ownerUrl(text: string): string {
  if (URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)) return text;
  throw new UsageError('--url is an address such as postgresql://owner:password@host:5432/database.');
}

/** What to do with a fault of the database at `url`: thrown on, with a sentence where the system gives only a code. */
export function databaseFault(url: string): (error: unknown) => never {
  return (error) => {
    const { host } = new URL(url);
    const code = error instanceof AggregateError ? errorCode(error.errors[0]) : errorCode(error);
    if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ECONNRESET'].includes(code))
      throw new Error(`The database at ${host} does not answer (${code}).`, { cause: error });
    throw error;
  };
}
