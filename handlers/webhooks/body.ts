import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  /** `over` comes true when the rest was sent and thrown away, or the sender was cut off. */
  | { readonly kind: 'too-large'; readonly over: Promise<void> }
  /** The sender went away, or took longer than the limit. */
  | { readonly kind: 'gone' };

/** Somebody who sends without end is cut off after this much (bytes); until then they get to read their answer. */
const MAX_DISCARDED = 16 * 1024 * 1024;

/**
 * Reads a request's raw bytes, at most `maxBytes` of them, for at most `limitMs`. That it is more is known while it comes
 * in, so that it can be answered at once; what comes after is thrown away, and memory stays bounded.
 */
export function readBody(req: IncomingMessage, maxBytes: number, limitMs: number): Promise<Body> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => req.destroy(), limitMs);
    const over = new Promise<void>((ended) => {
      const done = (body: Body) => {
        clearTimeout(timer);
        resolve(body);
        ended();
      };
      req.on('end', () => done({ kind: 'read', bytes: Buffer.concat(chunks) }));
      req.on('close', () => done({ kind: 'gone' }));
      req.on('error', () => done({ kind: 'gone' }));
    });
    const tooLarge = () => {
      chunks = [];
      resolve({ kind: 'too-large', over });
    };
    if (Number(req.headers['content-length']) > maxBytes) tooLarge();
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_DISCARDED) req.destroy();
      else if (size > maxBytes) tooLarge();
      else chunks.push(chunk);
    });
  });
}
