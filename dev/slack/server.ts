import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZodError } from 'zod';
import { bundlePage, PAGE_HEADERS, PAGE_HTML } from './bundle.ts';
import { Control } from './control.ts';
import { AppLink, type Timing } from './deliver.ts';
import { pageState, perform, streamRevisions } from './desk.ts';
import type { Fault } from './faults.ts';
import { answerHook } from './hooks.ts';
import { isLocal, RequestError, readArguments, readBody, sendJson } from './http.ts';
import { type Json, parseJson } from './json.ts';
import { type Manifest, ownManifest } from './manifest.ts';
import { BOT_TOKEN } from './people.ts';
import { type Sources, Workspace } from './state.ts';
import { type ApiAnswer, callMethod } from './webapi.ts';

export { BOT_TOKEN, BOT_USER_ID, TEAM_ID } from './people.ts';

/** How to start the simulator. `now` is in ms since 1970; `timing` shortens Slack’s waits for tests. */
export interface SimulatorOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly signingSecret: string;
  /** The app's request URL, `http://127.0.0.1:3000/slack/events`; may come later through `connect`. */
  readonly appUrl?: string | null;
  /** The caller's NODE_ENV. The simulator refuses `production`. */
  readonly environment: string;
  readonly manifest?: Manifest;
  /** A runbook the page offers to paste. */
  readonly exampleText?: string;
  /** Bundles the page before the promise resolves, so that the first look is quick. Tests without a browser leave it out. */
  readonly bundleAtStart?: boolean;
  readonly now?: Sources['now'];
  readonly random?: Sources['random'];
  readonly timing?: Partial<Timing>;
  readonly logger?: { warn(fields: object, message: string): void };
}

/** A running simulator. */
export interface Simulator extends Pick<Control, keyof Control> {
  readonly port: number;
  /** Where a person looks: `http://127.0.0.1:<port>/`. */
  readonly url: string;
  /** What the app's Slack client takes as `slackApiUrl`. */
  readonly apiUrl: string;
  /** The bot token the app uses. */
  readonly token: string;
  close(): Promise<void>;
}

interface Parts {
  readonly workspace: Workspace;
  readonly manifest: Manifest;
  readonly control: Control;
  readonly exampleText: string;
}

/**
 * Starts a Slack for one laptop on 127.0.0.1: Web API, signed deliveries to the app, control API and page. Rejects when
 * `environment` is `production` and when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (options.environment === 'production') {
    throw new Error(
      'The Slack simulator accepts anyone as anyone. It does not start with NODE_ENV=production.',
    );
  }
  const workspace = new Workspace({
    ...(options.now ? { now: options.now } : {}),
    ...(options.random ? { random: options.random } : {}),
  });
  const manifest = options.manifest ?? ownManifest();
  const link = new AppLink(workspace, options.signingSecret, options.appUrl ?? null, options.timing);
  let origin = '';
  const control = new Control({ workspace, manifest, link, origin: () => origin });
  const parts: Parts = { workspace, manifest, control, exampleText: options.exampleText ?? '' };
  const server = createServer((request, response) => {
    route(parts, request, response).catch((error: unknown) => {
      if (!(error instanceof RequestError || error instanceof ZodError)) {
        options.logger?.warn(
          { err: error, url: request.url },
          'the Slack simulator could not answer a request',
        );
      }
      const message = error instanceof Error ? error.message : 'unknown';
      if (!response.headersSent) sendJson(response, 400, { error: message });
    });
  });
  const port = await listen(server, options.port);
  if (options.bundleAtStart) await bundlePage();
  origin = `http://127.0.0.1:${port}`;
  return Object.assign(control, {
    port,
    url: `${origin}/`,
    apiUrl: `${origin}/api/`,
    token: BOT_TOKEN,
    close: () => stop(server, link),
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server, link: AppLink): Promise<void> {
  link.close();
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

async function route(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocal(request)) throw new RequestError('The simulator answers only to 127.0.0.1 and localhost.');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (pathname.startsWith('/api/')) return webApi(parts, pathname.slice('/api/'.length), request, response);
  if (pathname.startsWith('/hooks/') && request.method === 'POST') {
    const { status, body } = answerHook(parts.workspace, pathname, parseJson(await readBody(request)));
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
    return;
  }
  if (pathname === '/control/act' && request.method === 'POST') return act(parts, request, response);
  if (request.method !== 'GET') return sendJson(response, 405, { error: 'method not allowed' });
  switch (pathname) {
    case '/':
      return send(response, 'text/html; charset=utf-8', PAGE_HTML);
    case '/page.js':
      return send(response, 'text/javascript; charset=utf-8', (await bundlePage()).js);
    case '/page.css':
      return send(response, 'text/css; charset=utf-8', (await bundlePage()).css);
    case '/control/updates':
      return streamRevisions(parts.workspace, response);
    case '/control/state': {
      const { control, workspace, manifest, exampleText } = parts;
      return sendJson(
        response,
        200,
        pageState(control, workspace, manifest, exampleText, searchParams.get('as') ?? 'alice'),
      );
    }
    default:
      return sendJson(response, 404, { error: 'not found' });
  }
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': type }).end(body);
}

/** Only JSON is taken, which a foreign page cannot post here without being asked first. */
async function act({ control }: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['content-type'] !== 'application/json')
    throw new RequestError('Send application/json.');
  sendJson(response, 200, await perform(control, parseJson(await readBody(request))));
}

async function webApi(
  parts: Parts,
  method: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const args = readArguments(request.headers['content-type'], await readBody(request));
  if (args === null) return sendJson(response, 200, { ok: false, error: 'invalid_post_type' });
  const header = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const { token: inBody, ...rest } = args;
  const token = header ?? (typeof inBody === 'string' ? inBody : null);
  const fault = parts.control.faults.take(method);
  if (fault === null || 'reset' in fault) {
    const answer = callMethod(parts, method, token, rest);
    record(parts.workspace, method, rest, 200, answer);
    if (fault === null) sendJson(response, 200, answer, { 'x-slack-req-id': parts.workspace.secret(8) });
    else request.socket.resetAndDestroy();
    return;
  }
  broken(parts.workspace, method, rest, fault, response);
}

function broken(
  workspace: Workspace,
  method: string,
  args: Json,
  fault: Fault,
  response: ServerResponse,
): void {
  if ('error' in fault) {
    const answer = { ok: false, error: fault.error };
    record(workspace, method, args, 200, answer);
    sendJson(response, 200, answer);
  } else if ('status' in fault) {
    const answer = { ok: false, error: fault.status === 429 ? 'ratelimited' : 'internal_error' };
    record(workspace, method, args, fault.status, answer);
    const wait: Record<string, string> =
      fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    sendJson(response, fault.status, answer, wait);
  } else record(workspace, method, args, 0, { ok: false });
}

function record(workspace: Workspace, method: string, args: Json, status: number, response: ApiAnswer): void {
  workspace.calls.push({ method, args, status, response, at: workspace.now() });
  workspace.changed();
}
