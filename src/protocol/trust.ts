import { loadVerifyKey, type VerifyKey } from './keys.ts';
import { openSigned, parseRecord } from './records.ts';
import type { Signed } from './signed.ts';

/** Which public keys may sign what now. The agent believes the newest that its root key has signed. */
export interface Trust {
  /** Only ever rises: an older bundle is never believed again. */
  readonly version: number;
  /** Nothing starts by this bundle after this time (ms since 1970). */
  readonly exp: number;
  readonly dispatch: ReadonlyMap<string, VerifyKey>;
  readonly approve: ReadonlyMap<string, VerifyKey>;
}

/** The newest bundle, as it is handed to agents. */
export interface Bundle {
  readonly version: number;
  readonly signed: Signed;
}

export type TrustResult =
  | { readonly ok: true; readonly trust: Trust }
  | { readonly ok: false; readonly sentence: string };

/**
 * Opens a bundle: signed by the root key, and every key in it usable. One bad key, a wrong key id, one key in two roles,
 * or the root key in any role refuses the whole. A revoked key is in no role. Never throws on any bytes.
 */
export function openTrust(signed: Signed, root: VerifyKey): TrustResult {
  const opened = openSigned('bundle', signed, (keyId) => (keyId === root.keyId ? root : undefined));
  if (!opened.ok) return refuse(opened.sentence);
  const { version, exp, revoked } = opened.record;
  const seen = new Set([root.keyId]);
  const roles = { dispatch: new Map<string, VerifyKey>(), approve: new Map<string, VerifyKey>() };
  for (const role of KEY_ROLES) {
    for (const entry of opened.record[role]) {
      const loaded = loadVerifyKey(entry.public_key);
      if (!loaded.ok) return loaded;
      const { keyId } = loaded.key;
      if (keyId !== entry.key_id)
        return refuse(`The key named ${entry.key_id} in the trust bundle has another id.`);
      if (seen.has(keyId))
        return refuse(`The key ${keyId} stands twice in the trust bundle; a key has one role.`);
      seen.add(keyId);
      if (!revoked.includes(keyId)) roles[role].set(keyId, loaded.key);
    }
  }
  return { ok: true, trust: { version, exp, ...roles } };
}

/** The roles a key may have. */
export const KEY_ROLES = ['dispatch', 'approve'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/**
 * How a key stands in a bundle: it counts, it is revoked, or the bundle does not name it in this role, because it is too
 * new or too old. The bundle is one of our own. Throws when its payload is none.
 */
export function standingOf(
  { signed }: Bundle,
  role: KeyRole,
  keyId: string,
): 'counts' | 'revoked' | 'unheard' {
  const parsed = parseRecord('bundle', signed.payload);
  if (!parsed.ok) throw new TypeError(parsed.sentence);
  if (parsed.record.revoked.includes(keyId)) return 'revoked';
  return parsed.record[role].some(({ key_id }) => key_id === keyId) ? 'counts' : 'unheard';
}

function refuse(sentence: string): TrustResult {
  return { ok: false, sentence };
}
