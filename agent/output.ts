import { createHash } from 'node:crypto';
import { redact } from '../src/text/redact.ts';
import { splitsPair, truncateHead, truncateTail } from '../src/text/truncate.ts';
import { visible } from '../src/text/visible.ts';

/** Keeps the head and the tail of a stream of any length in bounded memory; counts and hashes all of it. */
export class OutputWindow {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #hash = createHash('sha256');
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  constructor(headBytes: number, tailBytes: number) {
    this.#headBytes = headBytes;
    this.#tailBytes = tailBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.byteLength;
    this.#hash.update(chunk);
    const room = this.#headBytes - this.#head.byteLength;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.byteLength === 0 || this.#tailBytes === 0) return;
    const kept = rest.byteLength >= this.#tailBytes ? [rest] : [this.#tail, rest];
    this.#tail = Buffer.from(Buffer.concat(kept).subarray(-this.#tailBytes));
  }

  /** SHA-256 hex of the whole stream. Call once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** The last bytes kept, from the tail if there is one, else from the head. */
  latest(): { readonly bytes: Buffer; readonly isCut: boolean } {
    const bytes = this.#tail.byteLength > 0 ? this.#tail : this.#head;
    return { bytes, isCut: bytes.byteLength < this.#bytes };
  }

  /** Head and tail as a person may read them. Empty tail when the head holds everything. */
  present(secrets: readonly string[]): { readonly head: string; readonly tail: string } {
    const isWhole = this.#bytes <= this.#head.byteLength;
    const follows = this.#bytes - this.#head.byteLength <= this.#tail.byteLength;
    if (!isWhole && follows) return this.#presentJoined(secrets);
    return {
      head: presentable(this.#head, { start: false, end: !isWhole }, secrets, this.#headBytes, truncateHead),
      tail: presentable(this.#tail, { start: true, end: false }, secrets, this.#tailBytes, truncateTail),
    };
  }

  /** Nothing was dropped between head and tail: they are read as one text, so that no border can split a secret. */
  #presentJoined(secrets: readonly string[]): { readonly head: string; readonly tail: string } {
    const all = Buffer.concat([this.#head, this.#tail]);
    const max = this.#headBytes + this.#tailBytes;
    const text = presentable(all, { start: false, end: false }, secrets, max, truncateTail);
    const border = lineBorder(text, Math.min(this.#headBytes, text.length));
    return { head: text.slice(0, border), tail: text.slice(border) };
  }
}

/** A secret of fewer characters masks half the language. */
const SHORTEST_SECRET = 6;
const WITHHELD = '[output withheld: it could not be checked for secrets]';

/**
 * Bytes of output as text that may leave the host: ends that were cut are cut back to whole lines, so that no half of a
 * secret escapes its pattern; known secrets and what looks like one are masked; hidden characters are shown.
 */
export function presentable(
  bytes: Buffer,
  cut: { readonly start: boolean; readonly end: boolean },
  secrets: readonly string[],
  max: number,
  truncate: (text: string, max: number) => string,
): string {
  try {
    let text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    if (cut.start) text = fromWholeLine(text);
    if (cut.end) text = toWholeLine(text);
    for (const secret of secrets)
      if (secret.length >= SHORTEST_SECRET) text = text.replaceAll(secret, '[redacted]');
    return truncate(visible(redact(text)), max);
  } catch {
    return truncate(WITHHELD, max);
  }
}

/** Where the text was cut, this many characters may go when no line ends sooner: longer than any usual secret. */
const EDGE_CHARS = 4096;

/** Drops the cut first line, and a private key whose beginning is no longer there. */
function fromWholeLine(text: string): string {
  const newline = text.slice(0, EDGE_CHARS).indexOf('\n');
  const rest = text.slice(newline >= 0 ? newline + 1 : EDGE_CHARS);
  const end = rest.search(/-----END [A-Z0-9 ]{0,40}PRIVATE KEY/);
  const begin = rest.search(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/);
  return end >= 0 && (begin < 0 || begin > end) ? `[redacted]\n${rest.slice(end)}` : rest;
}

/** Drops the cut last line. */
function toWholeLine(text: string): string {
  const from = Math.max(0, text.length - EDGE_CHARS);
  const newline = text.slice(from).lastIndexOf('\n');
  return text.slice(0, newline >= 0 ? from + newline + 1 : from);
}

/** The last end of a line up to `near`, or `near` itself, but never between the halves of a character. */
function lineBorder(text: string, near: number): number {
  const line = text.lastIndexOf('\n', near);
  if (line >= 0) return line + 1;
  return splitsPair(text, near) ? near - 1 : near;
}
