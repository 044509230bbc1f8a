import { SocketModeReceiver } from '@slack/bolt';
import { webOptions } from '../../src/platform/slack-client.ts';
import { asRefused } from '../../src/platform/slack-errors.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import { boltLogger, createBolt, type DepsAt, type ListenerOptions } from './app.ts';
import { envelopeOf } from './guard.ts';

export interface SocketOptions extends ListenerOptions {
  /** The app-level token (`xapp-`). */
  readonly appToken: string;
  /** The workspace of the settings: when given, no other is served, whoever else once installed the app. */
  readonly tenant?: TenantId;
  /** How long to wait before the first and at most before any try to connect again (ms). */
  readonly waits?: { readonly firstMs: number; readonly mostMs: number };
}

export interface SocketLink {
  /** Takes nothing more over the socket, and closes it. */
  close(): Promise<void>;
}

const WAITS = { firstMs: 500, mostMs: 30_000 };

/**
 * Receives over Socket Mode what `createSlackApp` receives over HTTP, for the one workspace of the settings: whoever
 * has the app token is sent everything, and nothing is signed. Resolves once connected; throws a sentence when Slack
 * does not let us. A connection that ends later is made again until `close`.
 */
export async function connectSocket(at: DepsAt, options: SocketOptions): Promise<SocketLink> {
  const { appToken, apiUrl, logger, tenant, waits = WAITS } = options;
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(logger),
    installerOptions: { clientOptions: webOptions(apiUrl) },
    customPropertiesExtractor: envelopeOf,
    autoReconnectEnabled: false, // its own way back throws where nobody catches
  });
  createBolt(receiver, async (one) => (tenant === undefined || one === tenant ? at(one) : null), options);
  const { client } = receiver;
  let open = true;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;

  const again = (): void => {
    if (!open) return;
    clearTimeout(timer);
    timer = setTimeout(connect, Math.min(waits.firstMs * 2 ** failures, waits.mostMs));
  };
  const connect = (): void => {
    receiver.start().then(
      () => {
        failures = 0;
        if (!open) void client.disconnect();
      },
      (err: unknown) => {
        failures += 1;
        logger.warn({ err, failures }, 'Slack’s socket could not be opened; trying again');
        again();
      },
    );
  };

  try {
    await receiver.start();
  } catch (cause) {
    const refused = asRefused(cause);
    const why = refused?.kind === 'refused' ? `Slack answers “${refused.reason}”` : 'Slack cannot be reached';
    throw new Error(
      `Socket Mode could not be started: ${why}. Look at SLACK_APP_TOKEN. Nothing was started.`,
      {
        cause,
      },
    );
  }
  client.on('disconnected', again);
  return {
    async close() {
      open = false;
      clearTimeout(timer);
      await client.disconnect();
    },
  };
}
