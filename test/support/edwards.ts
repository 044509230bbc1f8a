import { createHash } from 'node:crypto';

/** Ed25519 reckoned in plain integers, to check the library and the tables of the product by. Slow, and not constant in time. */

export const P = 2n ** 255n - 19n;
/** The order of the large subgroup. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (value: bigint, modulus = P) => ((value % modulus) + modulus) % modulus;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b))
    if (e & 1n) result = mod(result * b);
  return result;
}
const invert = (value: bigint) => power(value, P - 2n);
const D = mod(-121665n * invert(121666n));

/** A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z (RFC 8032, 5.1.4). */
export type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint];

export const IDENTITY: Point = [0n, 1n, 1n, 0n];
const affine = (x: bigint, y: bigint): Point => [x, y, 1n, mod(x * y)];

export function add([X1, Y1, Z1, T1]: Point, [X2, Y2, Z2, T2]: Point): Point {
  const a = mod((Y1 - X1) * (Y2 - X2));
  const b = mod((Y1 + X1) * (Y2 + X2));
  const c = mod(2n * T1 * D * T2);
  const d = mod(2n * Z1 * Z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

export function times(factor: bigint, point: Point): Point {
  let result = IDENTITY;
  for (let k = factor, p = point; k > 0n; k >>= 1n, p = add(p, p)) if (k & 1n) result = add(result, p);
  return result;
}

/** The point with this y and, of the two, the x of this parity; null when the curve has none. */
export function pointAt(y: bigint, isOdd = false): Point | null {
  const square = mod((y * y - 1n) * invert(mod(D * y * y + 1n)));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (mod(x * x) !== square || (x === 0n && isOdd)) return null;
  return affine((x & 1n) === (isOdd ? 1n : 0n) ? x : P - x, mod(y));
}

export const BASE = pointAt(mod(4n * invert(5n))) ?? IDENTITY;

/** 32 bytes, little-endian. */
export const toBytes = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
export const toInteger = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);

export function encode([X, Y, Z]: Point): Uint8Array {
  const inverse = invert(Z);
  return toBytes(mod(Y * inverse) | ((mod(X * inverse) & 1n) << 255n));
}

/** The point that 32 bytes are the one encoding of, or null. */
function decode(bytes: Uint8Array): Point | null {
  const all = toInteger(bytes);
  const y = all & (2n ** 255n - 1n);
  return bytes.byteLength === 32 && y < P ? pointAt(y, all >> 255n === 1n) : null;
}

/** All eight multiples of a point of order 8, found without any table: L times any point is one of them. */
export function smallOrderPoints(): readonly Point[] {
  for (let y = 2n; ; y += 1n) {
    const point = pointAt(y);
    if (point === null) continue;
    const small = times(L, point);
    const multiples = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((factor) => times(factor, small));
    if (new Set(multiples.map((one) => Buffer.from(encode(one)).toString('hex'))).size === 8)
      return multiples;
  }
}

const sha512 = (...parts: readonly Uint8Array[]): Uint8Array =>
  createHash('sha512').update(Buffer.concat(parts)).digest();

/** The secret scalar of a 32-byte seed (RFC 8032, 5.1.5). */
export function scalarOf(seed: Uint8Array): bigint {
  const low = toInteger(sha512(seed).subarray(0, 32));
  return (low & (2n ** 254n - 8n)) | (1n << 254n);
}

/** What the signer multiplies its secret by: SHA-512(R || A || message) mod L. */
export function challengeOf(R: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return mod(toInteger(sha512(R, publicKey, message)), L);
}

/**
 * True when the signature is good by RFC 8032, 5.1.7, without the cofactor, and the key is no point of small order.
 */
export function isGood(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const A = decode(publicKey);
  const [R, S] = [signature.subarray(0, 32), toInteger(signature.subarray(32))];
  if (A === null || signature.byteLength !== 64 || S >= L || isIdentity(times(8n, A))) return false;
  const minusA: Point = [mod(-A[0]), A[1], A[2], mod(-A[3])];
  const expected = add(times(S, BASE), times(challengeOf(R, publicKey, message), minusA));
  return Buffer.compare(encode(expected), R) === 0;
}

export function isIdentity(point: Point): boolean {
  return Buffer.compare(encode(point), encode(IDENTITY)) === 0;
}
