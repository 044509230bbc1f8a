import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type EnrolmentFile,
  enrol,
  enrolmentSchema,
  inviteSchema,
  openEnrolment,
} from '../../agent/enrol.ts';
import { openFolder } from '../../agent/folder.ts';
import { encodeSigned } from '../../src/protocol/index.ts';
import { tls } from '../handlers/grpc/memory.ts';
import { bundle, bundleWith, dispatchKey, keyFrom, root, rootKey } from './world.ts';

let path = '';
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'dd0c-folder-')), 'data');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

const random = (size: number) => new Uint8Array(size).fill(3);
const pins = { root_key: rootKey.publicKey, bundle: encodeSigned(bundle) };
const file: EnrolmentFile = enrolmentSchema.parse({
  address: 'localhost:4000',
  ca_pem: tls.certPem,
  agent_id: 'agent-1',
  tenant_id: 'T1',
  agent_epoch: 1,
  ...pins,
});

describe('the data folder', () => {
  test('is private, and its key is made once and kept', () => {
    const key = openFolder(path).key(random);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'key.pem')).mode & 0o777).toBe(0o600);
    expect(openFolder(path).key(() => new Uint8Array(32)).publicKey).toBe(key.publicKey);
  });

  test('with a key that others can read is refused', () => {
    openFolder(path).key(random);
    chmodSync(join(path, 'key.pem'), 0o640);
    expect(() => openFolder(path).key(random)).toThrow('can be read by others');
  });

  test('keeps the enrolment, and refuses one that is not what it must be', () => {
    const folder = openFolder(path);
    expect(folder.enrolment()).toBeNull();
    folder.keepEnrolment(file);
    expect(folder.enrolment()).toEqual(file);
    writeFileSync(join(path, 'enrolment.json'), '{"agent_id":"agent-1"}');
    expect(() => folder.enrolment()).toThrow('Enrol it again');
    writeFileSync(join(path, 'enrolment.json'), 'nonsense');
    expect(() => folder.enrolment()).toThrow('Enrol it again');
  });

  test('takes over the lock of a process that is gone, or whose number now belongs to another', () => {
    openFolder(path);
    for (const stale of ['999999999 1', `${process.ppid} 1`, 'nonsense', '']) {
      writeFileSync(join(path, 'lock'), stale);
      expect(() => openFolder(path)).not.toThrow();
    }
    expect(readFileSync(join(path, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  });

  test('is refused while the process that holds its lock lives', () => {
    openFolder(path);
    const stat = `/proc/${process.ppid}/stat`;
    if (!existsSync(stat)) return;
    const started = readFileSync(stat, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    writeFileSync(join(path, 'lock'), `${process.ppid} ${started}`);
    expect(() => openFolder(path)).toThrow('Another agent');
  });
});

describe('an enrolment', () => {
  test('opens to who the agent is, which root key it pins and whom it believes', () => {
    const opened = openEnrolment(file);
    expect(opened.identity).toEqual({ agentId: 'agent-1', tenantId: 'T1', agentEpoch: 1 });
    expect(opened.root.keyId).toBe(root.keyId);
    expect(opened.trust.dispatch.has(dispatchKey.keyId)).toBe(true);
  });

  const stranger = keyFrom('stranger');
  test.each([
    ['signed by another root key', { bundle: encodeSigned(bundleWith({}, stranger)) }],
    ['beside another root key', { root_key: stranger.publicKey }],
    ['beside a root key of small order', { root_key: `AQ${'A'.repeat(41)}` }],
  ])('with a bundle %s is refused', (_, changed) => {
    expect(() => openEnrolment({ ...file, ...changed })).toThrow();
  });

  test('is not asked for, and no token spent, when the bundle of the invite cannot be believed', async () => {
    const asked = { ...invite, address: 'localhost:1', root_key: stranger.publicKey };
    await expect(enrol(asked, rootKey.publicKey, 'host', Date.now())).rejects.toThrow('No key');
  });

  const invite = {
    address: 'localhost:4000',
    ca_pem: tls.certPem,
    token: 'x'.repeat(32),
    tenant_id: 'T1',
    ...pins,
  };
  const wrong: readonly (readonly [string, object])[] = [
    ['no port', { ...invite, address: 'localhost' }],
    ['a URL for an address', { ...invite, address: 'https://localhost:4000' }],
    ['no certificate', { ...invite, ca_pem: '' }],
    ['a short token', { ...invite, token: 'x' }],
    ['a key nobody asked for', { ...invite, insecure: true }],
  ];
  test.each(wrong)('is not made from an invite with %s', (_, value) => {
    expect(inviteSchema.safeParse(invite).success).toBe(true);
    expect(inviteSchema.safeParse(value).success).toBe(false);
  });
});
