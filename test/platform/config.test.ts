import { describe, expect, test } from '@jest/globals';
import { ConfigError, modelNotice, modelOf, readConfig } from '../../src/platform/config.ts';

const faultOf = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};
const TOKEN = 'xoxb-not-a-real-token';
const SECRET = '0123456789abcdef';
const CLIENT = {
  SLACK_CLIENT_ID: '1.2',
  SLACK_CLIENT_SECRET: 'abc',
  SLACK_SIGNING_SECRET: SECRET,
  PUBLIC_URL: 'https://run.example.com',
};

describe('settings', () => {
  test('that are left out or empty are their defaults', () => {
    expect(readConfig({})).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', TRUST_LEVEL: 'copilot' });
    expect(readConfig({ PORT: '', TRUST_LEVEL: '', SLACK_BOT_TOKEN: '' })).toEqual(readConfig({}));
  });

  test('that are not ours are ignored', () => {
    expect(readConfig({ HOME: '/x', PORT: '80' })).toEqual({ ...readConfig({}), PORT: 80 });
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  test('that are wrong are named all at once', () => {
    const message = faultOf({
      PORT: 'x',
      GATEWAY_PORT: '70000',
      TRUST_LEVEL: 'autopilot',
      LOG_LEVEL: 'loud',
      SLACK_BOT_TOKEN: TOKEN,
    });
    for (const name of ['PORT', 'GATEWAY_PORT', 'TRUST_LEVEL', 'LOG_LEVEL', 'SLACK_SIGNING_SECRET']) {
      expect(message).toContain(name);
    }
  });

  test.each([
    ['a token alone', { SLACK_BOT_TOKEN: TOKEN }],
    ['a secret alone', { SLACK_SIGNING_SECRET: SECRET }],
    ['a token with an empty secret', { SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: '' }],
    ['an app token alone', { SLACK_APP_TOKEN: 'xapp-1' }],
    ['a client id alone', { SLACK_CLIENT_ID: '1.2', SLACK_SIGNING_SECRET: SECRET, PUBLIC_URL: 'https://a' }],
    ['a client without a public URL', { ...CLIENT, PUBLIC_URL: '' }],
    ['a client without a signing secret', { ...CLIENT, SLACK_SIGNING_SECRET: '' }],
  ])('for Slack are refused by halves: %s', (_, env) => {
    expect(faultOf(env)).toMatch(/belong together|needs|of no use without/);
  });

  test('for Slack may be one workspace over HTTP, one over Socket Mode, or many by OAuth', () => {
    expect(faultOf({ SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: SECRET })).toBe('');
    expect(faultOf({ SLACK_BOT_TOKEN: TOKEN, SLACK_APP_TOKEN: 'xapp-1' })).toBe('');
    expect(faultOf(CLIENT)).toBe('');
  });

  test('for many workspaces exclude Socket Mode, whose requests carry no signature', () => {
    expect(faultOf({ ...CLIENT, SLACK_BOT_TOKEN: TOKEN, SLACK_APP_TOKEN: 'xapp-1' })).toContain('exclude');
  });

  test.each(['https://slack.example/api/', 'http://10.0.0.1/api/', 'file:///etc/passwd'])(
    'send tokens to Slack or to this machine only, not to %s',
    (address) => {
      expect(faultOf({ SLACK_API_URL: address })).toContain('SLACK_API_URL');
    },
  );

  test.each(['http://model.example/v1', 'http://10.0.0.1/v1', 'ftp://127.0.0.1/'])(
    'send texts and keys over TLS or to this machine only, not to %s',
    (address) => {
      expect(faultOf({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: address })).toContain('OPENAI_BASE_URL');
    },
  );

  test.each([
    ['DATABASE_URL', 'mysql://a'],
    ['REDIS_URL', 'http://a'],
    ['PUBLIC_URL', 'run.example.com'],
  ])('that are addresses must be of the right kind: %s', (name, value) => {
    expect(faultOf({ [name]: value })).toContain(name);
  });

  test.each([
    ['a token of a person', { SLACK_BOT_TOKEN: 'xoxp-1', SLACK_SIGNING_SECRET: SECRET }],
    ['a short secret', { SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: 'short' }],
    ['a blank secret', { SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: '   ' }],
  ])('for Slack are refused when they cannot be right: %s', (_, env) => {
    expect(faultOf(env)).toMatch(/SLACK_/);
  });

  test('that are secret are not in the message', () => {
    expect(faultOf({ SLACK_BOT_TOKEN: 'xoxp-hidden-value', SLACK_SIGNING_SECRET: 'tiny' })).not.toMatch(
      /hidden|tiny/,
    );
  });
});

describe('the model of the settings', () => {
  const model = (env: Record<string, string>) => modelOf(readConfig(env)).model;

  test('is none, so that no text leaves, unless a key or an endpoint on this machine is set', () => {
    expect(model({})).toBeUndefined();
    expect(model({ OPENAI_MODEL: 'large' })).toBeUndefined();
    expect(faultOf({ OPENAI_BASE_URL: 'https://model.example/v1' })).toContain('needs OPENAI_API_KEY');
  });

  test.each([
    [{ OPENAI_API_KEY: 'k' }, { apiKey: 'k', baseUrl: 'https://api.openai.com/v1', name: 'gpt-4.1-mini' }],
    [
      { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'https://model.example/v1', OPENAI_MODEL: 'large' },
      { apiKey: 'k', baseUrl: 'https://model.example/v1', name: 'large' },
    ],
    [
      { OPENAI_BASE_URL: 'http://localhost:11434/v1', OPENAI_MODEL: 'small' },
      { apiKey: 'none', baseUrl: 'http://localhost:11434/v1', name: 'small' },
    ],
  ])('is what they say: %j', (env, expected) => {
    expect(model(env)).toEqual(expected);
  });

  test('is named, with its host and never its key, to whoever starts a process', () => {
    expect(modelNotice(readConfig({}))).toBe('');
    const notice = modelNotice(readConfig({ OPENAI_API_KEY: 'sk-hidden' }));
    expect(notice).toContain('gpt-4.1-mini at api.openai.com');
    expect(notice).not.toContain('hidden');
  });
});
