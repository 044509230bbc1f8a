/** Small servers on this machine, as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Whoever asked, for as long as they wait for the answer. */
export interface Asker {
  /** Waits so long, or for ever; true when they went away before. */
  wait(ms: number | null): Promise<boolean>;
}

/** Answers JSON by method and path; null answers nothing, and a fault is a 500. Prints its URL, and ends with whoever started it. */
export async function serve(
  routes: Readonly<Record<string, (body: string, asker: Asker) => Promise<object | null>>>,
): Promise<void> {
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    const handle = routes[`${req.method} ${req.url}`];
    const say = (status: number, answer: object) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    if (!handle) return say(404, { error: { message: 'There is no such path.' } });
    const answer = await handle(body, askerOf(res)).catch((error: Error) => error);
    if (answer instanceof Error) say(500, { error: { message: answer.message } });
    else if (answer) say(200, answer);
  });
  server.keepAliveTimeout = 60_000;
  process.stdin.on('close', () => process.exit()).resume();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
}

function askerOf(res: ServerResponse): Asker {
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        if (res.destroyed) return resolve(true);
        const timer = ms === null ? undefined : setTimeout(resolve, ms, false);
        res.once('close', () => {
          clearTimeout(timer);
          resolve(!res.writableEnded);
        });
      }),
  };
}

export interface Loopback {
  readonly url: string;
  ask(path: string): Promise<unknown>;
  stop(): void;
}

/** Starts one of the programs of this folder, and waits for its URL. */
export async function startLoopback(program: string, ...args: readonly string[]): Promise<Loopback> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error(`${program} could not be started.`);
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const url = line.trim();
  return {
    url,
    ask: async (path) => (await fetch(`${url}${path}`)).json(),
    stop: () => void child.kill(),
  };
}
