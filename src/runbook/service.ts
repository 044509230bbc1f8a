import type { Loaded, Log } from '../audit/log.ts';
import { runbookOf, runbookRef } from '../audit/streams.ts';
import type { Refusal } from '../audit/subject.ts';
import { refuse } from '../audit/subject.ts';
import { sha256Hex } from '../protocol/canonical.ts';
import { type RunbookId, runbookId, type TenantId, type UserId } from '../protocol/ids.ts';
import type { Directory } from '../tenant/person.ts';
import type { Place } from '../tenant/tenant.ts';
import { checkSource } from './source.ts';
import { type RunbookState, runbookKind } from './stream.ts';

export interface RunbookDeps {
  readonly log: Log;
  readonly directory: Directory;
  /** A new short id. */
  readonly newId: () => string;
}

export type Answer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly refusal: Refusal };

/** Takes a pasted text in. It is parsed and shown a moment later; a text that cannot be a runbook is refused at once. */
export async function importRunbook(
  { log, directory, newId }: RunbookDeps,
  { tenant, by, text, place }: { tenant: TenantId; by: UserId; text: string; place: Place },
): Promise<Answer<{ runbook: RunbookId }>> {
  const check = checkSource(text);
  if (!check.ok) return refuse(check.code, check.sentence);
  const runbook = runbookId(newId());
  const outcome = await log.transact(runbookKind, runbookRef(tenant, runbook), {
    type: 'receive',
    source: { text, sha256: sha256Hex(text), by, place },
    by: await directory.person(by),
  });
  return outcome.ok ? { ok: true, runbook } : outcome;
}

/** Keeps a draft as a runbook that can be found and run. */
export async function saveRunbook(
  deps: RunbookDeps,
  tenant: TenantId,
  runbook: RunbookId,
  by: UserId,
): Promise<Answer<{ state: RunbookState }>> {
  return deps.log.transact(runbookKind, runbookRef(tenant, runbook), {
    type: 'save',
    by: await deps.directory.person(by),
  });
}

/** Puts a draft away. */
export async function discardRunbook(
  deps: RunbookDeps,
  tenant: TenantId,
  runbook: RunbookId,
  by: UserId,
): Promise<Answer<{ state: RunbookState }>> {
  return deps.log.transact(runbookKind, runbookRef(tenant, runbook), {
    type: 'discard',
    by: await deps.directory.person(by),
  });
}

/** One runbook as it stands, or null. */
export async function findRunbook(
  log: Log,
  tenant: TenantId,
  runbook: RunbookId,
): Promise<RunbookState | null> {
  return (await log.load(runbookKind, runbookRef(tenant, runbook)))?.state ?? null;
}

/** The saved runbooks, newest first; those whose title holds all `words` (any case) when given. */
export async function listRunbooks(
  log: Log,
  tenant: TenantId,
  words = '',
): Promise<{ id: RunbookId; state: RunbookState }[]> {
  const saved: Loaded<RunbookState>[] = await log.list(runbookKind, tenant, ['saved']);
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return saved
    .filter(({ state }) => wanted.every((word) => state.parse?.title.toLowerCase().includes(word)))
    .sort((a, b) => b.state.changedAt - a.state.changedAt)
    .map(({ ref, state }) => ({ id: runbookOf(ref), state }));
}
