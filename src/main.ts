import { createServer, type Server as HttpServer } from 'node:http';
import { WebClient } from '@slack/web-api';
import { corePorts } from '../handlers/grpc/core-ports.ts';
import { startGateway } from '../handlers/grpc/gateway.ts';
import { createSlackApp, SLACK_PATH } from '../handlers/slack/app.ts';
import { classifyRunbook } from '../workers/classify.ts';
import { parseRunbook } from '../workers/parse.ts';
import { renderSubject } from '../workers/render.ts';
import { advanceStep } from '../workers/step.ts';
import { type Change, type Log, openLog, openTenant } from './audit/log.ts';
import type { KeyService } from './audit/seal.ts';
import * as store from './audit/store.ts';
import type { SubjectRef } from './audit/subject.ts';
import { openAgents } from './platform/agent-registry.ts';
import type { Clock, Random } from './platform/clock.ts';
import { connectDatabase } from './platform/database.ts';
import { nonce, shortId } from './platform/ids.ts';
import type { Logger } from './platform/logger.ts';
import { openHints, queueFor, startWorkers } from './platform/queues.ts';
import { alone, openShownMessages } from './platform/shown-messages.ts';
import { createSlackClient } from './platform/slack-client.ts';
import { openSlackRequests } from './platform/slack-requests.ts';
import { every } from './platform/timer.ts';
import { type TenantId, tenantId } from './protocol/ids.ts';
import type { Signer, TrustBundle } from './protocol/index.ts';
import { LIVE_STATUSES, runKind } from './run/kind.ts';
import { extract } from './runbook/extract.ts';
import { classify, loadSafety, plannedInvocations, RULESET_VERSION } from './safety/index.ts';
import type { TrustLevel } from './tenant/tenant.ts';

/** A key that can sign, with the public half that agents are told. */
export type RoleKey = Signer & { readonly publicKey: string };

export interface ServerOptions {
  /** URL of the application's role; the database is up to date. */
  readonly databaseUrl: string;
  readonly keys: KeyService;
  readonly dispatchKey: RoleKey;
  readonly approveKey: RoleKey;
  readonly slack: { readonly botToken: string; readonly signingSecret: string; readonly apiUrl?: string };
  /** Where Slack's requests arrive; port 0 takes any. */
  readonly http: { readonly host: string; readonly port: number };
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    readonly tls: { readonly certPem: string; readonly keyPem: string };
  };
  readonly trust: TrustLevel;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Server {
  readonly tenant: TenantId;
  readonly log: Log;
  /** Where Slack has to send its requests. */
  readonly slackUrl: string;
  readonly gatewayPort: number;
  /** A one-time token for an agent, and the keys it will have to trust. */
  invite(): Promise<{ token: string; trust: TrustBundle }>;
  /** Whether an agent is connected now. */
  agentOnline(): Promise<boolean>;
  /** Stops taking work, lets what is under way end, and lets go of everything. */
  close(): Promise<void>;
}

const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 500;
const FORGET_MS = 60_000;

/** Composes and starts server and workers: the only place where the parts know of each other. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { clock, random, logger, slack: slackOptions, trust } = options;
  await loadSafety();
  const { team, botUserId } = await identify(slackOptions);
  const database = connectDatabase(options.databaseUrl, logger);
  const hints = openHints(options.databaseUrl, random, logger);
  const listeners = new Set<(tenant: TenantId) => void>();

  const committed = ({ ref, kind, status, version }: Change): void => {
    const queue = queueFor(kind, status);
    if (queue) hints.add(queue, ref, version);
    hints.add('render', ref, version);
    for (const listener of listeners) listener(ref.tenant);
    if (kind === 'tenant') nudgeRuns(ref.tenant);
  };
  const log = openLog({ pool: database.pool, keys: options.keys, clock, random, committed });
  /** A pause, or its end, changes how every live run stands and shows. */
  const nudgeRuns = (tenant: TenantId): void => {
    const nudge = async () => {
      for (const { ref } of await log.list(runKind, tenant, LIVE_STATUSES)) {
        hints.add('step', ref);
        hints.add('render', ref);
      }
    };
    nudge().catch((err: unknown) =>
      logger.warn({ err }, 'live runs were not told of a pause; the sweep will'),
    );
  };
  await openTenant(log, team);

  const agents = openAgents({ prisma: database.prisma, log, clock, random });
  const shown = openShownMessages(database.prisma);
  const requests = openSlackRequests(database.prisma, clock);
  const slack = createSlackClient({
    token: slackOptions.botToken,
    team,
    ...(slackOptions.apiUrl ? { apiUrl: slackOptions.apiUrl } : {}),
  });
  const onChange = (listener: (tenant: TenantId) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const gateway = await startGateway({
    ...options.gateway,
    ports: corePorts({ log, agents, clock, logger, onChange }),
    logger,
  });

  const core = {
    log,
    tenant: team,
    slack,
    directory: slack,
    registry: agents,
    scanner: { classify, plannedInvocations },
    dispatchKey: options.dispatchKey,
    approveKey: options.approveKey,
    rulesetVersion: RULESET_VERSION,
    trust,
    clock,
    logger,
    newId: () => shortId(random),
    nonce: () => nonce(random),
    onPause: gateway.broadcastPause,
    seenBefore: requests.seenBefore,
    findMessage: (channel: string, ts: string) => shown.find(team, channel, ts),
    defer: (ref: SubjectRef, until: number) => store.deferDue(database.pool, ref, until),
  };
  const render = {
    ...core,
    shown,
    markShown: (ref: SubjectRef, version: number) => store.markShown(database.pool, ref, version),
    deferShow: (ref: SubjectRef, until: number) => store.deferShow(database.pool, ref, until),
    alone: (ref: SubjectRef, work: () => Promise<void>) => alone(database.pool, ref, work),
    hint: (ref: SubjectRef) => hints.add('render', ref),
  };
  const workers = startWorkers(
    options.databaseUrl,
    {
      parse: (ref) => parseRunbook({ log, extract }, ref),
      classify: (ref) => classifyRunbook({ log, classify }, ref),
      step: (ref) => advanceStep(core, ref),
      render: (ref) => renderSubject(render, ref),
    },
    logger,
  );

  const app = createSlackApp(core, { ...slackOptions, botUserId });
  const http = createServer((req, res) => {
    if (req.url === SLACK_PATH) return app.handle(req, res);
    if (req.url === '/healthz') return void res.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    res.writeHead(404).end();
  });
  const port = await listen(http, options.http);

  // Hints get lost; predicates do not. Whatever is due, or not shown yet, becomes a hint again within a second.
  const sweep = every(SWEEP_MS, logger, async () => {
    for (const row of await store.findDue(database.pool, clock.now(), SWEEP_LIMIT)) {
      const queue = row.due ? queueFor(row.kind, row.status) : null;
      if (queue) hints.add(queue, row);
      if (row.unshown) hints.add('render', row);
    }
  });
  const forget = every(FORGET_MS, logger, requests.forget);

  return {
    tenant: team,
    log,
    slackUrl: `http://${options.http.host}:${port}${SLACK_PATH}`,
    gatewayPort: gateway.port,
    async invite() {
      const key = ({ keyId, publicKey }: RoleKey) => ({ key_id: keyId, public_key: publicKey });
      const bundle = {
        tenant_id: team,
        dispatch: [key(options.dispatchKey)],
        approve: [key(options.approveKey)],
      };
      return { token: await agents.invite(team), trust: bundle };
    },
    agentOnline: async () => (await agents.agentsOf(team)).some(({ online }) => online),
    // The order of docs/ARCHITECTURE.md: nothing new comes in, what is under way ends, then the ground goes.
    async close() {
      await closeHttp(http);
      await Promise.all([sweep.stop(), forget.stop()]);
      await workers.close();
      await gateway.close();
      await hints.close();
      await database.close();
    },
  };
}

/** Whose bot this is: asked once, because everything is kept under the workspace's id. */
async function identify({
  botToken,
  apiUrl,
}: ServerOptions['slack']): Promise<{ team: TenantId; botUserId: string }> {
  const web = new WebClient(botToken, {
    ...(apiUrl ? { slackApiUrl: apiUrl } : {}),
    timeout: 10_000,
    retryConfig: { retries: 2 },
  });
  const { team_id, user_id } = await web.auth.test();
  if (!team_id || !user_id) throw new Error('Slack did not say which workspace the bot token belongs to.');
  return { team: tenantId(team_id), botUserId: user_id };
}

function listen(server: HttpServer, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function closeHttp(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
