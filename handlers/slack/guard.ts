import type { IncomingMessage } from 'node:http';
import type { AnyMiddlewareArgs, Authorize, AuthorizeResult, Middleware } from '@slack/bolt';
import { z } from 'zod';
import type { Logger } from '../../src/platform/logger.ts';
import type { Workspaces } from '../../src/platform/workspaces.ts';
import { type TenantId, tenantId } from '../../src/protocol/ids.ts';
import { attachDeps, depsOf, type SlackDeps } from './deps.ts';

/** How far a request's timestamp may be from our clock, either way (Slack's own recommendation: five minutes). */
export const MAX_SKEW_SECONDS = 300;

/** What marks a request among all: the context's key of it. */
const MARK = 'requestMark';
const FAULT = 'lookupFault';

/** Takes the verified signature of a request along to the listeners. */
export function signatureOf(req: IncomingMessage): Record<string, unknown> {
  return { [MARK]: req.headers['x-slack-signature'] };
}

/** A socket's deliveries carry no signature; each envelope has an id of its own. */
export function envelopeOf({ envelope_id }: { envelope_id?: unknown }): Record<string, unknown> {
  return typeof envelope_id === 'string' && envelope_id ? { [MARK]: `envelope ${envelope_id}` } : {};
}

/** A modal opened by somebody of another workspace names the one that installed us here (Slack Connect). */
const viewOfAnother = z.object({ view: z.object({ app_installed_team_id: z.string().min(1) }) });

/**
 * Whose installation a request is of, for Bolt: its bot's token and user. Never throws, because Bolt would acknowledge
 * what nobody handled; a look-up that broke is thrown by `admit`, so that Slack is left waiting and the person sees it.
 */
export function authorizer(workspaces: Pick<Workspaces, 'find'>): Authorize<boolean> {
  return async ({ teamId }, body): Promise<AuthorizeResult> => {
    const shared = viewOfAnother.safeParse(body);
    const team = shared.success ? shared.data.view.app_installed_team_id : teamId;
    if (!team) return {};
    try {
      const found = await workspaces.find(tenantId(team));
      return { teamId: team, ...(found ? { botToken: found.token, botUserId: found.botUserId } : {}) };
    } catch (error) {
      return { teamId: team, [FAULT]: error };
    }
  };
}

export interface Admission {
  /** What the handlers need for this tenant, or null when it has not installed us. */
  readonly at: (tenant: TenantId) => Promise<SlackDeps | null>;
  /** Our app's id. When given, requests of any other are refused. */
  readonly appId?: string;
  readonly logger: Logger;
}

/** Gives a request the deps of its own tenant, or does nothing for it but say so in the log. */
export function admit({ at, appId, logger }: Admission): Middleware<AnyMiddlewareArgs> {
  return async (args) => {
    const { context, body } = args;
    if (context[FAULT]) throw context[FAULT];
    const app = 'api_app_id' in body ? body.api_app_id : undefined;
    const team = context.teamId;
    if (appId && app !== undefined && app !== appId) {
      logger.warn({ team, app }, 'a request of another app was not handled');
      return acknowledge(args);
    }
    if (context.isEnterpriseInstall) {
      logger.warn({ team }, 'a request of an organisation-wide installation was not handled');
      return acknowledge(
        args,
        'This app was installed for a whole Enterprise organisation, which this version does not support. Nothing was done. Ask an admin to install it in this workspace instead.',
      );
    }
    const deps = team ? await at(tenantId(team)) : null;
    if (!deps) {
      logger.warn({ team }, 'a request of a workspace that has not installed the app was not handled');
      return acknowledge(
        args,
        'This app is not connected to this workspace (any more). Nothing was done. Ask an admin to install it again.',
      );
    }
    attachDeps(context, deps);
    await args.next();
  };
}

/** Lets a request through once. The same one again is acknowledged and does nothing. */
export function refuseReplays(): Middleware<AnyMiddlewareArgs> {
  return async (args) => {
    const mark = args.context[MARK];
    const deps = depsOf(args.context);
    if (typeof mark === 'string' && !(await deps.seenBefore(mark))) {
      await args.next();
      return;
    }
    deps.logger.warn('a request from Slack came twice and was not handled again');
    await acknowledge(args);
  };
}

/** Answers a request that is not handled. Only a command has a place for words that need no token. */
async function acknowledge(args: AnyMiddlewareArgs, sentence?: string): Promise<void> {
  if (sentence && 'command' in args) await args.ack({ response_type: 'ephemeral', text: sentence });
  else if ('ack' in args && typeof args.ack === 'function') await args.ack();
}
