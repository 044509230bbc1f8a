import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../src/audit/log.ts';
import type { Signal } from '../../src/incident/incident.ts';
import { recordSignal } from '../../src/incident/service.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import { tenantState } from '../../src/tenant/service.ts';
import { readBody } from './body.ts';
import { readEvent } from './pagerduty-event.ts';
import { isSigned } from './signature.ts';

/** Where PagerDuty sends the events of a workspace: this and the workspace's Slack id. */
export const PAGERDUTY_PATH = '/webhooks/pagerduty/';

/** PagerDuty sends 256 KB at most ("Size Limit"); this is four times that (bytes). */
export const MAX_BODY_BYTES = 1024 * 1024;
/** PagerDuty gives up after 5 s ("Timeouts"); nobody honest takes twice that to send (ms). */
const BODY_LIMIT_MS = 10_000;
/**
 * How old an event may be (ms). PagerDuty tries one webhook for about 20 minutes and holds later ones back meanwhile;
 * after three that it could not deliver it drops the rest ("Retries", "Temporary Disablement"). What is older than an
 * hour is therefore no delivery of PagerDuty's; two hours leave room.
 */
export const MAX_AGE_MS = 2 * 60 * 60_000;
/** How far in the future an event may lie: clocks differ (ms). */
export const MAX_AHEAD_MS = 5 * 60_000;
/** After how long PagerDuty may ask again (s). */
const RETRY_AFTER_S = '5';
/**
 * How many requests may be at the database at once; 429 for the rest, which PagerDuty sends again. A flood of webhooks
 * must not keep a stop from its connection.
 */
const MAX_AT_ONCE = 64;
const MAX_LOGGED = 32;

export interface PagerDutyDeps {
  readonly log: Log;
  readonly logger: Logger;
  readonly clock: { now(): number };
}

export type PagerDutyHook = (req: IncomingMessage, res: ServerResponse, tenant: TenantId) => Promise<void>;

/** What Slack calls its workspaces. Whatever else stands in the address belongs to nobody, and is asked for nowhere. */
const WORKSPACE = /^[A-Z0-9]{2,32}$/;

/**
 * Answers one request of PagerDuty's. What PagerDuty signed is answered with 2xx even when it is not recorded: three
 * answers of 4xx in a row make it stop sending for a day. Only when we could not record it, 503 asks for it again.
 */
export function createPagerDutyHook({ log, logger, clock }: PagerDutyDeps): PagerDutyHook {
  async function take(bytes: Buffer, header: string | undefined, tenant: TenantId): Promise<Answer> {
    const known = WORKSPACE.test(tenant) ? await tenantState(log, tenant) : null;
    // A workspace that removed the app has nobody to show a page to.
    const secrets = (known?.removed ? null : known?.settings?.pagerdutySecrets) ?? [];
    // Before anything is parsed. Who is unknown, has no secret or signed wrongly hears the same.
    if (!isSigned(bytes, header, secrets)) {
      logger.warn({ tenant: tenant.slice(0, MAX_LOGGED) }, 'a webhook without a good signature was refused');
      return { status: 401, says: 'The signature is missing or wrong.' };
    }
    const reading = readEvent(bytes);
    switch (reading.kind) {
      case 'ignored':
        return { status: 200, says: 'Received.' };
      case 'unreadable':
        logger.warn({ tenant }, 'a signed webhook is no event of PagerDuty’s v3 format and was refused');
        return { status: 400, says: 'This is no event of the v3 format.' };
      case 'signal': {
        const odd = oddAge(reading.signal, clock.now());
        if (odd) {
          logger.warn({ tenant, event: reading.signal.kind, odd }, 'a signed page was not recorded');
          return { status: 202, says: `Not recorded: it is ${odd}.` };
        }
        const { external, signal } = reading;
        await recordSignal(log, tenant, { provider: 'pagerduty', external, signal });
        return { status: 202, says: 'Received.' };
      }
    }
  }

  let atOnce = 0;
  async function takeInTurn(bytes: Buffer, header: string | undefined, tenant: TenantId): Promise<Answer> {
    if (atOnce >= MAX_AT_ONCE) return { status: 429, says: 'Too many at once. Send it again.' };
    atOnce += 1;
    try {
      return await take(bytes, header, tenant);
    } catch (err) {
      logger.error({ err, tenant }, 'a page could not be recorded; PagerDuty is asked to send it again');
      return { status: 503, says: 'Not recorded. Send it again.' };
    } finally {
      atOnce -= 1;
    }
  }

  return async (req, res, tenant) => {
    if (req.method !== 'POST') return answer(res, { status: 405, says: 'Use POST.' });
    const body = await readBody(req, MAX_BODY_BYTES, BODY_LIMIT_MS);
    switch (body.kind) {
      case 'gone':
        res.destroy();
        return;
      case 'too-large':
        logger.warn({ tenant: tenant.slice(0, MAX_LOGGED) }, 'a webhook of more than 1 MiB was refused');
        // Said at once; ended only when the sender has, or they might lose the answer with their connection.
        res.writeHead(413, PLAIN).write('The body is larger than 1 MiB.\n');
        await body.over;
        res.end();
        return;
      case 'read':
        return answer(res, await takeInTurn(body.bytes, headerOf(req), tenant));
    }
  };
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };

interface Answer {
  readonly status: number;
  readonly says: string;
}

function oddAge({ occurredAt }: Signal, now: number): string | null {
  if (now - occurredAt > MAX_AGE_MS) return 'older than two hours';
  return occurredAt - now > MAX_AHEAD_MS ? 'more than five minutes in the future' : null;
}

function headerOf(req: IncomingMessage): string | undefined {
  const value = req.headers['x-pagerduty-signature'];
  return Array.isArray(value) ? value.join(',') : value;
}

function answer(res: ServerResponse, { status, says }: Answer): void {
  const headers = {
    ...PLAIN,
    ...(status === 503 || status === 429 ? { 'retry-after': RETRY_AFTER_S } : {}),
    ...(status === 405 ? { allow: 'POST' } : {}),
  };
  res.writeHead(status, headers).end(`${says}\n`);
}
