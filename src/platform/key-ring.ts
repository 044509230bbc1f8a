import { z } from 'zod';
import { MAX_BUNDLE_LIFE_MS } from '../protocol/bundle.ts';
import type { Signer, VerifyKey } from '../protocol/keys.ts';
import { parseRecord, signRecord } from '../protocol/records.ts';
import { decodeSigned, encodedSignedSchema, encodeSigned, type Signed } from '../protocol/signed.ts';
import { KEY_ROLES, type KeyRole, openTrust } from '../protocol/trust.ts';

/** After its successor has come, a key verifies for as long as this (docs/threats.md, section 3). */
export const OVERLAP_MS = 24 * 3_600_000;
/** A bundle is renewed when it is half over, which leaves time to notice that it was not. */
export const RENEW_LEFT_MS = MAX_BUNDLE_LIFE_MS / 2;
/** With less left than this, and nobody but a person to renew it, the person is reminded. */
export const REMIND_LEFT_MS = 10 * 24 * 3_600_000;
/** The clocks of our own machines may differ by this much. */
const CLOCKS_DIFFER_MS = 3_600_000;
/** As many of each as a bundle holds (src/protocol/bundle.ts). */
const MAX_KEYS = 16;
const MAX_REVOKED = 256;

/** The public half of a key. */
export interface PublicKey {
  readonly keyId: string;
  readonly publicKey: string;
}

/** A key with a role. Times are in ms since 1970. */
export interface RingKey extends PublicKey {
  readonly since: number;
  /** Until when it verifies what it has signed; null while it signs. */
  readonly until: number | null;
}

/** Which keys have which role, under one version that only rises. In each role the newest comes first, and signs. */
export interface Ring extends Readonly<Record<KeyRole, readonly RingKey[]>> {
  readonly version: number;
  readonly iat: number;
  readonly exp: number;
  readonly revoked: readonly string[];
}

export type RingResult =
  | { readonly ok: true; readonly ring: Ring }
  | { readonly ok: false; readonly sentence: string };

/** The first ring of a folder, with one key a role. */
export function firstRing(keys: Readonly<Record<KeyRole, PublicKey>>, now: number): Ring {
  const only = (role: KeyRole) => [signing(keys[role], now)];
  return { version: 1, ...lifeFrom(now), dispatch: only('dispatch'), approve: only('approve'), revoked: [] };
}

/** The ring for another 30 days, without the keys whose overlap is over. */
export function renewed(ring: Ring, now: number): Ring {
  const kept = (role: KeyRole) => ring[role].filter((key) => !isOver(key, now));
  const roles = { dispatch: kept('dispatch'), approve: kept('approve') };
  return { ...ring, ...lifeFrom(now), ...roles, version: ring.version + 1 };
}

/** The ring in which `key` signs from now on, and the one before it verifies for `OVERLAP_MS` more. */
export function rotated(ring: Ring, role: KeyRole, key: PublicKey, now: number): RingResult {
  const next = renewed(ring, now);
  if (next[role].length >= MAX_KEYS)
    return refuse(`The role ${role} has ${MAX_KEYS} keys already. Revoke one, or wait for the oldest to go.`);
  const older = next[role].map((before) => ({ ...before, until: before.until ?? now + OVERLAP_MS }));
  return { ok: true, ring: { ...next, [role]: [signing(key, now), ...older] } };
}

/** The ring without a key, at once. When it was the one that signs, `successor` signs from now on. */
export function revoked(ring: Ring, keyId: string, successor: PublicKey, now: number): RingResult {
  if (ring.revoked.includes(keyId)) return refuse(`The key ${keyId} is revoked already.`);
  const role = roleOf(ring, keyId);
  if (role === null)
    return refuse(`There is no key ${keyId} in the trust bundle. dd0c keys lists those that are.`);
  const next = renewed(ring, now);
  const others = next[role].filter((key) => key.keyId !== keyId);
  const keys = signerOf(ring, role).keyId === keyId ? [signing(successor, now), ...others] : others;
  const all = [...next.revoked, keyId].slice(-MAX_REVOKED);
  return { ok: true, ring: { ...next, [role]: keys, revoked: all } };
}

/** Which role a key has in the ring, or null. */
export function roleOf(ring: Ring, keyId: string): KeyRole | null {
  return KEY_ROLES.find((role) => ring[role].some((key) => key.keyId === keyId)) ?? null;
}

/** The key that signs. */
export function signerOf(ring: Ring, role: KeyRole): RingKey {
  const [first] = ring[role];
  if (first === undefined) throw new TypeError(`The ring has no key for the role ${role}.`);
  return first;
}

/**
 * True when the ring wants to be renewed: it is half over, a key in it has had its time, or it was made by a clock that was
 * ahead and would be believed for too long.
 */
export function isDue(ring: Ring, now: number): boolean {
  const keys = KEY_ROLES.flatMap((role) => ring[role]);
  const isAhead = ring.iat - now > CLOCKS_DIFFER_MS;
  return isAhead || ring.exp - now < RENEW_LEFT_MS || keys.some((key) => isOver(key, now));
}

/** What a person has to do about the ring, in a sentence, or null. With the root key at hand it is renewed by itself. */
export function reminder(ring: Ring, hasRoot: boolean, now: number): string | null {
  if (now > ring.exp)
    return `The trust bundle expired on ${dayOf(ring.exp)}, so no agent starts anything. ${RENEW}`;
  if (hasRoot || ring.exp - now >= REMIND_LEFT_MS) return null;
  return `The trust bundle expires on ${dayOf(ring.exp)}; from then on no agent starts anything. ${RENEW}`;
}

const RENEW = 'Renew it: dd0c keys renew --root FILE.';

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

const lifeFrom = (now: number) => ({ iat: now, exp: now + MAX_BUNDLE_LIFE_MS });

const signing = ({ keyId, publicKey }: PublicKey, since: number): RingKey => ({
  keyId,
  publicKey,
  since,
  until: null,
});

const isOver = ({ until }: RingKey, now: number): boolean => until !== null && until <= now;

/** The ring as it is kept: the bundle that agents believe, and the times of each key, which concern only us. */
const keptSchema = z.strictObject({
  times: z.record(
    z.string(),
    z.strictObject({ since: z.int().nonnegative(), until: z.int().nonnegative().nullable() }),
  ),
  signed: encodedSignedSchema,
});

/** Signs the ring with the root key; returns the text to keep. */
export function sealRing(ring: Ring, root: Signer): string {
  const bare = (role: KeyRole) =>
    ring[role].map(({ keyId, publicKey }) => ({ key_id: keyId, public_key: publicKey }));
  const { version, iat, exp, revoked } = ring;
  const roles = { dispatch: bare('dispatch'), approve: bare('approve'), revoked: [...revoked] };
  const signed = signRecord('bundle', { v: 1, typ: 'bundle', version, iat, exp, ...roles }, root);
  const keys = KEY_ROLES.flatMap((role) => ring[role]);
  const times = Object.fromEntries(keys.map(({ keyId, since, until }) => [keyId, { since, until }]));
  return `${JSON.stringify({ times, signed: encodeSigned(signed) }, null, 2)}\n`;
}

/** Opens a kept ring. Throws when it is malformed, or when an agent that pins this root key would not believe it. */
export function openRing(text: string, root: VerifyKey): { readonly ring: Ring; readonly signed: Signed } {
  const { times, signed: encoded } = keptSchema.parse(JSON.parse(text));
  const signed = decodeSigned(encoded);
  const believed = openTrust(signed, root);
  if (!believed.ok) throw new TypeError(believed.sentence);
  const parsed = parseRecord('bundle', signed.payload);
  if (!parsed.ok) throw new TypeError(parsed.sentence);
  const { version, iat, exp, revoked, ...roles } = parsed.record;
  const keysOf = (role: KeyRole): RingKey[] =>
    roles[role].map(({ key_id: keyId, public_key: publicKey }) => {
      const time = times[keyId];
      if (time === undefined) throw new TypeError(`Nothing is kept of when the key ${keyId} came.`);
      return { keyId, publicKey, ...time };
    });
  const ring = { version, iat, exp, dispatch: keysOf('dispatch'), approve: keysOf('approve'), revoked };
  return { ring, signed };
}

function refuse(sentence: string): RingResult {
  return { ok: false, sentence };
}
