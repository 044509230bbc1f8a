import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { MAX_BUNDLE_LIFE_MS } from '../../src/protocol/bundle.ts';
import { canonicalBytes, fromBase64url, toBase64url } from '../../src/protocol/canonical.ts';
import { frame } from '../../src/protocol/framing.ts';
import { generateKey, keyIdOf, loadSigningKey, loadVerifyKey } from '../../src/protocol/keys.ts';
import { isUsablePoint } from '../../src/protocol/point.ts';
import type { Signed } from '../../src/protocol/signed.ts';
import { openTrust } from '../../src/protocol/trust.ts';
import { approveKey, bundleWith, dispatchKey, keyFrom, roleKey, root, rootKey, T0 } from '../agent/world.ts';
import { encode, IDENTITY } from '../support/edwards.ts';

describe('public keys', () => {
  test('a generated key signs what its public half verifies, and survives its PEM', () => {
    const key = loadSigningKey(generateKey((size) => randomBytes(size)).privatePem);
    const loaded = loadVerifyKey(key.publicKey);
    const bytes = new Uint8Array([1, 2, 3]);
    expect(loaded.ok && loaded.key.verify(bytes, key.sign(bytes))).toBe(true);
    expect(loaded.ok && loaded.key.verify(new Uint8Array([1, 2, 4]), key.sign(bytes))).toBe(false);
  });

  test('a key id is the first 16 hex digits of the hash of the raw public bytes', () => {
    const key = keyFrom('any');
    expect(key.keyId).toBe(keyIdOf(fromBase64url(key.publicKey) ?? new Uint8Array()));
    expect(key.keyId).toMatch(/^[0-9a-f]{16}$/);
  });

  test('a key of another length or spelling is refused', () => {
    const { publicKey } = keyFrom('any');
    const texts = [
      '',
      publicKey.slice(1),
      `${publicKey}=`,
      `${publicKey}A`,
      ` ${publicKey}`,
      publicKey.replace(/.$/, '!'),
    ];
    for (const text of texts) expect(loadVerifyKey(text).ok).toBe(false);
  });

  test('bytes that are not 32 are no point', () => {
    for (const size of [0, 31, 33]) expect(isUsablePoint(new Uint8Array(size).fill(1))).toBe(false);
  });

  test('a private key of another kind, or made of too little chance, is a fault', () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(() => loadSigningKey(pem)).toThrow('Ed25519');
    expect(() => generateKey((size) => new Uint8Array(size - 1))).toThrow('32 random bytes');
  });

  test('two hundred honest keys are all taken', () => {
    for (let n = 0; n < 200; n += 1) expect(loadVerifyKey(keyFrom(`key ${n}`).publicKey).ok).toBe(true);
  });
});

describe('trust bundles', () => {
  const dispatch = roleKey(dispatchKey);
  const stranger = roleKey(keyFrom('stranger'));
  const small = toBase64url(encode(IDENTITY));

  test('a sound bundle opens with its keys by role, its version and its end', () => {
    const opened = openTrust(bundleWith({ version: 4 }), root);
    if (!opened.ok) throw new Error(opened.sentence);
    const { trust } = opened;
    expect([...trust.dispatch.keys(), ...trust.approve.keys()]).toEqual([
      dispatchKey.keyId,
      approveKey.keyId,
    ]);
    expect([trust.version, trust.exp]).toEqual([4, T0 + MAX_BUNDLE_LIFE_MS]);
  });

  test('a revoked key has no role, and the others keep theirs', () => {
    const keys = { dispatch: [dispatch, stranger], revoked: [dispatchKey.keyId, 'f'.repeat(16)] };
    const opened = openTrust(bundleWith(keys), root);
    expect(opened.ok && [...opened.trust.dispatch.keys()]).toEqual([stranger.key_id]);
  });

  const wrong: readonly (readonly [string, Signed, string])[] = [
    ['one key has two roles', bundleWith({ approve: [dispatch] }), 'a key has one role'],
    [
      'one key has two roles and is revoked',
      bundleWith({ approve: [dispatch], revoked: [dispatchKey.keyId] }),
      'a key has one role',
    ],
    ['a key stands twice in one role', bundleWith({ dispatch: [dispatch, dispatch] }), 'a key has one role'],
    ['the root key has a role', bundleWith({ approve: [roleKey(rootKey)] }), 'a key has one role'],
    [
      'a key has the id of another',
      bundleWith({ dispatch: [{ ...dispatch, key_id: approveKey.keyId }] }),
      'has another id',
    ],
    [
      'a key is of small order',
      bundleWith({ dispatch: [{ key_id: keyIdOf(encode(IDENTITY)), public_key: small }] }),
      'not a usable',
    ],
    [
      'a key is not 32 bytes',
      bundleWith({ dispatch: [{ ...dispatch, public_key: 'AAAA' }] }),
      'must be 32 bytes',
    ],
    ['a role key signed it', bundleWith({}, dispatchKey), 'No key'],
    [
      'a role key signed it under the name of the root',
      { ...bundleWith({}, approveKey), keyId: rootKey.keyId },
      'signature',
    ],
  ];
  test.each(wrong)('a bundle is refused as a whole when %s', (_, signed, why) => {
    expect(openTrust(signed, root)).toEqual({ ok: false, sentence: expect.stringContaining(why) });
  });
});

describe('signed bytes', () => {
  test('the frame holds the type, a zero, the length in 64 bits and the payload', () => {
    const framed = Buffer.from(frame('job', new Uint8Array([0xaa, 0xbb])));
    expect(framed.toString('latin1')).toBe('dd0c-run/job/v1\0\0\0\0\0\0\0\0\x02\xaa\xbb');
  });

  test('canonical bytes are RFC 8785: keys sorted by UTF-16 unit, no spaces, shortest numbers', () => {
    const text = new TextDecoder().decode(
      canonicalBytes({ b: [1e21, 0.5, -0], a: { '\u20ac': 'é\n', '\r': null } }),
    );
    expect(text).toBe('{"a":{"\\r":null,"€":"é\\n"},"b":[1e+21,0.5,0]}');
  });

  test('what JSON cannot hold has no canonical bytes', () => {
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, '\ud800']) {
      expect(() => canonicalBytes(value)).toThrow();
    }
  });
});
