import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Where files are; injected, so that tests and the simulation own the disk. Every call may throw. */
export interface Disk {
  /** Opens or creates a file for its account alone (mode 0600). Its name is durable when this returns. */
  open(path: string): DiskFile;
}

export interface DiskFile {
  /** Everything in it. */
  read(): Uint8Array;
  /** In bytes. */
  size(): number;
  /** Writes at the end, and returns how many of the bytes were taken: one at least. */
  append(bytes: Uint8Array): number;
  /** Cuts it to so many bytes. */
  truncate(bytes: number): void;
  /** What was appended and cut is durable when this returns. */
  sync(): void;
  close(): void;
}

/** The disk of the host. */
export const hostDisk: Disk = {
  open(path) {
    const fd = openSync(path, 'a+', 0o600);
    syncFolder(dirname(path));
    return {
      read: () => readAll(fd),
      size: () => fstatSync(fd).size,
      append: (bytes) => writeSync(fd, bytes),
      truncate: (bytes) => ftruncateSync(fd, bytes),
      sync: () => fdatasyncSync(fd),
      close: () => closeSync(fd),
    };
  },
};

function readAll(fd: number): Uint8Array {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  for (let at = 0; at < bytes.byteLength; ) {
    const read = readSync(fd, bytes, at, bytes.byteLength - at, at);
    if (read === 0) throw new Error('A file became shorter while it was read.');
    at += read;
  }
  return bytes;
}

/** A new file's name is durable only when its folder is. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
