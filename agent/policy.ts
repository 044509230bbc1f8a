import { parse } from 'yaml';
import { z } from 'zod';
import { canonicalBytes, sha256Hex } from '../src/protocol/index.ts';
import { RISKS } from '../src/safety/verdict.ts';

const absolute = z.string().regex(/^\//, 'must be an absolute path');
const name = z.string().regex(/^[\x21-\x7e]{1,128}$/);
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
/** An agent names them all when it connects; one is built in. */
const MAX_PROFILES = 64;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const profileSchema = z.strictObject({
  path: z.string().min(1).default(DEFAULT_PATH),
  home: absolute.optional(),
  env_file: absolute.optional(),
});

/** The host's own rules. The file belongs to the customer; the server can neither send nor change it. */
const policySchema = z.strictObject({
  mode: z.enum(['enforce', 'read_only', 'paused']).default('enforce'),
  max_risk: z.enum(RISKS).default('danger'),
  auto_safe: z.boolean().default(true),
  allow_solo: z.boolean().default(true),
  declared_programs: z.enum(['accept', 'refuse']).default('accept'),
  allow_root: z.boolean().default(false),
  max_running: z.int().min(1).max(8).default(1),
  max_timeout_ms: z
    .int()
    .positive()
    .default(4 * 3_600_000),
  drain_grace_ms: z.int().nonnegative().max(600_000).default(30_000),
  shell: absolute.default('/bin/bash'),
  wrapper: z.array(z.string().min(1)).max(128).default([]),
  env_names: z.array(envName).max(64).default([]),
  profiles: z
    .record(name, profileSchema)
    .refine((all) => Object.keys(all).length < MAX_PROFILES, `must be fewer than ${MAX_PROFILES}`)
    .default({}),
});

/** A named set of credentials and places on this host. The values of `env` never leave it. */
export interface Profile {
  readonly name: string;
  readonly path: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** What an envelope must name: SHA-256 over name, path, home and the names (not the values) in `env`. */
  readonly digest: string;
}

export interface Policy extends Omit<z.infer<typeof policySchema>, 'profiles'> {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly sha256: string;
  /** Why the policy could not be read; the mode is then `paused`. */
  readonly fault: string | null;
}

export interface PolicySources {
  /** The policy file's text, or null when there is no file: then the built-in rules hold. */
  readonly text: string | null;
  /** The home of the account the agent runs as, for profiles that name none. */
  readonly home: string;
  /** Reads a profile's env file. May throw. */
  readEnvFile(path: string): string;
}

/** Reads the policy. Anything malformed or unreadable in it gives the built-in rules with mode `paused`, and a reason. */
export function readPolicy(sources: PolicySources): Policy {
  const sha256 = sha256Hex(sources.text ?? '');
  try {
    const file = policySchema.parse(sources.text === null ? {} : parse(sources.text));
    return { ...file, profiles: profilesOf(file.profiles, sources), sha256, fault: null };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    const paused = policySchema.parse({ mode: 'paused' });
    const fault = `The policy file cannot be used, so this agent starts nothing: ${why}`;
    return { ...paused, profiles: new Map(), sha256, fault };
  }
}

type ProfileFile = z.infer<typeof profileSchema>;

function profilesOf(
  files: Record<string, ProfileFile>,
  sources: PolicySources,
): ReadonlyMap<string, Profile> {
  const all = Object.entries({ default: profileSchema.parse({}), ...files });
  return new Map(all.map(([key, file]) => [key, profileOf(key, file, sources)]));
}

function profileOf(name: string, file: ProfileFile, sources: PolicySources): Profile {
  const home = file.home ?? sources.home;
  const env = file.env_file === undefined ? {} : readEnv(sources.readEnvFile(file.env_file));
  const digest = sha256Hex(
    canonicalBytes({ name, path: file.path, home, env_names: Object.keys(env).sort() }),
  );
  return { name, path: file.path, home, env, digest };
}

/** `NAME=value` lines; empty lines and `#` comments are skipped; the value is taken as it stands, without quotes. */
function readEnv(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const split = line.indexOf('=');
    if (split < 1 || !envName.safeParse(line.slice(0, split)).success) {
      throw new Error(`line ${index + 1} of an env file is not NAME=value`);
    }
    env[line.slice(0, split)] = line.slice(split + 1);
  }
  return env;
}
