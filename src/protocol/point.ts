const P = 2n ** 255n - 19n;
const D = mod(-121665n * power(121666n, P - 2n));

/**
 * The y coordinates of the eight points whose order divides 8: (0, 1), (0, -1), (±sqrt(-1), 0) and the four of order 8.
 * A verifier that takes one of them as a public key takes a forged signature for any message.
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/**
 * True when 32 bytes are the canonical encoding of a point on edwards25519 (RFC 8032, 5.1.3) whose order is not one of
 * 1, 2, 4, 8.
 */
export function isUsablePoint(raw: Uint8Array): boolean {
  if (raw.byteLength !== 32) return false;
  const encoded = BigInt(`0x${Buffer.from(raw).reverse().toString('hex')}`);
  const y = encoded & (2n ** 255n - 1n);
  return y < P && !SMALL_ORDER_Y.has(y) && isOnCurve(y);
}

/** x² = (y² - 1) / (d·y² + 1) has a solution: Euler's criterion on numerator times denominator. */
function isOnCurve(y: bigint): boolean {
  const square = mod(y * y);
  return power(mod((square - 1n) * (D * square + 1n)), (P - 1n) / 2n) !== P - 1n;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) {
    if (e & 1n) result = mod(result * b);
  }
  return result;
}
