import type { Disk, DiskFile } from '../../agent/disk.ts';

/** What a disk can be asked to do. */
export type Operation = 'append' | 'truncate' | 'sync';

/** A disk in memory: it can be full, fail, and lose what was not made durable. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, { now: Buffer; durable: Buffer }>();
  /** Bytes that are free. */
  room = Number.POSITIVE_INFINITY;
  /** Somebody else takes at once whatever room is made. */
  isGreedy = false;
  /** Every operation, as `sync journal`. */
  readonly operations: string[] = [];
  /** Called before each operation; may throw. */
  before: (operation: Operation, path: string) => void = () => undefined;

  open(path: string): DiskFile {
    const file = this.files.get(path) ?? { now: Buffer.alloc(0), durable: Buffer.alloc(0) };
    this.files.set(path, file);
    return {
      read: () => file.now,
      size: () => file.now.byteLength,
      append: (bytes) => {
        this.#note('append', path);
        if (this.room === 0) throw failure('ENOSPC');
        const taken = bytes.subarray(0, this.room);
        file.now = Buffer.concat([file.now, taken]);
        this.room -= taken.byteLength;
        return taken.byteLength;
      },
      truncate: (bytes) => {
        this.#note('truncate', path);
        if (!this.isGreedy) this.room += file.now.byteLength - bytes;
        file.now = file.now.subarray(0, bytes);
      },
      sync: () => {
        this.#note('sync', path);
        file.durable = file.now;
      },
      close: () => undefined,
    };
  }

  #note(operation: Operation, path: string): void {
    this.operations.push(`${operation} ${path}`);
    this.before(operation, path);
  }

  /** The power goes: of each file there is what was durable, and the first `torn` bytes of what came after. */
  losePower(torn = 0): void {
    for (const file of this.files.values()) {
      const isLonger = file.now.byteLength > file.durable.byteLength;
      file.now = isLonger ? file.now.subarray(0, file.durable.byteLength + torn) : file.durable;
      file.durable = file.now;
    }
  }
}

/** An error as the system makes it. */
export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
