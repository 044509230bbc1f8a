import type { Loaded, Log } from '../audit/log.ts';
import { runbookOf, runbookRef } from '../audit/streams.ts';
import type { Refusal } from '../audit/subject.ts';
import { refuse } from '../audit/subject.ts';
import { sha256Hex } from '../protocol/canonical.ts';
import { type RunbookId, runbookId, type TenantId, type UserId } from '../protocol/ids.ts';
import type { Directory } from '../tenant/person.ts';
import type { Place } from '../tenant/tenant.ts';
import { wellFormed } from '../text/well-formed.ts';
import type { Copied } from './changes.ts';
import type { LineText } from './edit.ts';
import type { LineAt } from './flatten.ts';
import { checkSource } from './source.ts';
import { type RunbookState, runbookKind } from './stream.ts';

export interface RunbookDeps {
  readonly log: Log;
  readonly directory: Directory;
  /** A new short id. */
  readonly newId: () => string;
}

export type Answer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly refusal: Refusal };

/**
 * Takes a pasted text in. It is parsed and shown a moment later; a text that cannot be a runbook is refused at once. Half
 * a character (a lone surrogate), which no record can hold, becomes U+FFFD and is seen as that.
 */
export async function importRunbook(
  { log, directory, newId }: RunbookDeps,
  { tenant, by, text, place }: { tenant: TenantId; by: UserId; text: string; place: Place },
): Promise<Answer<{ runbook: RunbookId }>> {
  const check = checkSource(text);
  if (!check.ok) return refuse(check.code, check.sentence);
  const whole = wellFormed(text);
  const runbook = runbookId(newId());
  const outcome = await log.transact(runbookKind, runbookRef(tenant, runbook), {
    type: 'receive',
    source: { text: whole, sha256: sha256Hex(whole), by, place },
    by: await directory.person(by),
  });
  return outcome.ok ? { ok: true, runbook } : outcome;
}

/**
 * Keeps a draft as a runbook that can be found and run, as long as it is what the person saw: `shown` is the hash of those
 * steps (`parseSha256`). One that is saved stays as it is, whatever was shown.
 */
export async function saveRunbook(
  deps: Pick<RunbookDeps, 'log' | 'directory'>,
  { tenant, runbook, by, shown }: { tenant: TenantId; runbook: RunbookId; by: UserId; shown: string | null },
): Promise<Answer<{ state: RunbookState }>> {
  return deps.log.transact(runbookKind, runbookRef(tenant, runbook), {
    type: 'save',
    shown,
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

/** What a person saw of a line, and where it stands. */
interface OnLine {
  readonly tenant: TenantId;
  readonly runbook: RunbookId;
  readonly by: UserId;
  readonly line: LineAt;
  readonly shown: string;
}

/**
 * Changes one line of a draft. A saved runbook stays as it is: the change makes a new version of it, a draft with an id of
 * its own. Answers which runbook has the change.
 */
export async function editRunbook(
  { log, directory, newId }: RunbookDeps,
  { tenant, runbook, by, ...edit }: OnLine & { readonly after: LineText },
): Promise<Answer<{ runbook: RunbookId }>> {
  const person = await directory.person(by);
  const state = await findRunbook(log, tenant, runbook);
  const isSaved = state?.status === 'saved';
  const target = isSaved ? runbookId(newId()) : runbook;
  const outcome = await log.transact(
    runbookKind,
    runbookRef(tenant, target),
    isSaved
      ? { type: 'revise', copied: copyOf(state), basedOn: runbook, by: person, ...edit }
      : { type: 'edit', by: person, ...edit },
  );
  return outcome.ok ? { ok: true, runbook: target } : outcome;
}

const copyOf = ({ source, parse, opinions, refinement }: RunbookState): Copied => ({
  source,
  parse,
  ...(opinions ? { opinions } : {}),
  ...(refinement ? { refinement } : {}),
});

/** Takes a suggested command over, so that a run may have it. */
export async function adoptSuggestion(
  { log, directory }: RunbookDeps,
  { tenant, runbook, by, line, shown }: OnLine,
): Promise<Answer<{ state: RunbookState }>> {
  const person = await directory.person(by);
  return log.transact(runbookKind, runbookRef(tenant, runbook), { type: 'adopt', line, shown, by: person });
}

/** One runbook as it stands, or null. */
export async function findRunbook(
  log: Log,
  tenant: TenantId,
  runbook: RunbookId,
): Promise<RunbookState | null> {
  return (await log.load(runbookKind, runbookRef(tenant, runbook)))?.state ?? null;
}

/**
 * The saved runbooks, newest first, without those that a newer version has been saved of; those whose title holds all
 * `words` (any case) when given.
 */
export async function listRunbooks(
  log: Log,
  tenant: TenantId,
  words = '',
): Promise<{ id: RunbookId; state: RunbookState }[]> {
  const saved: Loaded<RunbookState>[] = await log.list(runbookKind, tenant, ['saved']);
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return newestVersions(saved)
    .filter(({ state }) => wanted.every((word) => state.parse?.title.toLowerCase().includes(word)))
    .sort((a, b) => b.state.changedAt - a.state.changedAt)
    .map(({ ref, state }) => ({ id: runbookOf(ref), state }));
}

/** Without the runbooks that one of the others is a newer version of. */
export function newestVersions(saved: readonly Loaded<RunbookState>[]): Loaded<RunbookState>[] {
  const replaced = new Set(saved.map(({ state }) => state.basedOn));
  return saved.filter(({ ref }) => !replaced.has(runbookOf(ref)));
}
