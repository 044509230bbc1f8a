import type { Log } from '../audit/log.ts';
import { incidentOf, incidentRef, runbookOf } from '../audit/streams.ts';
import { type Refusal, refuse } from '../audit/subject.ts';
import type { IncidentId, RunbookId, RunId, TenantId, UserId } from '../protocol/ids.ts';
import { type RunDeps, startRun } from '../run/service.ts';
import { flatten } from '../runbook/flatten.ts';
import type { Parse } from '../runbook/runbook.ts';
import { findRunbook, newestVersions } from '../runbook/service.ts';
import { type RunbookState, runbookKind } from '../runbook/stream.ts';
import { tenantState } from '../tenant/service.ts';
import { channelFor } from '../tenant/settings.ts';
import { type IncidentState, incidentIdOf, type Provider, type Signal } from './incident.ts';
import { incidentKind, OPEN_STATUSES, TAUGHT_STATUSES } from './kind.ts';
import { type Candidate, type Counts, type Match, match, type Past } from './match.ts';
import { prefill } from './prefill.ts';

/** Records what the pager said of an incident. A repeat changes nothing, whichever process it comes to. */
export async function recordSignal(
  log: Log,
  tenant: TenantId,
  { provider, external, signal }: { provider: Provider; external: string; signal: Signal },
): Promise<{ incident: IncidentId; changed: boolean }> {
  const incident = incidentIdOf(provider, external);
  const outcome = await log.transact(incidentKind, incidentRef(tenant, incident), { type: 'signal', signal });
  return { incident, changed: outcome.ok && outcome.events.length > 0 };
}

/** One incident as it stands, or null. */
export async function findIncident(
  log: Log,
  tenant: TenantId,
  incident: IncidentId,
): Promise<IncidentState | null> {
  return (await log.load(incidentKind, incidentRef(tenant, incident)))?.state ?? null;
}

export interface Found {
  readonly id: IncidentId;
  readonly state: IncidentState;
}

/** The incidents that go on, newest first. */
export async function openIncidents(log: Log, tenant: TenantId): Promise<Found[]> {
  const open = await log.list(incidentKind, tenant, OPEN_STATUSES);
  return open
    .map(({ ref, state }) => ({ id: incidentOf(ref), state }))
    .sort((a, b) => (b.state.about?.triggeredAt ?? 0) - (a.state.about?.triggeredAt ?? 0));
}

/** Looks for the runbooks that fit the incident, among those saved now and what people started before. */
export async function lookForRunbook(log: Log, tenant: TenantId, { about }: IncidentState): Promise<Match> {
  const [saved, taught] = await Promise.all([
    log.list(runbookKind, tenant, ['saved']),
    log.list(incidentKind, tenant, TAUGHT_STATUSES),
  ]);
  const runbooks = newestVersions(saved).map(({ ref, state }) => candidate(runbookOf(ref), state));
  const history = taught.flatMap(({ state }) => pastOf(state));
  return match({ title: about?.title ?? '', service: about?.service ?? null }, runbooks, history);
}

function candidate(id: RunbookId, { parse, source, verdicts }: RunbookState): Candidate {
  const lines = parse ? flatten(parse, verdicts) : [];
  const of = (risk: string) => lines.filter(({ verdict }) => verdict?.risk === risk).length;
  const counts: Counts = {
    total: lines.length,
    safe: of('safe'),
    caution: of('caution'),
    danger: of('danger'),
    byHand: lines.filter(({ command }) => !command).length,
  };
  return { id, title: parse?.title ?? '', text: source?.text ?? '', counts };
}

function pastOf({ about, runs }: IncidentState): Past[] {
  if (!about) return [];
  return runs.map(({ runbook, at }) => ({ runbook, at, title: about.title, service: about.service }));
}

/** Gives every open incident that has no place yet its card, where a channel is set for its service by now. */
export async function placeWaiting(log: Log, tenant: TenantId): Promise<number> {
  const { settings } = await tenantState(log, tenant);
  const waiting = (await openIncidents(log, tenant)).filter(({ state }) => state.channel === null);
  let placed = 0;
  for (const { id, state } of waiting) {
    const channel = channelFor(settings, state.about?.service ?? null);
    if (!channel) continue;
    await log.transact(incidentKind, incidentRef(tenant, id), { type: 'place', channel });
    placed += 1;
  }
  return placed;
}

/** What the form to start a runbook from a page needs, or why there is none. */
export async function pageForm(
  log: Log,
  tenant: TenantId,
  incident: IncidentId,
  runbook: RunbookId,
): Promise<
  | { ok: true; parse: Parse; verdicts: RunbookState['verdicts']; values: ReadonlyMap<string, string> }
  | { ok: false; refusal: Refusal }
> {
  const [page, saved] = await Promise.all([
    findIncident(log, tenant, incident),
    findRunbook(log, tenant, runbook),
  ]);
  if (!page?.about || page.status === 'resolved') {
    return refuse(
      'page-over',
      'This page is resolved, so nothing is started from it. To run a runbook all the same: `/runbook run`.',
    );
  }
  if (saved?.status !== 'saved' || !saved.parse) {
    return refuse('no-such-runbook', 'There is no such runbook any more. Choose another one.');
  }
  const { parse, verdicts } = saved;
  return { ok: true, parse, verdicts, values: prefill(page.about, parse.variables) };
}

/** A person starts a runbook from a page: a run like any other, and the page says so. */
export async function startRunFromPage(
  deps: RunDeps,
  input: Parameters<typeof startRun>[1] & { readonly incident: IncidentId },
): Promise<{ ok: true; run: RunId } | { ok: false; refusal: Refusal }> {
  const started = await startRun(deps, input);
  if (started.ok) await noteRun(deps.log, input, started.run);
  return started;
}

async function noteRun(
  log: Log,
  {
    tenant,
    incident,
    runbook,
    by,
  }: { tenant: TenantId; incident: IncidentId; runbook: RunbookId; by: UserId },
  run: RunId,
): Promise<void> {
  await log.transact(incidentKind, incidentRef(tenant, incident), { type: 'run-started', run, runbook, by });
}
