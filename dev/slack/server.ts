import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ZodError } from 'zod';
import type { Stage } from './actor.ts';
import { Balancer } from './balancer.ts';
import { bundlePage, PAGE_HEADERS, PAGE_HTML } from './bundle.ts';
import { answerCall } from './calls.ts';
import { AUTHORIZE_PATH, showConsent, takeConsent } from './consent.ts';
import { Control } from './control.ts';
import { SLACK_TIMING, type Timing } from './deliver.ts';
import { pageState, perform, streamRevisions } from './desk.ts';
import { answerHook } from './hooks.ts';
import { isLocal, RequestError, readBody, sendJson } from './http.ts';
import { parseJson } from './json.ts';
import { type Manifest, ownManifest } from './manifest.ts';
import { OAuth } from './oauth.ts';
import { Platform } from './platform.ts';
import { Pulse } from './pulse.ts';
import { Simulator } from './simulator.ts';
import { Sockets } from './sockets.ts';
import { type Sources, Workspace } from './state.ts';
import { BOT_TOKEN, DD0C, TEAMS } from './teams.ts';

export { Simulator } from './simulator.ts';
export { ACME_TEAM_ID, BOT_TOKEN, BOT_USER_ID, TEAM_ID } from './teams.ts';

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

interface Parts {
  readonly platform: Platform;
  readonly pulse: Pulse;
  readonly simulator: Simulator;
  readonly exampleText: string;
}

const CLIENT_ID = '4242424242.1234567890';
const CLIENT_SECRET = 'simulator-client-secret';
const APP_TOKEN = 'xapp-1-A0DD0C0001-simulator';

/**
 * Starts a Slack for one laptop on 127.0.0.1: two workspaces with Web API, OAuth, signed deliveries and sockets to the app, control
 * API and page. Rejects when `environment` is `production` and when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (options.environment === 'production') {
    throw new Error(
      'The Slack simulator accepts anyone as anyone. It does not start with NODE_ENV=production.',
    );
  }
  const server = createServer();
  const parts = assemble(options, server);
  const { platform, simulator } = parts;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
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
  server.on('upgrade', (request, socket, head) => {
    if (isLocal(request)) platform.app.sockets.upgrade(request, socket, head);
    else socket.destroy();
  });
  await listen(server, options.port);
  platform.origin = `http://127.0.0.1:${simulator.port}`;
  if (options.bundleAtStart) await bundlePage();
  return simulator;
}

function assemble(options: SimulatorOptions, server: Server): Parts {
  const pulse = new Pulse();
  const now = options.now ?? Date.now;
  const sources = { now, ...(options.random ? { random: options.random } : {}) };
  const manifest = options.manifest ?? ownManifest();
  const balancer = new Balancer();
  balancer.connect(options.appUrl ?? []);
  const platform = new Platform({
    workspaces: TEAMS.map((team) => new Workspace(team, sources, pulse)),
    manifest,
    app: {
      balancer,
      sockets: new Sockets(now, () => pulse.changed()),
      signingSecret: options.signingSecret,
      timing: { ...SLACK_TIMING, ...options.timing },
    },
    oauth: new OAuth({ id: CLIENT_ID, secret: CLIENT_SECRET, scopes: manifest.scopes }, now),
    appToken: APP_TOKEN,
  });
  platform.install(first(platform), manifest.scopes, null, BOT_TOKEN);
  const stageOf = (workspace: Workspace): Stage => ({
    workspace,
    manifest,
    link: platform.link(workspace),
    origin: () => platform.origin,
  });
  const others = platform.workspaces.filter((one) => one !== first(platform));
  const controls = new Map(others.map((one) => [one.team.key, new Control(stageOf(one), pulse)]));
  const simulator = new Simulator(server, platform, pulse, stageOf(first(platform)), controls);
  return { platform, pulse, simulator, exampleText: options.exampleText ?? '' };
}

const FIRST = DD0C.key;
/** The workspace where the app is installed from the start; where calls without a token are noted. */
const first = (platform: Platform): Workspace => platform.workspace(FIRST);

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

async function route(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocal(request)) throw new RequestError('The simulator answers only to 127.0.0.1 and localhost.');
  const { platform, simulator } = parts;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (pathname.startsWith('/api/')) {
    const ownerOf = (token: string | null) => {
      const workspace = platform.grants.find(token)?.workspace ?? first(platform);
      return { workspace, faults: simulator.team(workspace.team.key).faults };
    };
    return answerCall(platform, ownerOf, pathname.slice('/api/'.length), request, response);
  }
  if (request.method === 'POST') return take(parts, pathname, request, response);
  if (request.method !== 'GET') return sendJson(response, 405, { error: 'method not allowed' });
  switch (pathname) {
    case '/':
      return send(response, 'text/html; charset=utf-8', PAGE_HTML);
    case '/page.js':
      return send(response, 'text/javascript; charset=utf-8', (await bundlePage()).js);
    case '/page.css':
      return send(response, 'text/css; charset=utf-8', (await bundlePage()).css);
    case AUTHORIZE_PATH:
      return showConsent(platform, searchParams, response);
    case '/control/updates':
      return streamRevisions(parts.pulse, response);
    case '/control/state':
      return sendJson(response, 200, look(parts, searchParams));
    default:
      return sendJson(response, 404, { error: 'not found' });
  }
}

/** What is posted by the app, by the consent page and by the page. */
async function take(
  { platform, simulator }: Parts,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (pathname.startsWith('/hooks/')) {
    const workspace = platform.workspaces.find(({ hooks }) => hooks.has(pathname)) ?? first(platform);
    const { status, body } = answerHook(workspace, pathname, parseJson(await readBody(request)));
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
    return;
  }
  if (pathname === AUTHORIZE_PATH) return takeConsent(platform, request, response);
  if (pathname !== '/control/act') return sendJson(response, 405, { error: 'method not allowed' });
  // Only JSON is taken, which a foreign page cannot post here without being asked first.
  if (request.headers['content-type'] !== 'application/json')
    throw new RequestError('Send application/json.');
  const controlOf = (team = FIRST) => simulator.team(team);
  sendJson(response, 200, await perform(controlOf, parseJson(await readBody(request))));
}

function look({ platform, pulse, simulator, exampleText }: Parts, query: URLSearchParams) {
  const workspace = platform.workspace(query.get('team') ?? FIRST);
  const control = simulator.team(workspace.team.key);
  const who = query.get('as') ?? '';
  return pageState({ platform, control, workspace, revision: pulse.revision, exampleText, who });
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': type }).end(body);
}
