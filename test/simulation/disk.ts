import type { Disk, DiskFile } from '../../agent/disk.ts';
import type { Chance } from './chance.ts';

/** What is in a file as programs read it, and what of it is left when the power goes. */
interface Content {
  written: Buffer;
  durable: Buffer;
  /** What the disk once failed to make durable and has forgotten about: half-open ranges of bytes. */
  holes: readonly (readonly [number, number])[];
}

const ERRORS = {
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
} as const;

class DiskError extends Error {
  readonly code: keyof typeof ERRORS;

  constructor(code: keyof typeof ERRORS) {
    super(`${code}: ${ERRORS[code]}`);
    this.code = code;
  }
}

const NOTHING = Buffer.alloc(0);
const SECTOR = 512;

/** A host's disk: it fills up, fails, tears what was not synced, and can be set back to an older picture of itself. */
export class VirtualDisk implements Disk {
  readonly #chance: Chance;
  readonly #files = new Map<string, Content>();
  /** How many bytes there is room for. */
  free = Number.POSITIVE_INFINITY;
  /** The probability that a sync fails. */
  syncFails = 0;
  /** It has refused something; whoever set this to false last asks. */
  hasFailed = false;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  open(path: string): DiskFile {
    const file = this.#files.get(path) ?? { written: NOTHING, durable: NOTHING, holes: [] };
    this.#files.set(path, file);
    return {
      read: () => new Uint8Array(file.written),
      size: () => file.written.byteLength,
      append: (bytes) => this.#append(file, bytes),
      truncate: (bytes) => {
        this.free += file.written.byteLength - bytes;
        file.written = file.written.subarray(0, bytes);
      },
      sync: () => this.#sync(file),
      close: () => undefined,
    };
  }

  /** What is durable of a file. */
  durable(path: string): Uint8Array {
    return this.#files.get(path)?.durable ?? NOTHING;
  }

  /** The power goes: of what was not synced any part may be there, also one with a sector of zeros in it. */
  loseUnsynced(): void {
    for (const file of this.#files.values()) {
      const { written, durable, holes } = file;
      const grew = written.byteLength - durable.byteLength;
      const kept = grew > 0 ? this.#chance.int(0, grew) : 0;
      const after = Buffer.concat([
        grew < 0 && this.#chance.happens(0.5) ? written : durable,
        written.subarray(durable.byteLength, durable.byteLength + kept),
      ]);
      if (kept > 0 && this.#chance.happens(0.2))
        after.fill(0, Math.max(durable.byteLength, after.byteLength - SECTOR));
      for (const [from, to] of holes)
        if (this.#chance.happens(0.5)) after.fill(0, from, Math.min(to, after.byteLength));
      file.written = after;
      file.durable = after;
      file.holes = [];
    }
  }

  /** One bit of a file changes, if there is any. */
  rot(path: string): void {
    const file = this.#files.get(path);
    if (!file || file.written.byteLength === 0) return;
    const bytes = Buffer.from(file.written);
    const at = this.#chance.int(0, bytes.byteLength - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#chance.int(0, 7));
    file.written = bytes;
    file.durable = bytes;
  }

  /** A picture of what is durable. */
  picture(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#files].map(([path, { durable }]) => [path, durable]));
  }

  /** The disk is as it was in the picture. Nobody may have a file open. */
  restore(picture: ReadonlyMap<string, Buffer>): void {
    this.#files.clear();
    for (const [path, durable] of picture) this.#files.set(path, { written: durable, durable, holes: [] });
  }

  #append(file: Content, bytes: Uint8Array): number {
    if (this.free < 1) throw this.#failure('ENOSPC');
    // A short write is allowed at any time; it is rare.
    const offered = this.#chance.happens(0.01) ? this.#chance.int(1, bytes.byteLength) : bytes.byteLength;
    const taken = Math.min(offered, this.free);
    this.free -= taken;
    file.written = Buffer.concat([file.written, bytes.subarray(0, taken)]);
    return taken;
  }

  #failure(code: keyof typeof ERRORS): DiskError {
    this.hasFailed = true;
    return new DiskError(code);
  }

  /** After a failed sync the pages count as clean: a later one succeeds, and what failed is still not durable. */
  #sync(file: Content): void {
    if (this.#chance.happens(this.syncFails)) {
      file.holes = [...file.holes, [file.durable.byteLength, file.written.byteLength]];
      throw this.#failure('EIO');
    }
    file.durable = file.written;
  }
}
