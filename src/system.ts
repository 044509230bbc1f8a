import { type Change, type Log, openLog } from './audit/log.ts';
import type { KeyService } from './audit/seal.ts';
import * as store from './audit/store.ts';
import type { SubjectRef } from './audit/subject.ts';
import { type Agents, openAgents } from './platform/agent-registry.ts';
import { type Changes, openChanges } from './platform/changes.ts';
import type { Clock, Random } from './platform/clock.ts';
import { connectDatabase, type Database } from './platform/database.ts';
import { nonce, shortId } from './platform/ids.ts';
import type { Logger } from './platform/logger.ts';
import type { ModelOptions } from './platform/model.ts';
import { type Hints, isGoingOn, isSeen, openHints, type QueueBackend, queueFor } from './platform/queues.ts';
import { alone, openShownMessages } from './platform/shown-messages.ts';
import { openSlackRequests } from './platform/slack-requests.ts';
import { openWorkspaces, type Workspaces } from './platform/workspaces.ts';
import type { TenantId } from './protocol/ids.ts';
import { type Bundle, type EncodedSigned, encodeSigned, type Signer } from './protocol/index.ts';
import { LIVE_STATUSES, runKind } from './run/kind.ts';
import { classify, loadSafety, plannedInvocations } from './safety/index.ts';
import type { TrustLevel } from './tenant/tenant.ts';

export interface SystemOptions {
  /** URL of the application's role; the database is up to date. */
  readonly databaseUrl: string;
  readonly queues: QueueBackend;
  readonly keys: KeyService;
  readonly dispatchKey: Signer;
  readonly approveKey: Signer;
  /** Base64url of the public root key, which agents pin; it signs bundles and nothing else. */
  readonly rootKey: string;
  /** The newest trust bundle. */
  readonly bundle: () => Bundle;
  /** What a person has to do about the keys, in a sentence, or null. */
  readonly keyTrouble?: () => string | null;
  /** Another Slack Web API than Slack's own, for tests. */
  readonly slackApiUrl?: string;
  /** The language model that texts are sent to; left out, none is. */
  readonly model?: ModelOptions;
  readonly trust: TrustLevel;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a new agent is given, besides where to call. */
export interface Introduction {
  readonly token: string;
  readonly tenant_id: string;
  readonly root_key: string;
  readonly bundle: EncodedSigned;
}

/** What every process of ours stands on, whether it serves, works or both. */
export interface System {
  readonly options: SystemOptions;
  /** Names this process among all of them. */
  readonly name: string;
  readonly database: Database;
  readonly log: Log;
  readonly hints: Hints;
  readonly changes: Changes;
  readonly agents: Agents;
  readonly shown: ReturnType<typeof openShownMessages>;
  readonly requests: ReturnType<typeof openSlackRequests>;
  readonly workspaces: Workspaces;
  /** What the core is told of its surroundings, the same for every tenant. */
  readonly core: ReturnType<typeof coreOf>;
  /** A one-time token for an agent of the tenant, and whom it will have to trust. */
  invite(tenant: TenantId): Promise<Introduction>;
  /** Whether an agent of the tenant is connected now. */
  agentOnline(tenant: TenantId): Promise<boolean>;
  close(): Promise<void>;
}

/** Connects to the database and the queues, and opens everything that servers and workers share. */
export async function openSystem(options: SystemOptions): Promise<System> {
  const { clock, random, logger } = options;
  await loadSafety();
  const name = shortId(random);
  const database = connectDatabase(options.databaseUrl, logger);
  const hints = openHints(options.queues, random, logger);
  const changes = openChanges(options.databaseUrl, database.pool, name, logger);
  const log: Log = openLog({
    store: store.postgresStore(database.pool),
    keys: options.keys,
    clock,
    random,
    committed: (change) => spread(change, { log, hints, changes, logger }),
  });
  const agents = openAgents({ database, log, clock, random });
  const workspaces = openWorkspaces({
    database,
    log,
    keys: options.keys,
    approveKey: options.approveKey,
    clock,
    random,
    logger,
    ...(options.slackApiUrl ? { apiUrl: options.slackApiUrl } : {}),
  });
  return {
    options,
    name,
    database,
    log,
    hints,
    changes,
    agents,
    shown: openShownMessages(database),
    requests: openSlackRequests(database, clock),
    workspaces,
    core: coreOf(options, { log, agents, changes, database }),
    invite: async (tenant) => ({
      token: await agents.invite(tenant),
      tenant_id: tenant,
      root_key: options.rootKey,
      bundle: encodeSigned(options.bundle().signed),
    }),
    agentOnline: async (tenant) => (await agents.agentsOf(tenant)).some(({ online }) => online),
    async close() {
      await Promise.all([hints.close(), changes.close()]);
      await database.close();
    },
  };
}

type Spread = Pick<System, 'log' | 'hints' | 'changes'> & { readonly logger: Logger };

/** What follows a commit: somebody looks at the subject, and agents hear of what concerns them. All of it is a hint. */
function spread({ ref, kind, status, version }: Change, { log, hints, changes, logger }: Spread): void {
  const queue = queueFor(kind, status);
  if (queue && !isGoingOn(kind, status)) hints.add(queue, ref, version);
  if (isSeen(kind, status)) hints.add('render', ref, version);
  if (kind === 'tenant' || (kind === 'run' && status === 'under-way'))
    changes.tell({ kind: 'changed', tenant: ref.tenant });
  // A pause, or its end, changes how every live run stands and shows.
  if (kind === 'tenant') {
    log
      .list(runKind, ref.tenant, LIVE_STATUSES)
      .then((runs) => {
        for (const run of runs) {
          hints.add('step', run.ref);
          hints.add('render', run.ref);
        }
      })
      .catch((err: unknown) => logger.warn({ err }, 'live runs were not told of a pause; the sweep will'));
  }
}

type Parts = Pick<System, 'log' | 'agents' | 'changes' | 'database'>;

function coreOf(options: SystemOptions, { log, agents, changes, database }: Parts) {
  const { random } = options;
  const { pool } = database;
  return {
    log,
    registry: agents,
    scanner: { classify, plannedInvocations },
    dispatchKey: options.dispatchKey,
    approveKey: options.approveKey,
    bundle: options.bundle,
    trust: options.trust,
    clock: options.clock,
    logger: options.logger,
    newId: () => shortId(random),
    nonce: () => nonce(random),
    onPause: (tenant: TenantId, panicEpoch: number) => changes.tell({ kind: 'paused', tenant, panicEpoch }),
    defer: (ref: SubjectRef, until: number) => store.deferDue(pool, ref, until),
    markShown: (ref: SubjectRef, version: number) => store.markShown(pool, ref, version),
    deferShow: (ref: SubjectRef, until: number) => store.deferShow(pool, ref, until),
    alone: (ref: SubjectRef, work: () => Promise<void>) => alone(pool, ref, work),
  };
}
