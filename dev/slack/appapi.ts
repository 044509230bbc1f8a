import type { Json } from './json.ts';
import { APP_ID } from './people.ts';
import type { Platform } from './platform.ts';

/** An answer of the Web API. Slack answers 200 whatever `ok` says. */
export type ApiAnswer = Json & { readonly ok: boolean };

/** An error in Slack's shape. */
export const fail = (error: string, more: Json = {}): ApiAnswer => ({ ok: false, error, ...more });

/** What a call proves of who makes it: a token, and the id and secret of HTTP Basic. */
export interface Credentials {
  readonly token: string | null;
  readonly basic: { readonly client_id: string; readonly client_secret: string } | null;
}

/** Gives the app in a workspace: docs.slack.dev/reference/methods/oauth.v2.access */
function oauthAccess(platform: Platform, { basic }: Credentials, args: Json): ApiAnswer {
  const { oauth } = platform;
  const { client_id: id, client_secret: secret } = basic ?? args;
  const wrong = oauth.credentialError(id, secret);
  if (wrong !== null) return fail(wrong);
  if (args.grant_type !== undefined && args.grant_type !== 'authorization_code')
    return fail('invalid_grant_type');
  const consent = oauth.exchange(args);
  if ('error' in consent) return fail(consent.error);
  const { workspace, scopes, user } = consent;
  const { token } = platform.install(workspace, scopes, user);
  return {
    ok: true,
    app_id: APP_ID,
    authed_user: { id: user },
    scope: scopes.join(','),
    token_type: 'bot',
    access_token: token,
    bot_user_id: workspace.team.botUserId,
    team: { id: workspace.team.id, name: workspace.team.name },
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** Gives the address of one socket: docs.slack.dev/reference/methods/apps.connections.open */
function connectionsOpen(platform: Platform, { token }: Credentials): ApiAnswer {
  if (token === null) return fail('not_authed');
  if (token !== platform.appToken) return fail('invalid_auth');
  return { ok: true, url: platform.origin.replace(/^http/, 'ws') + platform.app.sockets.ticket() };
}

/** Methods of the app itself, which need no token of a workspace. */
export const APP_METHODS: Readonly<
  Record<string, (platform: Platform, by: Credentials, args: Json) => ApiAnswer>
> = {
  'oauth.v2.access': oauthAccess,
  'apps.connections.open': connectionsOpen,
};
