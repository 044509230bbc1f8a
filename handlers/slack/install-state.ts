import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../../src/platform/clock.ts';

/** How long a person may take on Slack's page (ms). Slack's own code lives as long (docs.slack.dev/authentication/installing-with-oauth). */
export const STATE_MS = 10 * 60_000;
const NONCE_BYTES = 32;
const KEY_BYTES = 32;

export type StateCheck = 'good' | 'expired' | 'forged';

/**
 * The `state` of an installation under way: 256 random bits and an end, under a MAC that any of our servers can check.
 * Nothing is kept: the browser's cookie ties it to one browser, Slack's code makes it good for one use.
 */
export function installStates(clientSecret: string, clock: Clock, random: Random) {
  const key = Buffer.from(hkdfSync('sha256', clientSecret, '', 'dd0c/run slack install state', KEY_BYTES));
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    make(): string {
      const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url');
      const text = `${clock.now() + STATE_MS}.${nonce}`;
      return `${text}.${mac(text).toString('base64url')}`;
    },
    check(state: string): StateCheck {
      const [end = '', nonce = '', given = ''] = state.split('.');
      const expected = mac(`${end}.${nonce}`);
      const bytes = Buffer.from(given, 'base64url');
      if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return 'forged';
      return clock.now() <= Number(end) ? 'good' : 'expired';
    },
  };
}
