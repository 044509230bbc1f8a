import { describe, expect, test } from '@jest/globals';
import { RECORD_TYPES } from '../../src/protocol/framing.ts';
import { commandText, execSha256, idemKey } from '../../src/protocol/index.ts';
import { loadVerifyKey } from '../../src/protocol/keys.ts';
import { openSigned, parseRecord, signRecord } from '../../src/protocol/records.ts';
import {
  decodeSigned,
  encodeSigned,
  MAX_PAYLOAD_BYTES,
  type Signed,
  signPayload,
} from '../../src/protocol/signed.ts';
import {
  approvalFor,
  bash,
  dispatchKey,
  jobWith,
  judged,
  keyFrom,
  resumeOf,
  signJob,
} from '../agent/world.ts';

const loaded = loadVerifyKey(dispatchKey.publicKey);
const findDispatch = (keyId: string) => (loaded.ok && keyId === dispatchKey.keyId ? loaded.key : undefined);
const open = (signed: Signed) => openSigned('job', signed, findDispatch);
const text = (signed: Signed) => new TextDecoder().decode(signed.payload);
/** Signed by the right key, over bytes of the test's choice: only the strict parse stands in the way. */
const signText = (payload: string | Uint8Array) =>
  signPayload('job', typeof payload === 'string' ? new TextEncoder().encode(payload) : payload, dispatchKey);

describe('a signed record', () => {
  test('opens to what was signed', () => {
    const opened = open(signJob(jobWith()));
    expect(opened).toMatchObject({ ok: true, record: { run_id: 'run-1', exec: { mode: 'bash' } } });
  });

  test('survives its JSON-safe form byte for byte', () => {
    const signed = signJob(jobWith());
    expect(open(decodeSigned(JSON.parse(JSON.stringify(encodeSigned(signed))))).ok).toBe(true);
  });

  test('is made of the same bytes whatever the order of its fields', () => {
    const job = jobWith();
    const reversed = Object.fromEntries(Object.entries(job).reverse()) as typeof job;
    expect(Buffer.from(signJob(reversed).payload)).toEqual(Buffer.from(signJob(job).payload));
  });

  test('is refused before it is parsed when the key is unknown or the signature is wrong', () => {
    const signed = signJob(jobWith());
    expect(open({ ...signed, keyId: keyFrom('other').keyId })).toMatchObject({ ok: false, code: 'key' });
    expect(open({ ...signed, payload: new TextEncoder().encode('not json') })).toMatchObject({
      code: 'signature',
    });
    expect(open({ ...signJob(jobWith(), keyFrom('other')), keyId: signed.keyId })).toMatchObject({
      code: 'signature',
    });
  });

  test('of one type is never taken for another', () => {
    const { payload } = signJob(jobWith());
    for (const type of RECORD_TYPES) {
      const opened = open(signPayload(type, payload, dispatchKey));
      expect([type, opened.ok]).toEqual([type, type === 'job']);
    }
  });

  test('a fault of the caller is not signed: a malformed or a too large record', () => {
    expect(() => signRecord('job', { ...jobWith(), attempt: 0 }, dispatchKey)).toThrow();
    const argv = ['echo', ...Array.from({ length: 5 }, () => 'x'.repeat(60_000))];
    expect(() => signJob(jobWith({ exec: { mode: 'argv', argv, cwd: '/', env: {} } }))).toThrow(RangeError);
  });

  test('in JSON-safe form is refused with padding, a foreign alphabet or a key more', () => {
    const encoded = encodeSigned(signJob(jobWith()));
    const wrong = [
      { ...encoded, sig: `${encoded.sig}=` },
      { ...encoded, sig: encoded.sig.replace(/.$/, '+') },
      { ...encoded, alg: 'none' },
      { keyId: encoded.keyId, payload: encoded.payload },
    ];
    for (const value of wrong) expect(() => decodeSigned(value)).toThrow();
  });
});

describe('the strict parse', () => {
  test('refuses more bytes than a record of its type may have, whatever they are', () => {
    for (const type of RECORD_TYPES) {
      const most = MAX_PAYLOAD_BYTES[type];
      expect(parseRecord(type, new Uint8Array(most + 1).fill(0x20))).toMatchObject({ code: 'size' });
      expect(parseRecord(type, new Uint8Array(most).fill(0x20))).toMatchObject({ code: 'parse' });
    }
  });

  test('says where a record is wrong', () => {
    const payload = text(signJob(jobWith())).replace('"cwd":"/"', '"cwd":"tmp"');
    expect(open(signText(payload))).toMatchObject({
      code: 'parse',
      sentence: 'The job record is malformed at "exec.cwd": must be absolute',
    });
  });
});

describe('authority records', () => {
  test('an approval of danger may start a step for 15 minutes and no longer', () => {
    const job = jobWith({ verdict: judged('danger') });
    expect(() => approvalFor(job, { iat: 0, start_by: 900_000 })).not.toThrow();
    expect(() => approvalFor(job, { iat: 0, start_by: 900_001 })).toThrow();
  });

  test('an approval of anything else may start a step for 4 hours and no longer', () => {
    expect(() => approvalFor(jobWith(), { iat: 0, start_by: 4 * 3_600_000 })).not.toThrow();
    expect(() => approvalFor(jobWith(), { iat: 0, start_by: 4 * 3_600_000 + 1 })).toThrow();
  });

  test('a resume by nobody is not a resume', () => {
    expect(() => resumeOf(1, { by: [] })).toThrow();
  });
});

describe('hashes and texts of an exec block', () => {
  test('every field of the block changes its hash', () => {
    const hashes = [bash('a'), bash('b'), bash('a', { X: '1' }), bash('a', {}, '/tmp')].map(execSha256);
    hashes.push(execSha256({ mode: 'argv', argv: ['a'], cwd: '/', env: {} }));
    expect(new Set(hashes).size).toBe(5);
  });

  test('an idem key tells fields apart even when their texts run together', () => {
    const opened = open(signJob(jobWith({ run_id: 'a', step_id: 'bc' })));
    const other = open(signJob(jobWith({ run_id: 'ab', step_id: 'c' })));
    if (!opened.ok || !other.ok) throw new Error('The test is wrong.');
    expect(idemKey(opened.record)).not.toBe(idemKey(other.record));
    expect(idemKey(opened.record)).toBe(opened.record.idem_key);
  });

  test('the words of an argv are quoted so that a shell would read the same words', () => {
    const argv = ['echo', 'a b', "it's", '$HOME', '', '*', '-n'];
    const exec = { mode: 'argv' as const, argv, cwd: '/', env: {} };
    expect(commandText(exec)).toBe(`echo 'a b' 'it'\\''s' '$HOME' '' '*' -n`);
    expect(commandText(bash('ls -l\n# é'))).toBe('ls -l\n# é');
  });
});
