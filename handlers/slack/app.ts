import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, HTTPReceiver, LogLevel, type Receiver } from '@slack/bolt';
import type { Clock } from '../../src/platform/clock.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { webOptions } from '../../src/platform/slack-client.ts';
import type { Workspaces } from '../../src/platform/workspaces.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import { registerButtons } from './buttons.ts';
import { registerCommands } from './commands.ts';
import type { SlackDeps } from './deps.ts';
import { admit, authorizer, MAX_SKEW_SECONDS, refuseReplays, signatureOf } from './guard.ts';
import { registerLifecycle } from './lifecycle.ts';
import { registerModals } from './modals.ts';
import { registerReactions } from './reactions.ts';
import { registerShortcuts } from './shortcuts.ts';

export const SLACK_PATH = '/slack/events';

/** What the handlers need for one tenant, or null when it has not installed us. */
export type DepsAt = (tenant: TenantId) => Promise<SlackDeps | null>;

export interface SlackApp {
  /** Answers one HTTP request of Slack's; verifies it over its raw bytes. */
  handle(req: IncomingMessage, res: ServerResponse): void;
}

export interface ListenerOptions {
  readonly workspaces: Pick<Workspaces, 'find' | 'remove' | 'accepts'>;
  /** Our app's id. When given, requests of any other are refused. */
  readonly appId?: string;
  /** Another Web API than Slack's, for tests. */
  readonly apiUrl?: string;
  readonly logger: Logger;
  /** Told of the work of each request, also of what goes on after its acknowledgement. */
  readonly track?: (work: Promise<void>) => Promise<void>;
}

export interface SlackAppOptions extends ListenerOptions {
  readonly signingSecret: string;
  readonly clock: Clock;
}

/**
 * Everything that the bot answers to over HTTP, behind Slack's signature and our own refusal of replays. What a person
 * waits for is answered at once. An event is answered when it was handled: Slack sends it again when that broke, so a
 * stop sign is not lost while the database is away.
 */
export function createSlackApp(at: DepsAt, options: SlackAppOptions): SlackApp {
  const { clock, logger, signingSecret } = options;
  const receiverOf = (processBeforeResponse: boolean) =>
    new HTTPReceiver({
      signingSecret,
      endpoints: SLACK_PATH,
      logger: boltLogger(logger),
      customPropertiesExtractor: signatureOf,
      processBeforeResponse,
    });
  const [people, events] = [receiverOf(false), receiverOf(true)];
  createBolt(people, at, options);
  createBolt(events, at, options).error((err) => Promise.reject(logged(logger, err)));
  return {
    handle(req, res) {
      // Bolt throws at a request that it has no route for.
      if (req.method !== 'POST') {
        res.writeHead(405, { allow: 'POST' }).end();
        return;
      }
      // Bolt takes requests from the future; we take none that is more than five minutes off either way.
      const sent = Number(req.headers['x-slack-request-timestamp']);
      if (Math.abs(clock.now() / 1000 - sent) > MAX_SKEW_SECONDS) {
        res.writeHead(401).end();
        return;
      }
      const receiver = req.headers['content-type']?.startsWith('application/json') ? events : people;
      receiver.requestListener(req, res);
    },
  };
}

/**
 * The listeners behind any receiver. One Bolt app serves all workspaces: each request carries the deps of its own
 * tenant, and its client options hold nothing of any of them.
 */
export function createBolt(receiver: Receiver, at: DepsAt, options: ListenerOptions): App {
  const { workspaces, logger, apiUrl, track = (work) => work } = options;
  const app = new App({
    receiver,
    logger: boltLogger(logger),
    authorize: authorizer(workspaces),
    clientOptions: webOptions(apiUrl),
    convoStore: false, // kept by channel, and two workspaces share channels
    attachFunctionToken: false, // we act with the installation's token only
  });
  app.use(({ next }) => track(next()));
  app.use(admit({ at, logger, ...(options.appId ? { appId: options.appId } : {}) }));
  app.use(refuseReplays());
  registerCommands(app);
  registerShortcuts(app);
  registerButtons(app);
  registerModals(app);
  registerReactions(app);
  registerLifecycle(app, workspaces);
  app.error(async (err) => void logged(logger, err));
  return app;
}

function logged(logger: Logger, err: Error): Error {
  logger.error({ err }, 'a request from Slack failed');
  return err;
}

/** Bolt's logger speaks through ours. Its debug lines hold payloads, so they are left out. */
export function boltLogger(logger: Logger) {
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
