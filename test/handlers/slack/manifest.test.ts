import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { z } from 'zod';
import { SLACK_PATH } from '../../../handlers/slack/app.ts';
import { registerButtons } from '../../../handlers/slack/buttons.ts';
import { registerCommands } from '../../../handlers/slack/commands.ts';
import { REDIRECT_PATH } from '../../../handlers/slack/install.ts';
import { registerLifecycle } from '../../../handlers/slack/lifecycle.ts';
import { registerModals } from '../../../handlers/slack/modals.ts';
import { registerReactions } from '../../../handlers/slack/reactions.ts';
import { registerShortcuts } from '../../../handlers/slack/shortcuts.ts';
import { BOT_SCOPES } from '../../../src/platform/slack-client.ts';
import { ACTIONS, VIEWS } from '../../../src/slack/actions.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const raw = parse(readFileSync(join(root, 'manifest.yml'), 'utf8'));
const url = z.url();
const manifest = z
  .object({
    features: z.object({
      shortcuts: z.array(z.object({ callback_id: z.string(), type: z.literal('message') })),
      slash_commands: z.array(z.object({ command: z.string(), url, should_escape: z.literal(false) })),
    }),
    oauth_config: z.object({
      redirect_urls: z.array(url),
      scopes: z.object({ bot: z.array(z.string()) }),
    }),
    settings: z.object({
      event_subscriptions: z.object({ request_url: url, bot_events: z.array(z.string()) }),
      interactivity: z.object({ is_enabled: z.literal(true), request_url: url }),
    }),
  })
  .parse(raw);

const NO_WORKSPACES = { find: async () => null, remove: async () => null, accepts: async () => false };

/** What the handlers listen to, by asking them. */
function registered() {
  const heard = {
    command: [] as unknown[],
    shortcut: [] as unknown[],
    event: [] as unknown[],
    action: [] as unknown[],
    view: [] as unknown[],
  };
  const listen = (kind: keyof typeof heard) => (what: unknown) => void heard[kind].push(what);
  const app = Object.fromEntries(
    Object.keys(heard).map((kind) => [kind, listen(kind as keyof typeof heard)]),
  );
  for (const register of [
    registerButtons,
    registerCommands,
    registerModals,
    registerReactions,
    registerShortcuts,
    (app: App) => registerLifecycle(app, NO_WORKSPACES),
  ]) {
    register(app as unknown as App);
  }
  return heard;
}

describe('the manifest and the handlers name the same', () => {
  const heard = registered();

  test('commands, shortcuts and events', () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(heard.command);
    expect(manifest.features.shortcuts.map(({ callback_id }) => callback_id)).toEqual(heard.shortcut);
    expect(manifest.settings.event_subscriptions.bot_events).toEqual(heard.event);
  });

  test('buttons and forms as the pictures draw', () => {
    expect(heard.action.filter((id) => typeof id === 'string').sort()).toEqual(Object.values(ACTIONS).sort());
    const views = heard.view.map((what) => (what as { callback_id: unknown }).callback_id);
    expect(views.filter((id) => typeof id === 'string').sort()).toEqual(Object.values(VIEWS).sort());
  });

  test('place where requests arrive', () => {
    const { settings, features } = manifest;
    const urls = [
      settings.event_subscriptions.request_url,
      settings.interactivity.request_url,
      ...features.slash_commands.map((one) => one.url),
    ];
    for (const one of urls) expect(new URL(one)).toMatchObject({ protocol: 'https:', pathname: SLACK_PATH });
  });

  test('place where browsers come back to after an installation', () => {
    const [only, ...others] = manifest.oauth_config.redirect_urls;
    expect(new URL(only ?? '')).toMatchObject({ protocol: 'https:', pathname: REDIRECT_PATH });
    expect(others).toEqual([]);
  });

  test('scopes, and none that the calls do not need', () => {
    expect(manifest.oauth_config.scopes.bot).toEqual(BOT_SCOPES);
    expect([...BOT_SCOPES].sort()).toEqual(['chat:write', 'commands', 'reactions:read', 'users:read']);
  });
});

const schemaFile = join(
  resolve(root, process.env.SLACK_SPEC_DIR ?? '../shared/slack-spec'),
  'manifest.schema.json',
);
(existsSync(schemaFile) ? test : test.skip)(
  'Slack’s own schema takes the manifest (skipped when SLACK_SPEC_DIR is not there)',
  () => {
    const ajv = new Ajv.default({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
    expect([validate(raw), validate.errors]).toEqual([true, null]);
  },
);
