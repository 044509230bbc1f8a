import { type ClientRequest, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What became of one POST: an answer; nobody there, so nothing was handled; or a connection that broke after it was made. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'unreached' }
  | { readonly kind: 'broken' };

/** What to POST. `mayRepeat`: whether another URL may get it too after the first perhaps handled it. */
export interface Parcel {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayRepeat: boolean;
  readonly signal: AbortSignal;
}

/** The app's request URLs, as a load balancer serves them: each in turn, and the next one when one is not there. */
export class Balancer {
  #urls: readonly URL[] = [];
  #next = 0;

  /** Takes the place of the URLs there were. Throws TypeError for what is no URL. */
  connect(urls: string | readonly string[]): void {
    this.#urls = [urls].flat().map((url) => new URL(url));
    this.#next = 0;
  }

  /** Sends to the URL whose turn it is, or to the first after it that is there. */
  async post(parcel: Parcel): Promise<Outcome> {
    const start = this.#next;
    this.#next = (start + 1) % Math.max(this.#urls.length, 1);
    let last: Outcome = { kind: 'unreached' };
    for (const url of [...this.#urls.slice(start), ...this.#urls.slice(0, start)]) {
      last = await postTo(url, parcel);
      if (last.kind === 'answer' || parcel.signal.aborted) return last;
      if (last.kind === 'broken' && !parcel.mayRepeat) return last;
    }
    return last;
  }
}

/** One POST on a connection of its own, so that "refused" is never a kept connection that died. */
function postTo(url: URL, { body, headers, signal }: Parcel): Promise<Outcome> {
  return new Promise((resolve) => {
    let reached = false;
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const request = requester(url)({
      method: 'POST',
      agent: false,
      headers: { ...headers, ...length },
      signal,
    });
    const failed = () => resolve({ kind: reached ? 'broken' : 'unreached' });
    request.on('socket', (socket) => socket.once('connect', () => (reached = true)));
    request.on('error', failed);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ kind: 'answer', status: response.statusCode ?? 0, text });
      });
    });
    request.end(body);
  });
}

const requester =
  (url: URL) =>
  (options: RequestOptions): ClientRequest =>
    url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
