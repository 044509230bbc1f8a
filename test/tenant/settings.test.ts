import { describe, expect, test } from '@jest/globals';
import {
  channelFor,
  decideSettings,
  evolveSettings,
  type Settings,
  type SettingsChange,
} from '../../src/tenant/settings.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { admin, facts, member, outsider } from '../support/builders.ts';

const SECRET = 'first-secret-of-pagerduty';
const OTHER = 'second-secret-of-pagerduty';
const THIRD = 'third-secret-of-pagerduty';

const secret = (text: string): SettingsChange => ({ type: 'set-pagerduty', secret: text });
const here = (channel: string, service: string | null = null): SettingsChange => ({
  type: 'set-pages',
  change: { kind: 'here', channel, service },
});
const off = (channel: string): SettingsChange => ({ type: 'set-pages', change: { kind: 'off', channel } });

function having(...changes: SettingsChange[]): Settings {
  return changes.reduce<Settings>((settings, change) => {
    const decision = decideSettings(settings, { ...change, by: admin() }, facts());
    if (!decision.ok) throw new Error(decision.refusal.code);
    return decision.events.reduce<Settings>(evolveSettings, settings);
  }, {});
}

const refusal = (settings: Settings, change: SettingsChange, by = admin()) => {
  const decision = decideSettings(settings, { ...change, by }, facts());
  return decision.ok ? null : decision.refusal.code;
};

describe('settings', () => {
  test.each([
    ['a member', member(), 'role-needed'],
    ['an outsider', outsider(), 'not-a-member'],
  ])('are not changed by %s', (_, by, code) => {
    for (const change of [secret(SECRET), here('C1'), off('C1')]) expect(refusal({}, change, by)).toBe(code);
  });

  test('are absent from a workspace in which nobody set any, so that old records still fold to the same', () => {
    expect(tenantKind.initial).not.toHaveProperty('settings');
  });

  test('are part of the workspace once set', () => {
    const decision = tenantKind.decide(tenantKind.initial, { ...here('C1'), by: admin() }, facts());
    const state = decision.ok ? decision.events.reduce(tenantKind.evolve, tenantKind.initial) : null;
    expect(state?.settings).toEqual({ pages: { channel: 'C1' } });
  });
});

describe('the secrets of PagerDuty', () => {
  test('are the two newest, so that one can replace the other', () => {
    expect(having(secret(SECRET), secret(OTHER)).pagerdutySecrets).toEqual([OTHER, SECRET]);
    expect(having(secret(SECRET), secret(OTHER), secret(THIRD)).pagerdutySecrets).toEqual([THIRD, OTHER]);
  });

  test('are each kept once', () => {
    expect(having(secret(SECRET), secret(SECRET)).pagerdutySecrets).toEqual([SECRET]);
    expect(having(secret(SECRET), secret(OTHER), secret(SECRET)).pagerdutySecrets).toEqual([SECRET, OTHER]);
  });

  test('lose the blanks around them that copying adds', () => {
    expect(having(secret(`  ${SECRET}\n`)).pagerdutySecrets).toEqual([SECRET]);
  });

  test.each(['', 'short', 'with a blank in it', 'ümlaut-in-the-secret', 'x'.repeat(257)])(
    'cannot be %j',
    (text) => {
      expect(refusal({}, secret(text))).toBe('not-a-secret');
    },
  );
});

describe('pages', () => {
  test('of a service go to its channel, all others to theirs', () => {
    const settings = having(here('C1'), here('C2', 'Payments  API'));
    expect(channelFor(settings, 'payments api')).toBe('C2');
    expect(channelFor(settings, 'search')).toBe('C1');
    expect(channelFor(settings, null)).toBe('C1');
  });

  test('go nowhere as long as nobody said where', () => {
    expect(channelFor(undefined, 'search')).toBeNull();
    expect(channelFor(having(here('C2', 'payments')), 'search')).toBeNull();
  });

  test('of a service named like something every object has go nowhere by accident', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(channelFor(having(here('C2', 'payments')), name)).toBeNull();
      expect(channelFor(having(here('C2', name)), name)).toBe('C2');
    }
  });

  test('do not come any more to a channel that turned them off', () => {
    const settings = having(here('C1'), here('C1', 'search'), here('C2', 'payments'), off('C1'));
    expect(channelFor(settings, 'search')).toBeNull();
    expect(channelFor(settings, 'payments')).toBe('C2');
    expect(refusal(settings, off('C1'))).toBe('no-pages-here');
  });

  test('of a service without a sensible name are refused, and so is the 201st service', () => {
    expect(refusal({}, here('C1', '   '))).toBe('not-a-service');
    expect(refusal({}, here('C1', 'x'.repeat(151)))).toBe('not-a-service');
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`s${index}`, 'C1']));
    expect(refusal({ pages: { byService: many } }, here('C1', 'one-more'))).toBe('too-many-services');
    expect(refusal({ pages: { byService: many } }, here('C2', 's7'))).toBeNull();
  });
});
