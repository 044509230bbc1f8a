/** A file that steps append to, so that what ran can be counted outside the product. */
import { appendFileSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Account, isReachable, ownFolder, reachableFolder } from './account.ts';

export interface Ledger {
  /** What the steps append to; may be another file than the one asked for, when the agent's account cannot reach that. */
  readonly path: string;
  /** Brings what was appended to the file that was asked for. */
  collect(): void;
  /** The lines of the file that was asked for. */
  lines(): string[];
}

/** Opens the ledger `file` for steps that run as `account` (null: ourselves). */
export function openLedger(file: string, dataDir: string, account: Account | null): Ledger {
  const asked = resolve(file);
  mkdirSync(dirname(asked), { recursive: true });
  if (!existsSync(asked)) writeFileSync(asked, '');
  const lines = () => readFileSync(asked, 'utf8').split('\n').filter(Boolean);
  if (account === null) return { path: asked, collect: () => undefined, lines };
  if (isReachable(dirname(asked), account)) {
    chownSync(asked, account.uid, account.gid);
    return { path: asked, collect: () => undefined, lines };
  }
  const folder = ownFolder(join(reachableFolder(dataDir, account), 'ledger'), account);
  const path = join(folder, `lines-${process.pid}`);
  writeFileSync(path, '');
  chownSync(path, account.uid, account.gid);
  return { path, collect: () => appendFileSync(asked, readFileSync(path)), lines };
}
