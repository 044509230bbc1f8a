import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { corePorts } from '../handlers/grpc/core-ports.ts';
import { startGateway } from '../handlers/grpc/gateway.ts';
import { answerHealth, answerReadiness, type Health } from '../handlers/health.ts';
import { createSlackApp, type DepsAt, SLACK_PATH } from '../handlers/slack/app.ts';
import { createInstaller, INSTALL_PATH, REDIRECT_PATH } from '../handlers/slack/install.ts';
import { connectSocket } from '../handlers/slack/socket.ts';
import { createPagerDutyHook, PAGERDUTY_PATH } from '../handlers/webhooks/pagerduty.ts';
import { classifyRunbook } from '../workers/classify.ts';
import { matchIncident } from '../workers/match.ts';
import { parseRunbook } from '../workers/parse.ts';
import { refineRunbook } from '../workers/refine.ts';
import { renderSubject } from '../workers/render.ts';
import { advanceStep } from '../workers/step.ts';
import * as store from './audit/store.ts';
import type { SubjectRef } from './audit/subject.ts';
import type { Config } from './platform/config.ts';
import type { Logger } from './platform/logger.ts';
import { openModel } from './platform/model.ts';
import { openRefine } from './platform/model-refine.ts';
import { type QueueName, queueFor, startWorkers } from './platform/queues.ts';
import { every } from './platform/timer.ts';
import { trackWork, type UnderWay } from './platform/under-way.ts';
import { type TenantId, tenantId } from './protocol/ids.ts';
import { extract } from './runbook/extract.ts';
import { classify } from './safety/index.ts';
import type { System } from './system.ts';

export interface Address {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 500;
/** Every so many sweeps hint anew, should a dead worker hold the hint before; the others only what has none. */
const SWEEP_ANEW = 2;
const FAILED_WAIT_MS = 5_000;
const FORGET_MS = 60_000;
type Defer = (ref: SubjectRef, until: number) => Promise<void>;

/** Which workspaces there are, and how Slack reaches us. */
export interface SlackOptions {
  /** Signs every request that comes over HTTP; without it none is taken. */
  readonly signingSecret?: string;
  /** The token of one workspace, which is then installed without OAuth. */
  readonly botToken?: string;
  /** Receives over Socket Mode. */
  readonly appToken?: string;
  /** Lets any workspace install the app. */
  readonly oauth?: { readonly clientId: string; readonly clientSecret: string };
  /** Requests of any other app are refused. */
  readonly appId?: string;
}

/** What the settings say of Slack. */
export function slackOptions(config: Config): SlackOptions {
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = config;
  return {
    ...(config.SLACK_SIGNING_SECRET ? { signingSecret: config.SLACK_SIGNING_SECRET } : {}),
    ...(config.SLACK_BOT_TOKEN ? { botToken: config.SLACK_BOT_TOKEN } : {}),
    ...(config.SLACK_APP_TOKEN ? { appToken: config.SLACK_APP_TOKEN } : {}),
    ...(config.SLACK_APP_ID ? { appId: config.SLACK_APP_ID } : {}),
    ...(clientId && clientSecret ? { oauth: { clientId, clientSecret } } : {}),
  };
}

/** How long an end waits for requests that are being answered, and for what goes on after their answer (ms). */
const DRAIN_MS = 10_000;

export interface ServerOptions {
  /** Where requests of Slack, of pagers and of health checks arrive. */
  readonly http: Address;
  /** Where the world reaches that; its own address when left out. */
  readonly publicUrl?: string;
  readonly slack: SlackOptions;
  readonly gateway: Address & { readonly tls: { readonly certPem: string; readonly keyPem: string } };
}

export interface Running {
  /** `host:port` where it answers over HTTP, or empty. */
  readonly address: string;
  /** Stops taking work, lets what is under way end, and lets go of what it opened. */
  close(): Promise<void>;
}

export interface Server extends Running {
  /** The workspace that the bot token of the settings belongs to; null when workspaces install themselves. */
  readonly tenant: TenantId | null;
  /** Where Slack has to send its requests. */
  readonly slackUrl: string;
  readonly gatewayPort: number;
}

/** Starts what is called from outside: Slack's requests, pagers' webhooks, agents. Any number may run at once. */
export async function startServer(system: System, options: ServerOptions): Promise<Server> {
  const { log, agents, changes } = system;
  const { clock, logger } = system.options;
  const underWay = trackWork();
  const health = healthOf(system);
  let routes = healthRoutes(health);
  // Listening first, because only then is our own address known; until all is wired, only health is answered.
  const http = createServer((req, res) => route(routes, req, res, logger));
  const port = await listen(http, options.http);
  const address = `${options.http.host}:${port}`;
  const undo: (() => Promise<void> | void)[] = [() => closeHttp(http)];
  const close = async () => {
    health.stage = 'ending';
    // What cannot be let go of may not keep the rest open.
    for (const step of undo.splice(0))
      await Promise.resolve()
        .then(step)
        .catch((err: unknown) => logger.error({ err }, 'a part of the server did not end well'));
  };
  try {
    const publicUrl = options.publicUrl ?? `http://${address}`;
    const slack = await openSlack(system, options.slack, publicUrl, underWay);
    undo.push(slack.close, async () => {
      if (!(await underWay.settled(DRAIN_MS)))
        logger.warn('some requests were still being handled; what they had committed holds');
    });
    const gateway = await startGateway({
      ...options.gateway,
      ports: corePorts({
        log,
        agents,
        dispatchKey: system.options.dispatchKey,
        approveKey: system.options.approveKey,
        bundle: system.options.bundle,
        clock,
        logger,
        onChange: (listener) => changes.hear((news) => listener(news.tenant)),
      }),
      logger,
    });
    const stopHearing = changes.hear((news) => {
      if (news.kind === 'paused') gateway.broadcastPause(news.tenant, news.panicEpoch);
    });
    undo.push(stopHearing, () => gateway.close());
    const pagerDuty = createPagerDutyHook({ log, logger, clock });
    routes = {
      ...routes,
      ...slack.routes,
      [`${PAGERDUTY_PATH}*`]: (req, res, rest) => underWay.add(pagerDuty(req, res, tenantId(rest))),
    };
    const { tenant } = slack;
    health.stage = 'serving';
    // The order of docs/ARCHITECTURE.md: nothing new comes in, what is under way ends, then the ground goes.
    return { address, tenant, slackUrl: `http://${address}${SLACK_PATH}`, gatewayPort: gateway.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface SlackSide {
  readonly tenant: TenantId | null;
  readonly routes: Routes;
  readonly close: () => Promise<void>;
}

/** Everything that Slack calls: over HTTP for any workspace, or over a socket for one, and the pages to install. */
async function openSlack(
  system: System,
  options: SlackOptions,
  publicUrl: string,
  underWay: UnderWay,
): Promise<SlackSide> {
  const { workspaces } = system;
  const { clock, random, logger, slackApiUrl } = system.options;
  const shared = {
    ...(options.appId ? { appId: options.appId } : {}),
    ...(slackApiUrl ? { apiUrl: slackApiUrl } : {}),
    logger,
  };
  const at = depsAt(system, publicUrl);
  const listeners = { ...shared, workspaces, track: (work: Promise<void>) => underWay.add(work) };
  const tenant = options.botToken ? await workspaces.adopt(options.botToken, options.appId) : null;
  const socket = options.appToken
    ? await connectSocket(at, { ...listeners, appToken: options.appToken, ...(tenant ? { tenant } : {}) })
    : null;
  const { signingSecret, oauth } = options;
  const app = signingSecret ? createSlackApp(at, { ...listeners, clock, signingSecret }) : null;
  const pages =
    oauth && createInstaller({ workspaces, clock, random, logger }, { ...shared, ...oauth, publicUrl });
  return {
    tenant,
    routes: {
      ...(app ? { [SLACK_PATH]: (req, res) => app.handle(req, res) } : {}),
      ...(pages
        ? {
            [INSTALL_PATH]: (req, res) => underWay.add(pages.begin(req, res)),
            [REDIRECT_PATH]: (req, res) => underWay.add(pages.finish(req, res)),
          }
        : {}),
    } satisfies Routes,
    close: async () => socket?.close(),
  };
}

/** What the handlers of a request need: everything of its own tenant, and nothing of any other. */
function depsAt({ core, workspaces, requests, shown }: System, publicUrl: string): DepsAt {
  return async (tenant) => {
    const slack = await workspaces.slack(tenant);
    return (
      slack && {
        ...core,
        tenant,
        slack,
        directory: slack,
        publicUrl,
        seenBefore: (mark) => requests.seenBefore(tenant, mark),
        findMessage: (channel, ts) => shown.find(tenant, channel, ts),
      }
    );
  };
}

/** Starts what goes on by itself: the queues' processors, and the sweep that makes every predicate a hint again. */
export async function startWorker(system: System, options: { readonly http?: Address }): Promise<Running> {
  const { core, database, hints, requests, log, shown } = system;
  const { clock, logger, model } = system.options;
  const refine = model ? openRefine(openModel(model, logger), clock) : null;
  const render = {
    ...core,
    shown,
    slackOf: (tenant: TenantId) => system.workspaces.slack(tenant),
    hint: (ref: SubjectRef) => hints.add('render', ref),
  };
  const judge = (ref: SubjectRef) => classifyRunbook({ log, classify, refine: refine !== null }, ref);
  // What fails is looked at again after a while, not each second: many subjects that always fail may hold back no other.
  const later =
    (defer: Defer, work: (ref: SubjectRef) => Promise<void>) =>
    (ref: SubjectRef): Promise<void> =>
      work(ref).catch(async (error: unknown) => {
        await defer(ref, clock.now() + FAILED_WAIT_MS);
        throw error;
      });
  const workers = startWorkers(
    system.options.queues,
    {
      parse: later(core.defer, async (ref) => {
        await parseRunbook({ log, extract }, ref);
        await judge(ref);
      }),
      classify: later(core.defer, judge),
      refine: later(core.defer, async (ref) => {
        await refineRunbook({ log, refine, defer: core.defer }, ref);
        await judge(ref);
      }),
      step: later(core.defer, (ref) => advanceStep(core, ref)),
      match: later(core.defer, (ref) => matchIncident({ log, logger }, ref)),
      render: later(core.deferShow, (ref) => renderSubject(render, ref)),
    },
    logger,
  );
  // Hints get lost; predicates do not. Whatever is due, or not shown yet, becomes a hint again within a second. All
  // workers sweep. A hint folds into the one of the commit while that waits, so workers that are behind get no more to do.
  const sweep = every(SWEEP_MS, logger, async () => {
    const second = Math.floor(clock.now() / SWEEP_MS);
    for (const row of await store.findDue(database.pool, clock.now(), SWEEP_LIMIT)) {
      const mark = second % SWEEP_ANEW === 0 ? `${row.version}-${second}` : row.version;
      const queue: QueueName | null = row.due ? queueFor(row.kind, row.status) : null;
      if (queue) hints.add(queue, row, mark);
      if (row.unshown) hints.add('render', row, mark);
    }
  });
  const forget = every(FORGET_MS, logger, requests.forget);
  const health = healthOf(system);
  const http = options.http && createServer((req, res) => route(healthRoutes(health), req, res, logger));
  const port = http && options.http ? await listen(http, options.http) : 0;
  health.stage = 'serving';
  return {
    address: options.http ? `${options.http.host}:${port}` : '',
    async close() {
      health.stage = 'ending';
      await Promise.all([sweep.stop(), forget.stop()]);
      await workers.close();
      if (http) await closeHttp(http);
    },
  };
}

/** Not ready before everything is wired, and not any more once the process was told to end. */
function healthOf({ database, hints, options }: System): Health {
  const { pool } = database;
  const { keyTrouble } = options;
  return {
    stage: 'starting',
    needs: {
      database: async () => {
        try {
          return (await pool.query('SELECT 1')).rowCount === 1;
        } catch (err) {
          const connections = { all: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
          options.logger.warn({ err, connections }, 'the database does not answer');
          return false;
        }
      },
    },
    wants: { queue: async () => hints.reachable() },
    dues: keyTrouble ? { keys: () => keyTrouble() !== null } : {},
  };
}

type Handler = (req: IncomingMessage, res: ServerResponse, rest: string) => unknown;
/** By path; one that ends in `*` takes everything below it. */
type Routes = Readonly<Record<string, Handler>>;

const healthRoutes = (health: Health): Routes => ({
  '/healthz': (_req, res) => answerHealth(res),
  '/readyz': (_req, res) => answerReadiness(health, res),
});

function route(routes: Routes, req: IncomingMessage, res: ServerResponse, logger: Logger): void {
  const path = (req.url ?? '/').split('?')[0] ?? '/';
  const name = Object.hasOwn(routes, path)
    ? path
    : Object.keys(routes).find((one) => one.endsWith('*') && path.startsWith(one.slice(0, -1)));
  const handler = name === undefined ? undefined : routes[name];
  if (name === undefined || !handler) return void res.writeHead(404).end();
  // Also what a handler throws before its first await: out of here it would end the process.
  const handled = (async () => handler(req, res, path.slice(name.length - 1)))();
  handled.catch((err: unknown) => {
    logger.error({ err, path: name }, 'a request could not be answered');
    if (!res.headersSent) res.writeHead(500);
    res.end();
  });
}

function listen(server: HttpServer, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Takes no new connection, lets requests that came be answered, and cuts what is still open after `DRAIN_MS`. */
function closeHttp(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    const hard = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(hard);
      resolve();
    });
    server.closeIdleConnections();
  });
}
