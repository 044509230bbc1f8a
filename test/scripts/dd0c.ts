import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as people start it. */
export const PROGRAM = fileURLToPath(new URL('../../bin/dd0c', import.meta.url));

/** How a run of the program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `./bin/dd0c` with these words, `input` on its standard input (none: empty). */
export function dd0c(
  args: readonly string[],
  {
    input = '',
    cwd,
    env = {},
    program = PROGRAM,
  }: { input?: string | Buffer; cwd?: string; env?: Record<string, string>; program?: string } = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(cwd ? { cwd } : {}),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that ends before it has read everything closes the pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) =>
      done({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    );
  });
}

/** The lines of a text, without the empty one after the last line end. */
export const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');
