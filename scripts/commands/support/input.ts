/** Reading a file or standard input, and its lines, without ever holding more than one long line. */
import { createReadStream } from 'node:fs';
import { errorCode } from '../../../dev/account.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, a byte order mark kept; null when they are not UTF-8. */
export function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (errorCode(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return null;
    throw error;
  }
}

/** The bytes of a file, or of standard input for `-`. Faults are sentences. */
export async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file);
  } catch (error) {
    throw new Error(unreadable(file, errorCode(error)), { cause: error });
  }
}

function unreadable(file: string, code: string): string {
  switch (code) {
    case 'ENOENT':
      return `There is no file ${file}.`;
    case 'EISDIR':
      return `${file} is a folder, not a file.`;
    case 'EACCES':
    case 'EPERM':
      return `You may not read ${file}.`;
    default:
      return `${file} could not be read (${code || 'for a reason the system does not name'}).`;
  }
}

/** One line without its end; `cut` when it was longer than is kept. */
export type RawLine = { readonly bytes: Buffer; readonly cut: boolean };

const NEWLINE = 10;
const RETURN = 13;

/** Cuts a stream of bytes into lines that end in `\n` or `\r\n`; of a longer line only the first `limit` bytes are kept. */
export class LineCutter {
  private readonly limit: number;
  private parts: Buffer[] = [];
  private kept = 0;
  private cut = false;
  private begun = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The lines that end in this chunk. */
  take(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.hold(chunk.subarray(from, at));
      lines.push(this.line());
      from = at + 1;
    }
    if (from < chunk.length) this.hold(chunk.subarray(from));
    return lines;
  }

  /** The last line, when the input does not end with a line end. */
  end(): RawLine[] {
    return this.begun ? [this.line()] : [];
  }

  private hold(bytes: Buffer): void {
    this.begun = true;
    const room = bytes.subarray(0, this.limit - this.kept);
    if (room.length < bytes.length) this.cut = true;
    this.kept += room.length;
    if (room.length > 0) this.parts.push(room);
  }

  private line(): RawLine {
    const whole = this.parts.length === 1 ? (this.parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.parts);
    const line = { bytes: whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole, cut: this.cut };
    this.parts = [];
    this.kept = 0;
    this.cut = false;
    this.begun = false;
    return line;
  }
}
