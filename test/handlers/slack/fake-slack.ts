/** Slack's Web API on loopback, as far as a test says what it answers. It keeps who asked for what, by which token. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** The bearer token; empty when there was none. */
  readonly token: string;
  readonly fields: Readonly<Record<string, string>>;
}

type Answer = object | ((asked: Asked) => object | Promise<object>);

/** Answers `{ ok: true }` and what `answers` has for the method. `close` it. */
export async function startFakeSlack(answers: Record<string, Answer> = {}) {
  const asked: Asked[] = [];
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    const method = (req.url ?? '').replace('/api/', '');
    const token = (req.headers.authorization ?? '').replace('Bearer ', '');
    const one = { method, token, fields: Object.fromEntries(new URLSearchParams(text)) };
    asked.push(one);
    const answer = answers[method] ?? {};
    const body = typeof answer === 'function' ? await answer(one) : answer;
    const scopes = fake.scopes ? { 'x-oauth-scopes': fake.scopes } : {};
    res.writeHead(200, { 'content-type': 'application/json', ...scopes });
    res.end(JSON.stringify({ ok: true, ...body }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake = {
    asked,
    answers,
    /** What Slack says the token may do, in a header; empty leaves it out. */
    scopes: '',
    apiUrl: `http://127.0.0.1:${port}/api/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

export type FakeSlack = Awaited<ReturnType<typeof startFakeSlack>>;
