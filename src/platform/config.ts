import { z } from 'zod';
import { TRUST_LEVELS } from '../tenant/tenant.ts';

/** A setting that is missing or malformed. The message names every fault at once. */
export class ConfigError extends Error {
  readonly code = 'config';
  override readonly name = 'ConfigError';
}

const port = z.coerce.number().int().min(0).max(65535);

/**
 * Every setting of the server, with its unit in its name. `.env.example` holds the same names (a test compares them).
 * Anything left out runs on this laptop alone: embedded Postgres, the Slack simulator, one agent.
 */
export const configSchema = z.strictObject({
  /** Where Slack's requests arrive. */
  PORT: port.default(3000).describe('Port for Slack requests (POST /slack/events) and GET /healthz.'),
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Behind a tunnel or proxy the default is right.'),
  SIMULATOR_PORT: port
    .default(3001)
    .describe('Port of the local Slack page, when no Slack workspace is connected.'),
  GATEWAY_PORT: port.default(3002).describe('Port that agents connect to (gRPC over TLS).'),
  GATEWAY_HOST: z.string().min(1).default('127.0.0.1').describe('Address that agents connect to.'),
  DATA_DIR: z
    .string()
    .min(1)
    .default('data')
    .describe('Folder for the database, keys and agent of this machine.'),
  SLACK_BOT_TOKEN: z
    .string()
    .startsWith('xoxb-')
    .optional()
    .describe('Bot token of your Slack app. Leave out to use the local simulator.'),
  SLACK_SIGNING_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('Signing secret of your Slack app. Needed with SLACK_BOT_TOKEN.'),
  TRUST_LEVEL: z
    .enum(TRUST_LEVELS)
    .default('copilot')
    .describe(
      'observe: nothing runs. copilot: every step is approved. guided: safe steps run by themselves.',
    ),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn')
    .describe('What the server writes to its log.'),
});

const HALF_A_PAIR =
  '✖ SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET belong together: set both to connect Slack, or neither to use the simulator.';

export type Config = Readonly<z.infer<typeof configSchema>>;

/** Reads the settings from an environment; names that are not ours are ignored, empty ones count as left out. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const known = Object.keys(configSchema.shape);
  const given = Object.fromEntries(known.map((name) => [name, env[name] || undefined]));
  const result = configSchema.safeParse(given);
  const faults = result.success ? [] : [z.prettifyError(result.error)];
  if (Boolean(given.SLACK_BOT_TOKEN) !== Boolean(given.SLACK_SIGNING_SECRET)) faults.push(HALF_A_PAIR);
  if (!result.success || faults.length > 0) {
    throw new ConfigError(
      `Some settings are wrong. Mend them in .env or the environment:\n${faults.join('\n')}`,
    );
  }
  return Object.freeze(result.data);
}

/** The settings of this process. The only place that reads `process.env`. */
export function loadConfig(): Config {
  return readConfig(process.env);
}
