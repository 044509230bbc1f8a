import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Puts a private file (mode 0600) there, whole and durable. False when there is one of that name already, which stays as
 * it is: of several processes that put it at once, one does.
 */
export function putNew(file: string, text: string): boolean {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A folder of its own: processes in containers may share their ids as well as this place.
  const apart = mkdtempSync(`${file}-`);
  const draft = join(apart, 'draft');
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    linkSync(draft, file);
  } catch (error) {
    if (existsSync(file)) return false;
    throw error;
  } finally {
    rmSync(apart, { recursive: true, force: true });
  }
  syncFolder(folder);
  return true;
}

/** The text of a private file; made with `make` when it is not there yet. Of several processes that make it, all read the same. */
export function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) putNew(file, make());
  return readFileSync(file, 'utf8');
}

/** A name in a folder survives a power loss only when the folder itself was written. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
