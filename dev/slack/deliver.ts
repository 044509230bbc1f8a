import { createHmac } from 'node:crypto';
import { type Json, parseJson } from './json.ts';
import type { Answer, Delivery, Workspace } from './state.ts';

/** Slack waits this long for an answer: docs.slack.dev/interactivity/handling-user-interaction */
const ACK_MS = 3_000;
/** Events are sent again at once, after a minute and after five: docs.slack.dev/apis/events-api */
const EVENT_RETRY_MS: readonly number[] = [0, 60_000, 300_000];

/** What is sent to the app’s request URL. */
export type DeliveryKind = 'event' | 'interaction' | 'command';

/** Slack’s waits in ms: for an answer, and before each repetition of an event. */
export interface Timing {
  readonly ackMs: number;
  readonly eventRetryMs: readonly number[];
}

/** The headers Slack signs a request with: HMAC-SHA256 over `v0:<timestamp>:<body>`, timestamp in seconds. */
export function signatureHeaders(secret: string, body: string, timestamp: number): Record<string, string> {
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': `v0=${digest}` };
}

/** A request body as Slack writes it: JSON for events, a form with one `payload` for interactions, a plain form for commands. */
export function encode(kind: DeliveryKind, payload: Json): { body: string; contentType: string } {
  const form = 'application/x-www-form-urlencoded';
  switch (kind) {
    case 'event':
      return { body: JSON.stringify(payload), contentType: 'application/json' };
    case 'interaction':
      return {
        body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
        contentType: form,
      };
    case 'command': {
      const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
      return { body: new URLSearchParams(fields).toString(), contentType: form };
    }
    default: {
      const never: never = kind;
      return never;
    }
  }
}

/** The way from the simulator to the app: signs, sends, waits three seconds, repeats events, remembers every answer. */
export class AppLink {
  appUrl: string | null;
  readonly #workspace: Workspace;
  readonly #secret: string;
  readonly #timing: Timing;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closing = new AbortController();

  constructor(workspace: Workspace, secret: string, appUrl: string | null, timing: Partial<Timing> = {}) {
    this.#workspace = workspace;
    this.#secret = secret;
    this.appUrl = appUrl;
    this.#timing = { ackMs: ACK_MS, eventRetryMs: EVENT_RETRY_MS, ...timing };
  }

  /**
   * Sends one signed request and returns what the app answered; status 0 when no answer came in time. `skewMs` moves the
   * signed time, for tests of stale and future requests.
   */
  async send(
    kind: DeliveryKind,
    payload: Json,
    { skewMs = 0, retry = 0, reason = '' } = {},
  ): Promise<Answer> {
    const { body, contentType } = encode(kind, payload);
    const at = this.#workspace.now();
    const headers = {
      'content-type': contentType,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      ...signatureHeaders(this.#secret, body, Math.floor((at + skewMs) / 1000)),
      ...(retry > 0 ? { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': reason } : {}),
    };
    const answer = await this.#request(body, headers);
    const delivery: Delivery = { kind, payload, retry, at, ...answer };
    this.#workspace.deliveries.push(delivery);
    this.#workspace.changed();
    return answer;
  }

  /** Sends an event; when the app fails, sends it again as Slack does. Resolves with the answer to the first try. */
  async sendEvent(payload: Json): Promise<Answer> {
    const first = await this.send('event', payload);
    if (failed(first)) this.#again(payload, 1, first);
    return first;
  }

  #again(payload: Json, retry: number, last: Answer): void {
    const delay = this.#timing.eventRetryMs[retry - 1];
    if (delay === undefined || this.#closing.signal.aborted) return;
    const timer = setTimeout(async () => {
      this.#timers.delete(timer);
      const answer = await this.send('event', payload, { retry, reason: retryReason(last) });
      if (failed(answer)) this.#again(payload, retry + 1, answer);
    }, delay);
    this.#timers.add(timer.unref());
  }

  async #request(body: string, headers: Record<string, string>): Promise<Answer> {
    if (this.appUrl === null) return { status: 0, body: null, shown: 'connection_failed' };
    const timeout = AbortSignal.timeout(this.#timing.ackMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    try {
      const response = await fetch(this.appUrl, {
        method: 'POST',
        body,
        headers,
        redirect: 'manual',
        signal,
      });
      const text = await response.text();
      return {
        status: response.status,
        body: parseJson(text) ?? text,
        shown: response.ok ? null : 'http_error',
      };
    } catch {
      return { status: 0, body: null, shown: timeout.aborted ? 'http_timeout' : 'connection_failed' };
    }
  }

  /** Gives up what is under way and sends nothing again. */
  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** True when Slack counts the answer as a failure: anything but a 2xx within the limit. */
export function failed(answer: Answer): boolean {
  return answer.status < 200 || answer.status > 299;
}

function retryReason(answer: Answer): string {
  return answer.shown ?? 'unknown_error';
}
