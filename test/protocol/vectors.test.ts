import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FILE, type Vectors, vectorsText } from '../../scripts/vectors.ts';
import { RECORD_TYPES } from '../../src/protocol/framing.ts';
import {
  fromBase64url,
  generateKey,
  loadVerifyKey,
  openSigned,
  toBase64url,
} from '../../src/protocol/index.ts';
import { isGood } from '../support/edwards.ts';

const text = readFileSync(FILE, 'utf8');
const { publicKeys, signatures, records } = JSON.parse(text) as Vectors;
const unhex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const bytesOf = (base64url: string) => fromBase64url(base64url) ?? new Uint8Array();

describe('the file of vectors', () => {
  test('is what its script makes; a change of it is a change of the protocol', () => {
    expect(vectorsText()).toBe(text);
  });

  test('has a good record of each type, and of every way in which one is refused', () => {
    const good = records.filter(({ opens }) => opens === 'ok').map(({ type }) => type);
    expect(good).toEqual(RECORD_TYPES);
    expect(new Set(records.map(({ opens }) => opens))).toEqual(
      new Set(['ok', 'key', 'signature', 'size', 'parse']),
    );
  });
});

describe('our verifier', () => {
  test('takes exactly the public keys that the file calls usable', () => {
    for (const { name, publicKey, usable } of publicKeys)
      expect([name, publicKey, loadVerifyKey(toBase64url(unhex(publicKey))).ok]).toEqual([
        name,
        publicKey,
        usable,
      ]);
  });

  test('calls exactly those signatures good that the file calls good', () => {
    const judged = signatures.map(({ name, publicKey, message, signature }) => {
      const loaded = loadVerifyKey(toBase64url(unhex(publicKey)));
      return [name, loaded.ok && loaded.key.verify(unhex(message), unhex(signature))];
    });
    expect(judged).toEqual(signatures.map(({ name, good }) => [name, good]));
  });

  test.each(RECORD_TYPES)('opens or refuses each %s as the file says', (wanted) => {
    const those = records.filter(({ type }) => type === wanted);
    const opened = those.map(({ name, type, publicKey, keyId, payload, sig }) => {
      const loaded = loadVerifyKey(publicKey);
      if (!loaded.ok) throw new Error(loaded.sentence);
      const signed = { keyId, payload: bytesOf(payload), sig: bytesOf(sig) };
      const result = openSigned(type, signed, (id) => (id === loaded.key.keyId ? loaded.key : undefined));
      return [name, result.ok ? 'ok' : result.code];
    });
    expect(opened).toEqual(those.map(({ name, opens }) => [name, opens]));
  });
});

describe('our signer', () => {
  test('makes the signatures of RFC 8032 from their seeds', () => {
    const published = signatures.filter(({ seed }) => seed !== undefined);
    expect(published.length).toBe(4);
    for (const { seed = '', publicKey, message, signature } of published) {
      const key = generateKey(() => unhex(seed));
      expect(Buffer.from(bytesOf(key.publicKey)).toString('hex')).toBe(publicKey);
      expect(Buffer.from(key.sign(unhex(message))).toString('hex')).toBe(signature);
    }
  });
});

describe('a second verifier, reckoned in plain integers and with frames made by hand', () => {
  test('agrees on every signature', () => {
    for (const { name, publicKey, message, signature, good } of signatures)
      expect([name, isGood(unhex(publicKey), unhex(message), unhex(signature))]).toEqual([name, good]);
  });

  test('agrees on every record: the signature alone is wrong where the file says so', () => {
    for (const { name, type, publicKey, payload, sig, opens } of records) {
      if (opens === 'key') continue;
      const body = Buffer.from(payload, 'base64url');
      const length = Buffer.from(body.byteLength.toString(16).padStart(16, '0'), 'hex');
      const framed = Buffer.concat([Buffer.from(`dd0c-run/${type}/v1`), Buffer.from([0]), length, body]);
      const good = isGood(bytesOf(publicKey), framed, bytesOf(sig));
      expect([name, good]).toEqual([name, opens !== 'signature']);
    }
  });
});
