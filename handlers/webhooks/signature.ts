import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * PagerDuty's scheme, `X-PagerDuty-Signature`: `v1=` and the HMAC-SHA256 of the raw body in lower-case hex, several
 * separated by commas while a secret is being replaced (PagerDuty developer documentation, "Verifying Signatures").
 */
const VERSION = 'v1=';
const HEX = /^[0-9a-f]{64}$/;

/** As many of each as are ever compared: the work is the same whether a workspace has secrets, one, or none. */
const SECRETS = 2;
const SIGNATURES = 8;
/** Stands in for a secret that is not there; equal to it, nothing counts. */
const NOTHING = Buffer.alloc(32);

/**
 * True when one of the header's signatures was made over exactly these bytes with one of the secrets. Every pair is
 * compared, in constant time, and nothing is told early.
 */
export function isSigned(body: Uint8Array, header: string | undefined, secrets: readonly string[]): boolean {
  const given = (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(VERSION) && HEX.test(part.slice(VERSION.length)))
    .map((part) => Buffer.from(part.slice(VERSION.length), 'hex'));
  let good = 0;
  for (let i = 0; i < SECRETS; i++) {
    const secret = secrets[i];
    const wanted = createHmac('sha256', secret ?? NOTHING)
      .update(body)
      .digest();
    for (let j = 0; j < SIGNATURES; j++) {
      const same = timingSafeEqual(wanted, given[j] ?? NOTHING);
      good |= Number(same && secret !== undefined && given[j] !== undefined);
    }
  }
  return good === 1;
}
