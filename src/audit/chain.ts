import { createHash } from 'node:crypto';
import { canonicalBytes } from '../protocol/canonical.ts';

/** The part of an event that the chain binds. Only ciphertext is hashed, so destroying a key leaves the chain checkable. */
export interface Link {
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly payload: Uint8Array;
  readonly prevHash: Uint8Array;
}

const FRAME = Buffer.from('dd0c-run/event/v1\0');

/** What the first event of a stream points back to. */
export const GENESIS: Uint8Array = new Uint8Array(32);

/** SHA-256 over the framed RFC 8785 form of the link; 32 bytes. */
export function linkHash(link: Link): Uint8Array {
  const { tenant, stream, version, type, at } = link;
  const payload = createHash('sha256').update(link.payload).digest('hex');
  const prev = Buffer.from(link.prevHash).toString('hex');
  return createHash('sha256')
    .update(FRAME)
    .update(canonicalBytes({ tenant, stream, version, type, at, payload, prev }))
    .digest();
}
