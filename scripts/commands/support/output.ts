/** Writing results: as fast as the reader takes them, and no fault when the reader leaves. */
import { once } from 'node:events';
import { errorCode } from '../../../dev/account.ts';

/** Ends the process in good order when nobody reads its output any more (`| head`), and says so when it cannot be written. */
export function watchOutput(): void {
  process.stdout.on('error', (error) => {
    if (errorCode(error) === 'EPIPE') process.exit(0);
    process.stderr.write(`The output could not be written (${errorCode(error)}).\n`, () => process.exit(1));
  });
  process.stderr.on('error', (error) => {
    if (errorCode(error) !== 'EPIPE') process.exit(1);
  });
}

/** Writes to standard output and waits until there is room for more. */
export async function print(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** One line for a person, beside the results. */
export function note(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
