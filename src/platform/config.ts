import { join, resolve } from 'node:path';
import { z } from 'zod';
import { TRUST_LEVELS } from '../tenant/tenant.ts';

/** A setting that is missing or malformed. The message names every fault at once. */
export class ConfigError extends Error {
  readonly code = 'config';
  override readonly name = 'ConfigError';
}

const port = z.coerce.number().int().min(0).max(65535);

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL that begins with ${protocols.join('// or ')}//`,
  });

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const isHere = (text: string | undefined): boolean =>
  text !== undefined && URL.canParse(text) && LOOPBACK.includes(new URL(text).hostname);

/**
 * Every setting of the server, with its unit in its name. `.env.example` holds the same names (a test compares them).
 * Anything left out runs on this machine alone: embedded Postgres, the Slack simulator, one agent.
 */
export const configSchema = z.strictObject({
  /** Where Slack's requests arrive. */
  PORT: port
    .default(3000)
    .describe('Port for Slack, webhooks and health checks (a worker answers health checks only).'),
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Behind a tunnel or proxy the default is right.'),
  PUBLIC_URL: url('https:', 'http:')
    .optional()
    .describe(
      'Where the world reaches HOST and PORT, such as https://run.example.com. Needed to install by OAuth.',
    ),
  SIMULATOR_PORT: port
    .default(3001)
    .describe('Port of the local Slack page, when no Slack workspace is connected.'),
  GATEWAY_PORT: port.default(3002).describe('Port that agents connect to (gRPC over TLS).'),
  GATEWAY_HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on for agents.'),
  GATEWAY_NAME: z
    .string()
    .min(1)
    .optional()
    .describe('Name by which agents reach the gateway, when it is not GATEWAY_HOST.'),
  DATA_DIR: z
    .string()
    .min(1)
    .default('data')
    .describe('Folder for the database, keys and agent of this machine.'),
  KEYS_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the keys, the same for every server and worker. Left out: DATA_DIR/keys.'),
  DATABASE_URL: url('postgres:', 'postgresql:')
    .optional()
    .describe('Postgres for dd0c server and dd0c worker, as the role dd0c_app. npm start brings its own.'),
  REDIS_URL: url('redis:', 'rediss:')
    .optional()
    .describe('Redis that carries the queues. Left out, Postgres carries them.'),
  SLACK_BOT_TOKEN: z
    .string()
    .startsWith('xoxb-')
    .optional()
    .describe('Bot token of your Slack app, for one workspace. Leave out to use the local simulator.'),
  SLACK_SIGNING_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('Signing secret of your Slack app. Needed for everything that Slack sends over HTTP.'),
  SLACK_APP_TOKEN: z
    .string()
    .startsWith('xapp-')
    .optional()
    .describe('App token, to receive over Socket Mode instead of HTTP. With SLACK_BOT_TOKEN only.'),
  SLACK_CLIENT_ID: z
    .string()
    .min(1)
    .optional()
    .describe('Client id of your Slack app, to let many workspaces install it at /slack/install.'),
  SLACK_CLIENT_SECRET: z
    .string()
    .min(1)
    .optional()
    .describe('Client secret of your Slack app. Needed with SLACK_CLIENT_ID.'),
  SLACK_APP_ID: z
    .string()
    .startsWith('A')
    .optional()
    .describe('Id of your Slack app. When set, requests of any other app are refused.'),
  SLACK_API_URL: url('https:', 'http:')
    .refine((text) => LOOPBACK.includes(new URL(text).hostname) || new URL(text).hostname === 'slack.com', {
      error: 'must be https://slack.com/api/ or an address of this machine',
    })
    .optional()
    .describe('Another Slack Web API, on this machine, for tests.'),
  OPENAI_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Key of a language model. With it every text that becomes a runbook is sent to OPENAI_BASE_URL. Left out, structure alone counts.',
    ),
  OPENAI_BASE_URL: url('https:', 'http:')
    .refine((text) => isHere(text) || new URL(text).protocol === 'https:', {
      error: 'must begin with https:// unless it is an address of this machine',
    })
    .optional()
    .describe(
      'A compatible endpoint instead of https://api.openai.com/v1. One on this machine needs no key: naming it is enough.',
    ),
  OPENAI_MODEL: z
    .string()
    .min(1)
    .default('gpt-4.1-mini')
    .describe(
      'The model to ask. It has to know structured outputs, and answers within 3.5 seconds or not at all.',
    ),
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

export type Config = Readonly<z.infer<typeof configSchema>>;

type Given = Readonly<Record<string, string | undefined>>;

/** What belongs together, and what excludes each other. */
const RULES: readonly { readonly broken: (given: Given) => boolean; readonly sentence: string }[] = [
  {
    broken: ({ SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, SLACK_APP_TOKEN }) =>
      Boolean(SLACK_BOT_TOKEN) && !SLACK_SIGNING_SECRET && !SLACK_APP_TOKEN,
    sentence:
      'SLACK_BOT_TOKEN needs SLACK_SIGNING_SECRET (requests over HTTP) or SLACK_APP_TOKEN (Socket Mode).',
  },
  {
    broken: ({ SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, SLACK_CLIENT_ID }) =>
      Boolean(SLACK_SIGNING_SECRET) && !SLACK_BOT_TOKEN && !SLACK_CLIENT_ID,
    sentence:
      'SLACK_SIGNING_SECRET is of no use without SLACK_BOT_TOKEN (one workspace) or SLACK_CLIENT_ID (many).',
  },
  {
    broken: ({ SLACK_APP_TOKEN, SLACK_BOT_TOKEN }) => Boolean(SLACK_APP_TOKEN) && !SLACK_BOT_TOKEN,
    sentence:
      'SLACK_APP_TOKEN needs SLACK_BOT_TOKEN: Socket Mode serves the one workspace that the token is of.',
  },
  {
    broken: ({ SLACK_CLIENT_ID, SLACK_CLIENT_SECRET }) =>
      Boolean(SLACK_CLIENT_ID) !== Boolean(SLACK_CLIENT_SECRET),
    sentence:
      'SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: set both to let workspaces install, or neither.',
  },
  {
    broken: ({ SLACK_CLIENT_ID, SLACK_SIGNING_SECRET, PUBLIC_URL }) =>
      Boolean(SLACK_CLIENT_ID) && !(SLACK_SIGNING_SECRET && PUBLIC_URL),
    sentence:
      'SLACK_CLIENT_ID needs SLACK_SIGNING_SECRET and PUBLIC_URL, or nobody could install and nothing would arrive.',
  },
  {
    broken: ({ SLACK_CLIENT_ID, SLACK_APP_TOKEN }) => Boolean(SLACK_CLIENT_ID) && Boolean(SLACK_APP_TOKEN),
    sentence:
      'SLACK_CLIENT_ID and SLACK_APP_TOKEN exclude each other: Socket Mode serves one workspace, and its requests carry no signature.',
  },
  {
    broken: ({ OPENAI_API_KEY, OPENAI_BASE_URL }) =>
      Boolean(OPENAI_BASE_URL) && !OPENAI_API_KEY && !isHere(OPENAI_BASE_URL),
    sentence: 'OPENAI_BASE_URL needs OPENAI_API_KEY, unless it is an address of this machine.',
  },
];

/** Reads the settings from an environment; names that are not ours are ignored, empty ones count as left out. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const known = Object.keys(configSchema.shape);
  const given: Given = Object.fromEntries(known.map((name) => [name, env[name] || undefined]));
  const result = configSchema.safeParse(given);
  const faults = result.success ? [] : [z.prettifyError(result.error)];
  faults.push(...RULES.filter(({ broken }) => broken(given)).map(({ sentence }) => `✖ ${sentence}`));
  if (!result.success || faults.length > 0) {
    throw new ConfigError(
      `Some settings are wrong. Mend them in .env or the environment:\n${faults.join('\n')}`,
    );
  }
  return Object.freeze(result.data);
}

/** Where the model is asked when OPENAI_BASE_URL names nothing else. */
const OPENAI_URL = 'https://api.openai.com/v1';

/** The model that texts are sent to; none is, and no text leaves, unless a key or an endpoint on this machine is set. */
export function modelOf({ OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: name }: Config): {
  model?: { apiKey: string; baseUrl: string; name: string };
} {
  if (!key && !isHere(baseUrl)) return {};
  return { model: { apiKey: key ?? 'none', baseUrl: baseUrl ?? OPENAI_URL, name } };
}

/** Where texts go, in a sentence for whoever starts a process; empty when they stay. */
export function modelNotice(config: Config): string {
  const { model } = modelOf(config);
  return model
    ? `Every text that becomes a runbook is also sent to the model ${model.name} at ${new URL(model.baseUrl).host}.`
    : '';
}

/** Where the keys are. */
export const keyFolderOf = ({ KEYS_DIR, DATA_DIR }: Config): string =>
  resolve(KEYS_DIR ?? join(DATA_DIR, 'keys'));

/** The settings of this process. The only place that reads `process.env`. */
export function loadConfig(): Config {
  return readConfig(process.env);
}
