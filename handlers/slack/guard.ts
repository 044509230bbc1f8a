import type { IncomingMessage } from 'node:http';
import type { AnyMiddlewareArgs, Middleware } from '@slack/bolt';
import type { SlackDeps } from './deps.ts';

/** How far a request's timestamp may be from our clock, either way (Slack's own recommendation: five minutes). */
export const MAX_SKEW_SECONDS = 300;

const SIGNATURE = 'slackSignature';

/** Takes the verified signature of a request along to the listeners. */
export function signatureOf(req: IncomingMessage): Record<string, unknown> {
  return { [SIGNATURE]: req.headers['x-slack-signature'] };
}

/** Lets a signed request through once. The same bytes again are acknowledged and do nothing. */
export function refuseReplays(deps: SlackDeps): Middleware<AnyMiddlewareArgs> {
  return async (args) => {
    const signature = args.context[SIGNATURE];
    if (typeof signature === 'string' && !(await deps.seenBefore(signature))) {
      await args.next();
      return;
    }
    deps.logger.warn('a signed request from Slack came twice and was not handled again');
    if ('ack' in args && typeof args.ack === 'function') await args.ack();
  };
}
