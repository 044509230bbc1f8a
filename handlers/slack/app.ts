import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import type { Logger } from '../../src/platform/logger.ts';
import { registerButtons } from './buttons.ts';
import { registerCommands } from './commands.ts';
import type { SlackDeps } from './deps.ts';
import { MAX_SKEW_SECONDS, refuseReplays, signatureOf } from './guard.ts';
import { registerModals } from './modals.ts';
import { registerReactions } from './reactions.ts';
import { registerShortcuts } from './shortcuts.ts';

export const SLACK_PATH = '/slack/events';

export interface SlackApp {
  /** Answers one HTTP request of Slack's; verifies it over its raw bytes. */
  handle(req: IncomingMessage, res: ServerResponse): void;
}

export interface SlackAppOptions {
  readonly signingSecret: string;
  readonly botToken: string;
  readonly botUserId: string;
  readonly apiUrl?: string;
}

/** Everything that the bot answers to, behind Slack's signature and our own refusal of replays. */
export function createSlackApp(
  deps: SlackDeps,
  { signingSecret, botToken, botUserId, apiUrl }: SlackAppOptions,
): SlackApp {
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: SLACK_PATH,
    logger: boltLogger(deps.logger),
    customPropertiesExtractor: signatureOf,
  });
  const app = new App({
    receiver,
    logger: boltLogger(deps.logger),
    authorize: async ({ teamId }) => {
      // One workspace an installation: a request for any other has no business here, however well it is signed.
      if (teamId !== deps.tenant) throw new Error('This installation belongs to another workspace.');
      return { botToken, botUserId, teamId };
    },
    clientOptions: {
      ...(apiUrl ? { slackApiUrl: apiUrl } : {}),
      retryConfig: { retries: 0 },
      allowAbsoluteUrls: false,
    },
  });
  app.use(refuseReplays(deps));
  registerCommands(app, deps);
  registerShortcuts(app, deps);
  registerButtons(app, deps);
  registerModals(app, deps);
  registerReactions(app, deps);
  app.error(async (err) => deps.logger.error({ err }, 'a request from Slack failed'));
  return {
    handle(req, res) {
      // Bolt takes requests from the future; we take none that is more than five minutes off either way.
      const sent = Number(req.headers['x-slack-request-timestamp']);
      if (Math.abs(deps.clock.now() / 1000 - sent) > MAX_SKEW_SECONDS) {
        res.writeHead(401).end();
        return;
      }
      receiver.requestListener(req, res);
    },
  };
}

/** Bolt's logger speaks through ours. Its debug lines hold payloads, so they are left out. */
function boltLogger(logger: Logger) {
  const bolt = logger.child({ from: 'bolt' });
  return {
    debug: () => undefined,
    info: (...parts: unknown[]) => bolt.info(parts.join(' ')),
    warn: (...parts: unknown[]) => bolt.warn(parts.join(' ')),
    error: (...parts: unknown[]) => bolt.error(parts.join(' ')),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
