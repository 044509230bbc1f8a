import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallbackOptions,
  type Installation as Grant,
  InstallProvider,
  LogLevel,
  ErrorCode as OAuthError,
  type OrgInstallation,
} from '@slack/oauth';
import { ErrorCode as WebApiError } from '@slack/web-api';
import type { Clock, Random } from '../../src/platform/clock.ts';
import { shortId } from '../../src/platform/ids.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { BOT_SCOPES, identify, webOptions } from '../../src/platform/slack-client.ts';
import { asRefused } from '../../src/platform/slack-errors.ts';
import type { Installation, Workspaces } from '../../src/platform/workspaces.ts';
import { tenantId, userId } from '../../src/protocol/ids.ts';
import { type InstallEnd, sendInstallPage } from './install-page.ts';
import { installStates, STATE_MS } from './install-state.ts';

export { INSTALL_PATH } from './install-page.ts';
/** Where Slack sends the browser back to. */
export const REDIRECT_PATH = '/slack/oauth_redirect';

/** The settings of OAuth: without them nobody can install the app in a workspace of their own. */
export interface OAuthOptions {
  /** SLACK_CLIENT_ID and SLACK_CLIENT_SECRET. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where browsers reach this server (PUBLIC_URL). */
  readonly publicUrl: string;
  /** SLACK_APP_ID. When given, only that app is let in. */
  readonly appId?: string;
  /** Another Slack than Slack, for tests. */
  readonly apiUrl?: string;
}

export interface InstallerDeps {
  readonly workspaces: Pick<Workspaces, 'put'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Installer {
  /** `GET /slack/install`: sends the browser to Slack's consent page. */
  begin(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** `GET /slack/oauth_redirect`: the browser comes back with Slack's answer. */
  finish(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** An installation that is not accepted, although Slack made it. */
class Unwanted extends Error {
  readonly code = 'unwanted';
  readonly end: InstallEnd;
  constructor(end: InstallEnd) {
    super(`The installation was not accepted: ${end.kind}.`);
    this.end = end;
  }
}

/** The two pages of OAuth v2: exchange and redirect are @slack/oauth's, who is let in is decided here. */
export function createInstaller(deps: InstallerDeps, options: OAuthOptions): Installer {
  const { clock, random, logger } = deps;
  const states = installStates(options.clientSecret, clock, random);
  const publicUrl = options.publicUrl.replace(/\/+$/, '');
  const secure = publicUrl.startsWith('https://');
  const cookie = secure ? '__Host-dd0c-install' : 'dd0c-install';
  const setCookie = (value: string, seconds: number) =>
    `${cookie}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  const asked = { scopes: [...BOT_SCOPES], redirectUri: `${publicUrl}${REDIRECT_PATH}` };

  const provider = new InstallProvider({
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    authorizationUrl: new URL('/oauth/v2/authorize', options.apiUrl ?? 'https://slack.com/api/').href,
    stateCookieName: cookie,
    stateStore: {
      generateStateParam: async () => states.make(),
      verifyStateParam: async (_now, state) => {
        const check = states.check(state);
        if (check !== 'good') throw new Unwanted({ kind: check === 'expired' ? 'expired' : 'foreign' });
        return asked;
      },
    },
    installationStore: {
      storeInstallation: async (grant) => deps.workspaces.put(await accept(grant, options)),
      fetchInstallation: () =>
        Promise.reject(new Error('Installations are read from the store of workspaces.')),
    },
    clientOptions: webOptions(options.apiUrl),
    logger: SILENT,
  });

  const callback: CallbackOptions = {
    success: ({ team, appId }, _asked, _req, res) => {
      logger.info({ tenant: team?.id }, 'a workspace installed the app');
      res.setHeader('set-cookie', setCookie('', 0));
      const [id, name] = [team?.id ?? '', team?.name ?? 'your workspace'];
      sendInstallPage(res, { kind: 'connected', team: name, teamId: id, appId: appId ?? '' });
    },
    failure: (err, _asked, _req, res) => {
      const end = endOf(err, () => shortId(random));
      if (end.kind === 'cancelled') logger.info('a person cancelled an installation');
      else logger.warn({ err, ...end }, 'an installation failed');
      res.setHeader('set-cookie', setCookie('', 0));
      sendInstallPage(res, end);
    },
  };

  return {
    async begin(req, res) {
      if (!onlyGet(req, res)) return;
      const state = states.make();
      const location = await provider.generateInstallUrl(asked, true, state);
      const headers = {
        location,
        'set-cookie': setCookie(state, STATE_MS / 1000),
        'cache-control': 'no-store',
      };
      res.writeHead(302, headers).end();
    },
    async finish(req, res) {
      if (onlyGet(req, res)) await provider.handleCallback(req, res, callback);
    },
  };
}

function onlyGet({ method }: IncomingMessage, res: ServerResponse): boolean {
  if (method !== 'GET') res.writeHead(405, { allow: 'GET' }).end();
  return method === 'GET';
}

/** Whom the token is for, once everything agrees. Throws `Unwanted` otherwise: nothing is kept then. */
async function accept(
  { team, appId, bot, user, isEnterpriseInstall }: Grant | OrgInstallation,
  options: OAuthOptions,
): Promise<Omit<Installation, 'installedAt'>> {
  if (isEnterpriseInstall) throw new Unwanted({ kind: 'enterprise' });
  if (options.appId && appId !== options.appId) throw new Unwanted({ kind: 'other-app' });
  if (!team?.id || !bot) throw new Unwanted({ kind: 'no-team' });
  if (bot.refreshToken !== undefined || bot.expiresAt !== undefined) throw new Unwanted({ kind: 'rotation' });
  if (!BOT_SCOPES.every((scope) => bot.scopes.includes(scope))) throw new Unwanted({ kind: 'scopes' });
  const said = await identify(bot.token, options.apiUrl);
  if (said.enterprise) throw new Unwanted({ kind: 'enterprise' });
  if (said.tenant !== team.id || said.botUserId !== bot.userId) throw new Unwanted({ kind: 'disagreed' });
  return {
    tenant: tenantId(team.id),
    appId: appId ?? '',
    botUserId: bot.userId,
    token: bot.token,
    scopes: bot.scopes,
    installedBy: userId(user.id),
  };
}

/** What Slack answers to a code that is not good any more (docs.slack.dev/reference/methods/oauth.v2.access). */
const SPENT = ['invalid_code', 'code_already_used', 'code_expired'];

function endOf(error: Error & { readonly code?: string }, reference: () => string): InstallEnd {
  if (error instanceof Unwanted) return error.end;
  const refused = asRefused(error);
  if (refused?.kind === 'later') return { kind: 'slack-away' };
  if (refused) return { kind: SPENT.includes(refused.reason) ? 'used' : 'settings' };
  switch (error.code) {
    case OAuthError.AuthorizationError:
      return { kind: 'cancelled' };
    case OAuthError.InvalidStateError:
    case OAuthError.MissingStateError:
    case OAuthError.MissingCodeError:
      return { kind: 'foreign' };
    case WebApiError.RequestError:
    case WebApiError.HTTPError:
      return { kind: 'slack-away' };
    default:
      return { kind: 'fault', reference: reference() };
  }
}

const nothing = () => undefined;
/** What the library would log, `failure` logs: once, and at the level it deserves. */
const SILENT = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
  getLevel: () => LogLevel.ERROR,
};
