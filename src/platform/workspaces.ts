import { dataKeys, type Log, TENANT_STREAM, type Tx } from '../audit/log.ts';
import { type KeyService, seal, unseal } from '../audit/seal.ts';
import { postgresStore, showAgain } from '../audit/store.ts';
import { type TenantId, tenantId, type UserId, userId } from '../protocol/ids.ts';
import type { Signer } from '../protocol/keys.ts';
import { installTenant, tenantState } from '../tenant/service.ts';
import { tenantKind } from '../tenant/tenant.ts';
import type { Clock, Random } from './clock.ts';
import type { Database } from './database.ts';
import { nonce } from './ids.ts';
import type { Logger } from './logger.ts';
import { BOT_SCOPES, createSlackClient, identify, isAccepted, type SlackClient } from './slack-client.ts';
import { asRefused } from './slack-errors.ts';

/** A workspace that installed the app, and the token it gave us. */
export interface Installation {
  readonly tenant: TenantId;
  /** Empty when Slack did not say. */
  readonly appId: string;
  readonly botUserId: string;
  readonly token: string;
  readonly scopes: readonly string[];
  /** Null when nobody did it in Slack: the token came with our settings. */
  readonly installedBy: UserId | null;
  /** Milliseconds since 1970, by our clock. */
  readonly installedAt: number;
}

/** The workspaces that installed the app, for all processes. */
export interface Workspaces {
  /** Keeps an installation, its token sealed, and opens the tenant. Doing it again replaces the token. */
  put(granted: Omit<Installation, 'installedAt'>): Promise<void>;
  /** Installs the workspace of a token from our settings and says which it is. Throws `Error` with a sentence. */
  adopt(token: string, appId?: string): Promise<TenantId>;
  /**
   * Wipes the token and stops everything in the workspace, in one transaction: the panic epoch it stopped under, or
   * null when there was nothing to end. With `only`, a newer installation than that one stays.
   */
  remove(tenant: TenantId, only?: Installation): Promise<{ readonly panicEpoch: number } | null>;
  /** The installation as it stands now, or null. */
  find(tenant: TenantId): Promise<Installation | null>;
  /** Whether Slack still takes the installation's token. Throws when Slack cannot be asked. */
  accepts(installation: Installation): Promise<boolean>;
  /**
   * The workspace's own client, or null when it has none. Ask each time: the row is read again, so that a new token
   * is used at once and a wiped one never.
   */
  slack(tenant: TenantId): Promise<SlackClient | null>;
}

export interface WorkspacesDeps {
  readonly database: Database;
  readonly log: Log;
  readonly keys: KeyService;
  /** Signs the word that lets agents work again when a workspace comes back. */
  readonly approveKey: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Another Web API than Slack's, for tests. */
  readonly apiUrl?: string;
}

const refOf = (tenant: TenantId) => ({ tenant, stream: TENANT_STREAM });
const contextOf = (tenant: TenantId) => `slack-token|${tenant}`;

/** Opens the store of installations. Tokens are sealed with the data key of their tenant. */
export function openWorkspaces(deps: WorkspacesDeps): Workspaces {
  const { database, log, approveKey, clock, random, logger, apiUrl } = deps;
  const dataKey = dataKeys(postgresStore(database.pool), deps.keys, random);
  const clients = new Map<TenantId, { readonly token: string; readonly client: SlackClient }>();

  async function find(tenant: TenantId): Promise<Installation | null> {
    const row = await database.prisma.slackInstallation.findUnique({ where: { tenant } });
    if (!row?.token || row.removedAt) return null;
    const token = unseal(await dataKey(tenant), row.token, contextOf(tenant));
    return {
      tenant: tenantId(row.tenant),
      appId: row.appId,
      botUserId: row.botUserId,
      token: Buffer.from(token).toString(),
      scopes: row.scopes.split(',').filter(Boolean),
      installedBy: row.installedBy === null ? null : userId(row.installedBy),
      installedAt: row.installedAt.getTime(),
    };
  }

  async function put(granted: Omit<Installation, 'installedAt'>): Promise<void> {
    const { tenant, token, scopes, installedBy, appId, botUserId } = granted;
    await log.open(tenant);
    const row = {
      appId,
      botUserId,
      token: Buffer.from(seal(await dataKey(tenant), Buffer.from(token), contextOf(tenant), random.bytes)),
      scopes: scopes.join(','),
      installedBy,
      installedAt: new Date(clock.now()),
      removedAt: null,
    };
    await database.prisma.slackInstallation.upsert({
      where: { tenant },
      create: { tenant, ...row },
      update: row,
    });
    await reopen(tenant, installedBy, botUserId);
    await showAgain(database.pool, tenant);
  }

  /** Ends what a removal began. A token of our settings was installed by nobody we know, so it makes nobody admin. */
  async function reopen(tenant: TenantId, installedBy: UserId | null, botUserId: string): Promise<void> {
    if (installedBy === null && !(await tenantState(log, tenant)).removed) return;
    const who = { tenant, by: installedBy, bot: userId(botUserId) };
    const outcome = await installTenant({ log, approveKey, nonce: () => nonce(random) }, who);
    if (!outcome.ok) throw new Error(outcome.refusal.sentence);
  }

  return {
    find,
    put,
    async adopt(token, appId) {
      const identity = await identifyOrSay(token, apiUrl);
      if (appId && identity.appId && identity.appId !== appId)
        throw new Error(`SLACK_BOT_TOKEN is of the app ${identity.appId}, and SLACK_APP_ID says ${appId}.`);
      const missing = BOT_SCOPES.filter((scope) => !identity.scopes.includes(scope));
      if (identity.scopes.length > 0 && missing.length > 0)
        throw new Error(
          `SLACK_BOT_TOKEN lacks the scopes ${missing.join(', ')}. Give the app the scopes of manifest.yml and install it again.`,
        );
      const { tenant, botUserId, scopes } = identity;
      const found = await find(tenant);
      const app = identity.appId ?? appId ?? '';
      // Every process says this at every start; only what is new is written.
      if (found?.token === token && found.botUserId === botUserId) await reopen(tenant, null, botUserId);
      else await put({ tenant, botUserId, token, scopes, appId: app, installedBy: null });
      return tenant;
    },
    async remove(tenant, only) {
      const row = await database.prisma.slackInstallation.findUnique({ where: { tenant } });
      if (!row || row.removedAt) return null;
      const last = only ? new Date(only.installedAt) : row.installedAt;
      let ended = false;
      const outcome = await log.transact(tenantKind, refOf(tenant), async (_state, _facts, tx) => {
        ended = await writeRemoved(tx, tenant, last, new Date(clock.now()));
        // Opening what is open changes nothing, so an end that came too late records nothing.
        return ended ? { type: 'uninstall' } : { type: 'open' };
      });
      if (!outcome.ok) throw new Error(outcome.refusal.sentence);
      clients.delete(tenant);
      if (ended)
        logger.warn({ tenant }, 'a workspace was disconnected: its token is wiped, its runs stopped');
      return ended ? { panicEpoch: outcome.state.panicEpoch } : null;
    },
    accepts: ({ token }) => isAccepted(token, apiUrl),
    async slack(tenant) {
      const found = await find(tenant);
      if (!found) {
        clients.delete(tenant);
        return null;
      }
      const kept = clients.get(tenant);
      if (kept?.token === found.token) return kept.client;
      const client = createSlackClient({ token: found.token, team: tenant, ...(apiUrl ? { apiUrl } : {}) });
      clients.set(tenant, { token: found.token, client });
      return client;
    },
  };
}

async function identifyOrSay(token: string, apiUrl: string | undefined) {
  const identity = await identify(token, apiUrl).catch((cause: unknown) => {
    const refused = asRefused(cause);
    const why = refused?.kind === 'refused' ? `Slack answers “${refused.reason}”` : 'Slack cannot be asked';
    throw new Error(`SLACK_BOT_TOKEN could not be checked: ${why}. Nothing was started.`, { cause });
  });
  if (identity.enterprise)
    throw new Error(
      'SLACK_BOT_TOKEN is of a whole Enterprise organisation, which this version does not support. Install the app in one workspace.',
    );
  return identity;
}

/** False when there was nothing to wipe: it ended before, or a newer installation took its place. */
async function writeRemoved(tx: Tx, tenant: TenantId, installedBefore: Date, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE slack_installation SET token = NULL, removed_at = $3
     WHERE tenant = $1 AND removed_at IS NULL AND installed_at <= $2`,
    [tenant, installedBefore, at],
  );
  return rowCount === 1;
}
