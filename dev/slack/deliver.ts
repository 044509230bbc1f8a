import { createHmac } from 'node:crypto';
import type { Balancer } from './balancer.ts';
import { isObject, type Json, parseJson } from './json.ts';
import type { Sockets } from './sockets.ts';
import type { Answer, Workspace } from './state.ts';

/** What is sent to the app’s request URL. */
export type DeliveryKind = 'event' | 'interaction' | 'command';

/** Slack’s waits in ms: for an answer, and before each repetition of an event. */
export interface Timing {
  readonly ackMs: number;
  readonly eventRetryMs: readonly number[];
}
/**
 * Slack's own: three seconds for an answer (docs.slack.dev/interactivity/handling-user-interaction); events are sent again at
 * once, after a minute and after five (docs.slack.dev/apis/events-api).
 */
export const SLACK_TIMING: Timing = { ackMs: 3_000, eventRetryMs: [0, 60_000, 300_000] };

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

/** The app as the simulator reaches it, the same from every workspace: by its sockets while one is open, else by its URLs. */
export interface AppSide {
  readonly balancer: Balancer;
  readonly sockets: Sockets;
  readonly signingSecret: string;
  readonly timing: Timing;
}

/** How a request differs from a first and honest one: a moved clock, or a repetition with its reason. */
interface Manner {
  readonly skewMs?: number;
  readonly retry?: number;
  readonly reason?: string;
}

/** The way from one workspace to the app: signs, sends, waits three seconds, repeats events, remembers every answer. */
export class AppLink {
  readonly app: AppSide;
  readonly #workspace: Workspace;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closing = new AbortController();

  constructor(workspace: Workspace, app: AppSide) {
    this.#workspace = workspace;
    this.app = app;
  }

  /**
   * Sends one request and returns what the app answered; status 0 when no answer came in time. `skewMs` moves the signed time,
   * for tests of stale and future requests.
   */
  async send(kind: DeliveryKind, payload: Json, manner: Manner = {}): Promise<Answer> {
    const at = this.#workspace.now();
    const timeout = AbortSignal.timeout(this.app.timing.ackMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    const bySocket = await this.#overSocket(kind, payload, manner, signal);
    const answer = bySocket ?? (await this.#overHttp(kind, payload, manner, signal));
    const late = answer.status === 0 && timeout.aborted ? { ...answer, shown: 'http_timeout' } : answer;
    const via = bySocket ? 'socket' : 'http';
    this.#workspace.deliveries.push({ kind, via, payload, retry: manner.retry ?? 0, at, ...late });
    this.#workspace.changed();
    return late;
  }

  /** Sends an event; when the app fails, sends it again as Slack does. Resolves with the answer to the first try. */
  async sendEvent(payload: Json): Promise<Answer> {
    const first = await this.send('event', payload);
    if (failed(first)) this.#again(payload, 1, first);
    return first;
  }

  #again(payload: Json, retry: number, last: Answer): void {
    const delay = this.app.timing.eventRetryMs[retry - 1];
    if (delay === undefined || this.#closing.signal.aborted) return;
    const timer = setTimeout(async () => {
      this.#timers.delete(timer);
      const answer = await this.send('event', payload, { retry, reason: retryReason(last) });
      if (failed(answer)) this.#again(payload, retry + 1, answer);
    }, delay);
    this.#timers.add(timer.unref());
  }

  /** The answer of a socket; null when none is open. */
  async #overSocket(
    kind: DeliveryKind,
    payload: Json,
    { retry = 0, reason = '' }: Manner,
    signal: AbortSignal,
  ): Promise<Answer | null> {
    const { type, answers } = ENVELOPES[kind];
    const accepts = answers || payload.type === 'view_submission';
    const again = kind === 'event' ? { retry_attempt: retry, retry_reason: reason } : {};
    const receipt = await this.app.sockets.send(
      { type, payload, accepts_response_payload: accepts, ...again },
      signal,
    );
    switch (receipt.kind) {
      case 'none':
        return null;
      case 'silence':
        return { status: 0, body: null, shown: 'connection_failed' };
      case 'ack': {
        const empty = !accepts || (isObject(receipt.payload) && Object.keys(receipt.payload).length === 0);
        return { status: 200, body: empty ? '' : receipt.payload, shown: null };
      }
      default: {
        const never: never = receipt;
        return never;
      }
    }
  }

  async #overHttp(
    kind: DeliveryKind,
    payload: Json,
    { skewMs = 0, retry = 0, reason = '' }: Manner,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { body, contentType } = encode(kind, payload);
    const seconds = Math.floor((this.#workspace.now() + skewMs) / 1000);
    const headers = {
      accept: '*/*',
      'content-type': contentType,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      ...signatureHeaders(this.app.signingSecret, body, seconds),
      ...(retry > 0 ? { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': reason } : {}),
    };
    const outcome = await this.app.balancer.post({ body, headers, mayRepeat: kind === 'event', signal });
    if (outcome.kind !== 'answer') return { status: 0, body: null, shown: 'connection_failed' };
    const { status, text } = outcome;
    const shown = status >= 200 && status < 300 ? null : 'http_error';
    return { status, body: parseJson(text) ?? text, shown };
  }

  /** Gives up what is under way and sends nothing again. */
  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** The envelope of each kind, and whether its acknowledgement may carry an answer (of interactions, a submission's alone may). */
const ENVELOPES = {
  event: { type: 'events_api', answers: false },
  interaction: { type: 'interactive', answers: false },
  command: { type: 'slash_commands', answers: true },
} as const;

/** True when Slack counts the answer as a failure: anything but a 2xx within the limit. */
export function failed(answer: Answer): boolean {
  return answer.status < 200 || answer.status > 299;
}

function retryReason(answer: Answer): string {
  return answer.shown ?? 'unknown_error';
}
