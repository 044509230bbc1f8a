/** A pager for demos and tests: makes events of PagerDuty's v3 webhook, signs them as PagerDuty does, and sends them. */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

export interface PagerOptions {
  /** Where the workspace's webhook arrives: `…/webhooks/pagerduty/<workspace>`. */
  readonly url: string;
  /** One signature for each, as while a secret is being replaced. */
  readonly secrets: readonly string[];
  readonly now?: () => number;
}

/** What can be said of an incident; everything left out has a plain value. */
export interface PageSpec {
  readonly id?: string;
  readonly title?: string;
  readonly service?: string | null;
  readonly urgency?: 'high' | 'low';
  readonly priority?: string | null;
  readonly number?: number;
  readonly url?: string | null;
  readonly by?: string | null;
  /** When it happened, in milliseconds since 1970. */
  readonly at?: number;
  /** The event's own id; the same again is a repeat. */
  readonly eventId?: string;
}

export type PagerEvent =
  | 'incident.triggered'
  | 'incident.acknowledged'
  | 'incident.unacknowledged'
  | 'incident.resolved'
  | 'incident.reopened'
  | 'incident.priority_updated'
  | 'incident.annotated'
  | 'pagey.ping';

export interface Sent {
  readonly status: number;
  readonly text: string;
}

/** How often PagerDuty tries one webhook ("Retries"); the waits between are shorter here. */
const MAX_TRIES = 5;
const FIRST_WAIT_MS = 200;

/** A pager of one workspace. */
export function startPager({ url, secrets, now = Date.now }: PagerOptions) {
  const body = (type: PagerEvent, spec: PageSpec = {}): string => eventBody(type, spec, now());
  const deliver = (text: string, header = signature(text, secrets)): Promise<Sent> => post(url, text, header);
  /** As PagerDuty: again after no answer, 5xx or 429, up to five times in all. */
  const send = async (type: PagerEvent, spec: PageSpec = {}): Promise<Sent> => {
    const text = body(type, spec);
    for (let attempt = 1; ; attempt++) {
      const sent = await deliver(text).catch((error: unknown) => {
        if (attempt === MAX_TRIES) throw error;
        return { status: 0, text: '' };
      });
      const again = sent.status === 0 || sent.status === 429 || sent.status >= 500;
      if (!again || attempt === MAX_TRIES) return sent;
      await wait(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  };
  return {
    url,
    body,
    deliver,
    send,
    trigger: (spec?: PageSpec) => send('incident.triggered', spec),
    acknowledge: (spec?: PageSpec) => send('incident.acknowledged', spec),
    resolve: (spec?: PageSpec) => send('incident.resolved', spec),
    reopen: (spec?: PageSpec) => send('incident.reopened', spec),
    ping: () => send('pagey.ping'),
  };
}

export type Pager = ReturnType<typeof startPager>;

/** `X-PagerDuty-Signature` of a body: `v1=` and the HMAC-SHA256 in hex, one for each secret, separated by commas. */
export function signature(body: string | Uint8Array, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`).join(',');
}

async function post(url: string, body: string, header: string): Promise<Sent> {
  const headers = { 'content-type': 'application/json', 'x-pagerduty-signature': header };
  const answer = await fetch(url, { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text() };
}

function eventBody(type: PagerEvent, spec: PageSpec, now: number): string {
  const moment = new Date(spec.at ?? now).toISOString();
  const event = {
    id: spec.eventId ?? randomUUID(),
    event_type: type,
    resource_type: type.split('.')[0],
    occurred_at: moment,
    agent: spec.by ? { id: 'PAGENT1', type: 'user_reference', summary: spec.by } : null,
    client: null,
    data: type === 'pagey.ping' ? { type: 'ping', message: 'Hello' } : incident(spec, moment),
  };
  return JSON.stringify({ event });
}

function incident(spec: PageSpec, moment: string) {
  const { id = 'PINC001', number = 1234 } = spec;
  const reference = (type: string, summary: string) => ({ id: 'PREF001', type, summary });
  const { service = 'payments-api', priority = null } = spec;
  return {
    id,
    type: 'incident',
    html_url: spec.url === undefined ? `https://example.pagerduty.com/incidents/${id}` : spec.url,
    number,
    status: 'triggered',
    created_at: moment,
    title: spec.title ?? 'DiskFull on web-1',
    service: service === null ? null : reference('service_reference', service),
    priority: priority === null ? null : reference('priority_reference', priority),
    urgency: spec.urgency ?? 'high',
    assignees: [],
    teams: [],
    resolve_reason: null,
  };
}
