import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const Schema = z.object({
  display_information: z.object({ name: z.string() }),
  features: z.object({
    shortcuts: z
      .array(z.object({ name: z.string(), type: z.enum(['message', 'global']), callback_id: z.string() }))
      .default([]),
    slash_commands: z
      .array(z.object({ command: z.string(), description: z.string(), usage_hint: z.string().default('') }))
      .default([]),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()).default([]) }).optional(),
  }),
});

/** What the simulator needs to know of an app: names, shortcuts, commands, scopes and events. */
export interface Manifest {
  readonly name: string;
  readonly shortcuts: readonly { readonly name: string; readonly callbackId: string }[];
  readonly commands: readonly {
    readonly command: string;
    readonly description: string;
    readonly hint: string;
  }[];
  readonly scopes: readonly string[];
  readonly events: readonly string[];
}

/** Reads an app manifest in YAML. Throws ZodError when a part the simulator needs is missing. Global shortcuts are left out. */
export function parseManifest(yaml: string): Manifest {
  const { display_information, features, oauth_config, settings } = Schema.parse(parse(yaml));
  return {
    name: display_information.name,
    shortcuts: features.shortcuts
      .filter((one) => one.type === 'message')
      .map((one) => ({ name: one.name, callbackId: one.callback_id })),
    commands: features.slash_commands.map((one) => ({
      command: one.command,
      description: one.description,
      hint: one.usage_hint,
    })),
    scopes: oauth_config.scopes.bot,
    events: settings.event_subscriptions?.bot_events ?? [],
  };
}

/** The manifest of this repository. */
export function ownManifest(): Manifest {
  return parseManifest(readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8'));
}
