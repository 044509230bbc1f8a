import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { AppsManifestValidateArguments } from '@slack/web-api';
import ajvModule from 'ajv';
import formatsModule from 'ajv-formats';
import { parse } from 'yaml';
import { parseManifest } from '../dev/slack/manifest.ts';

const SPEC = process.env.SLACK_SPEC_DIR ?? new URL('../../shared/slack-spec', import.meta.url).pathname;
const schemaFile = `${SPEC}/manifest.schema.json`;
const source = readFileSync(new URL('../manifest.yml', import.meta.url), 'utf8');
type Manifest = AppsManifestValidateArguments['manifest'];
const manifest: Manifest = parse(source);
/** Typed, so that the compiler refuses a scope or an event Slack does not have; the schema does not. */
const SCOPES: NonNullable<NonNullable<Manifest['oauth_config']>['scopes']>['bot'] = [
  'commands',
  'chat:write',
  'users:read',
  'reactions:read',
];
const EVENTS: NonNullable<NonNullable<Manifest['settings']>['event_subscriptions']>['bot_events'] = [
  'reaction_added',
  'app_uninstalled',
  'tokens_revoked',
];

const withSchema = existsSync(schemaFile) ? test : test.skip;

function problems(candidate: unknown): string {
  const ajv = new ajvModule.default({ strict: false, allErrors: true });
  formatsModule.default(ajv);
  ajv.validate(JSON.parse(readFileSync(schemaFile, 'utf8')), candidate);
  return ajv.errorsText();
}

describe('manifest.yml', () => {
  withSchema('satisfies Slack’s manifest schema (skipped where SLACK_SPEC_DIR has none)', () => {
    expect(problems(manifest)).toBe('No errors');
  });

  withSchema('would be refused with an unknown key, so the schema is really applied', () => {
    expect(problems({ ...manifest, colour: 'green' })).toContain('additional properties');
  });

  test('asks for the scopes in use and no others', () => {
    expect(manifest.oauth_config?.scopes?.bot).toEqual(SCOPES);
    expect(manifest.oauth_config?.scopes?.user).toBeUndefined();
  });

  test('subscribes to the stop sign and to its own end, never to reactions being removed or message history', () => {
    expect(manifest.settings?.event_subscriptions?.bot_events).toEqual(EVENTS);
  });

  test('has https addresses only', () => {
    const urls = source.match(/\S+:\/\/\S+/g) ?? [];
    expect(urls.length).toBeGreaterThan(0);
    expect(urls.filter((url) => !url.startsWith('https://your-host.example/'))).toEqual([]);
  });

  test('uses neither Socket Mode nor an org install', () => {
    expect(manifest.settings).toMatchObject({ socket_mode_enabled: false, org_deploy_enabled: false });
  });

  test('names the shortcut and the command the app listens to', () => {
    const { shortcuts, commands } = parseManifest(source);
    expect(shortcuts).toEqual([{ name: 'Turn into runbook', callbackId: 'turn_into_runbook' }]);
    expect(commands.map((one) => one.command)).toEqual(['/runbook']);
    expect(manifest.features?.slash_commands?.[0]?.usage_hint).toContain('help');
  });
});
