import { describe, expect, test } from '@jest/globals';
import { readPolicy } from '../../agent/policy.ts';
import { policyOf } from './world.ts';

describe('the host policy', () => {
  test('without a file is the built-in one: enforce, everything that is approved, one profile', () => {
    const policy = policyOf(null);
    expect(policy).toMatchObject({
      mode: 'enforce',
      max_risk: 'danger',
      auto_safe: true,
      allow_root: false,
      fault: null,
    });
    expect([...policy.profiles.keys()]).toEqual(['default']);
    expect(policy.profiles.get('default')).toMatchObject({ home: '/home/agent', env: {} });
  });

  test('of an empty file is the built-in one too', () => {
    expect(policyOf('{}')).toMatchObject({ mode: 'enforce', fault: null });
  });

  const malformed = [
    'mode: sometimes',
    'max_risk: 3',
    'declared_programs: maybe',
    'unknown_key: true',
    'mode: enforce\nmode: paused',
    'wrapper: bwrap',
    'profiles: { default: { home: relative } }',
    'profiles: { "bad name": {} }',
    'profiles: { default: { password: x } }',
    ': : :',
    '[]',
    'null',
    'just text',
    `profiles: { ${Array.from({ length: 64 }, (_, n) => `p${n}: {}`).join(', ')} }`,
  ];
  test.each(malformed)('that is malformed pauses the agent and says why: %j', (text) => {
    const policy = policyOf(text);
    expect(policy.mode).toBe('paused');
    expect(policy.fault).toContain('starts nothing');
    expect(policy.profiles.size).toBe(0);
  });

  test('whose env file cannot be read or is malformed pauses the agent', () => {
    const text = 'profiles: { prod: { env_file: /etc/prod.env } }';
    const unreadable = () => {
      throw new Error('EACCES');
    };
    for (const readEnvFile of [unreadable, () => 'no equals sign', () => '=value', () => '1A=x']) {
      expect(readPolicy({ text, home: '/', readEnvFile }).mode).toBe('paused');
    }
  });

  test('reads an env file as plain NAME=value lines', () => {
    const readEnvFile = () => '# comment\n\nA=1\r\nB="two = 2"\n';
    const policy = readPolicy({ text: 'profiles: { prod: { env_file: /e } }', home: '/', readEnvFile });
    expect(policy.profiles.get('prod')?.env).toEqual({ A: '1', B: '"two = 2"' });
  });

  test('gives a profile a digest of its place and the names of its values, not of the values', () => {
    const digest = (env: string, more = '') =>
      readPolicy({
        text: `profiles: { p: { env_file: /e${more} } }`,
        home: '/',
        readEnvFile: () => env,
      }).profiles.get('p')?.digest;
    expect(digest('A=1')).toBe(digest('A=2'));
    expect(digest('A=1')).not.toBe(digest('B=1'));
    expect(digest('A=1')).not.toBe(digest('A=1', ', path: /opt'));
    expect(digest('A=1')).not.toBe(digest('A=1', ', home: /opt'));
  });
});
