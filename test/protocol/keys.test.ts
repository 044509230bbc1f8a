import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonicalBytes, fromBase64url, toBase64url } from '../../src/protocol/canonical.ts';
import { frame } from '../../src/protocol/framing.ts';
import { generateKey, keyIdOf, loadSigningKey, loadVerifyKey } from '../../src/protocol/keys.ts';
import { openTrust } from '../../src/protocol/trust.ts';
import { bundle, keyFrom } from '../agent/world.ts';

const P = 2n ** 255n - 19n;
const mod = (value: bigint) => ((value % P) + P) % P;
const power = (base: bigint, exponent: bigint): bigint =>
  exponent === 0n ? 1n : mod(power(mod(base * base), exponent / 2n) * (exponent % 2n === 1n ? base : 1n));
const invert = (value: bigint) => power(value, P - 2n);
const D = mod(-121665n * invert(121666n));

/** Adds two points of edwards25519: an independent reckoning to find the points of small order by. */
function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(D * x1 * x2 * y1 * y2);
  return [
    mod((x1 * y2 + y1 * x2) * invert(mod(1n + product))),
    mod((y1 * y2 + x1 * x2) * invert(mod(1n - product))),
  ];
}
type Point = readonly [bigint, bigint];

function encode([x, y]: Point): Uint8Array {
  const hex = (y | ((x & 1n) << 255n)).toString(16).padStart(64, '0');
  return Buffer.from(hex, 'hex').reverse();
}

function times(factor: bigint, point: Point): Point {
  if (factor === 0n) return [0n, 1n];
  const half = times(factor / 2n, point);
  const double = add(half, half);
  return factor % 2n === 1n ? add(double, point) : double;
}

function pointAt(y: bigint): Point | null {
  const square = mod((y * y - 1n) * invert(mod(D * y * y + 1n)));
  const root = power(square, (P + 3n) / 8n);
  const x = mod(root * root) === square ? root : mod(root * power(2n, (P - 1n) / 4n));
  return mod(x * x) === square ? [x, y] : null;
}

/** The order of the large subgroup: L times any point lands among the eight points of small order. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** All eight multiples of a point of order 8, found without any table. */
function smallOrderPoints(): Point[] {
  for (let y = 2n; ; y += 1n) {
    const point = pointAt(y);
    if (point === null) continue;
    const small = times(L, point);
    const multiples = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((factor) => times(factor, small));
    if (new Set(multiples.map(String)).size === 8) return multiples;
  }
}

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

  test('every one of the eight points of small order is refused as a key', () => {
    const points = smallOrderPoints();
    expect(new Set(points.map(String)).size).toBe(8);
    for (const point of points) expect(times(8n, point)).toEqual([0n, 1n]);
    for (const point of points) expect(loadVerifyKey(toBase64url(encode(point))).ok).toBe(false);
  });

  test('encodings that are not the one encoding of a point are refused', () => {
    const tooLarge = [P, P + 1n, P + 2n, 2n ** 255n - 1n].flatMap((y) => [encode([0n, y]), encode([1n, y])]);
    const notOnCurve = encode([0n, 2n]);
    for (const bytes of [...tooLarge, notOnCurve]) expect(loadVerifyKey(toBase64url(bytes)).ok).toBe(false);
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

  test('two hundred honest keys are all taken', () => {
    for (let n = 0; n < 200; n += 1) expect(loadVerifyKey(keyFrom(`key ${n}`).publicKey).ok).toBe(true);
  });

  test('a signature of another length, of zeros, or with S + L is refused', () => {
    const key = keyFrom('any');
    const loaded = loadVerifyKey(key.publicKey);
    if (!loaded.ok) throw new Error(loaded.sentence);
    const bytes = new Uint8Array([9]);
    const signature = key.sign(bytes);
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + L;
    const sPlusL = Buffer.concat([
      signature.slice(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
    ]);
    for (const wrong of [
      signature.slice(1),
      new Uint8Array(64),
      Buffer.concat([signature, Buffer.alloc(1)]),
      sPlusL,
    ]) {
      expect(loaded.key.verify(bytes, wrong)).toBe(false);
    }
  });
});

describe('trust bundles', () => {
  test('a sound bundle opens with its keys by role', () => {
    const opened = openTrust(bundle);
    expect(opened.ok && [...opened.trust.dispatch.keys()]).toEqual([keyFrom('dispatch').keyId]);
    expect(opened.ok && [...opened.trust.approve.keys()]).toEqual([keyFrom('approve').keyId]);
  });

  const key = bundle.dispatch[0];
  const identity = toBase64url(encode([0n, 1n]));
  const wrong: readonly (readonly [string, unknown])[] = [
    ['one key has two roles', { ...bundle, approve: bundle.dispatch }],
    ['a key stands twice in one role', { ...bundle, dispatch: [key, key] }],
    ['a key has the id of another', { ...bundle, dispatch: [{ ...key, key_id: keyFrom('approve').keyId }] }],
    [
      'a key is of small order',
      { ...bundle, dispatch: [{ key_id: keyIdOf(encode([0n, 1n])), public_key: identity }] },
    ],
    ['a role has no key', { ...bundle, approve: [] }],
    ['a role is missing', { tenant_id: 'T1', dispatch: bundle.dispatch }],
    ['there is a role nobody knows', { ...bundle, root: bundle.dispatch }],
    ['it is not an object', null],
  ];
  test.each(wrong)('a bundle is refused as a whole when %s', (_, value) => {
    expect(openTrust(value).ok).toBe(false);
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
