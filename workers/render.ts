import { createHash } from 'node:crypto';
import { type Loaded, type Log, TENANT_STREAM } from '../src/audit/log.ts';
import { incidentOf, runbookOf } from '../src/audit/streams.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import { incidentKind } from '../src/incident/kind.ts';
import type { Logger } from '../src/platform/logger.ts';
import type { SlackClient } from '../src/platform/slack-client.ts';
import type { TenantId } from '../src/protocol/ids.ts';
import { runKind } from '../src/run/kind.ts';
import { liveRuns } from '../src/run/stop.ts';
import { runbookKind } from '../src/runbook/stream.ts';
import type { Message } from '../src/slack/message.ts';
import { renderIncident } from '../src/slack/render-incident.ts';
import { renderRun } from '../src/slack/render-run.ts';
import { renderRunbook } from '../src/slack/render-runbook.ts';
import { renderTenant } from '../src/slack/render-tenant.ts';
import { agentKind } from '../src/tenant/agent.ts';
import { tenantKind } from '../src/tenant/tenant.ts';

/** Which of our messages shows what: kept so that a message is posted once and then only changed. */
export interface ShownMessages {
  of(ref: SubjectRef): Promise<ReadonlyMap<string, Shown>>;
  put(ref: SubjectRef, key: string, shown: Shown): Promise<void>;
}

export interface Shown {
  readonly channel: string;
  readonly ts: string;
  /** Hash of the text and blocks that Slack has. */
  readonly hash: string;
}

export interface RenderDeps {
  readonly log: Log;
  /** The tenant's own client of its workspace; null when the app is not installed there (any more). */
  readonly slackOf: (tenant: TenantId) => Promise<SlackClient | null>;
  readonly shown: ShownMessages;
  readonly logger: Logger;
  readonly clock: { now(): number };
  readonly markShown: (ref: SubjectRef, version: number) => Promise<void>;
  readonly deferShow: (ref: SubjectRef, until: number) => Promise<void>;
  /** Runs the work unless another process shows the same subject right now; false when it did not run. */
  readonly alone: (ref: SubjectRef, work: () => Promise<void>) => Promise<boolean>;
  /** Asks for a subject to be shown soon. */
  readonly hint: (ref: SubjectRef) => void;
}

const FAULT_WAIT_MS = 2_000;
/** Without a workspace there is nobody to show anything to; a workspace that comes back ends the wait (`Workspaces.put`). */
const ABSENT_WAIT_MS = 3_600_000;

/** Makes Slack show the subject as it stands: posts what is new, changes what differs, leaves the rest alone. */
export async function renderSubject(deps: RenderDeps, ref: SubjectRef): Promise<void> {
  await deps.alone(ref, async () => {
    let shown = -1;
    // What changed while Slack was being told is shown before the lock is let go.
    for (let now = await draw(deps, ref); now && now.version > shown; now = await draw(deps, ref)) {
      const wait = await show(deps, ref, now.messages).catch((err: unknown) => {
        deps.logger.warn({ err, stream: ref.stream }, 'Slack could not be reached; the picture is late');
        return FAULT_WAIT_MS;
      });
      if (wait !== null) return deps.deferShow(ref, deps.clock.now() + wait);
      await deps.markShown(ref, now.version);
      shown = now.version;
    }
  });
}

interface Picture {
  readonly version: number;
  readonly messages: readonly Message[];
}

async function draw(deps: RenderDeps, ref: SubjectRef): Promise<Picture | null> {
  const { log, hint } = deps;
  if (ref.stream === TENANT_STREAM) {
    const live = await liveRuns(deps, ref.tenant);
    return picture(await log.load(tenantKind, ref), (state) => renderTenant(state, live));
  }
  if (ref.stream.startsWith('run-')) {
    const tenant = await log.load(tenantKind, { tenant: ref.tenant, stream: TENANT_STREAM });
    if (tenant?.state.paused) hint(tenant.ref); // the banner names what is still running
    const allPaused = tenant?.state.paused != null;
    return picture(await log.load(runKind, ref), (state) => renderRun(state, { allPaused }));
  }
  if (ref.stream.startsWith('runbook-')) {
    const shown = await deps.shown.of(ref);
    return picture(await log.load(runbookKind, ref), (state) =>
      renderRunbook(state, runbookOf(ref), shown.keys()),
    );
  }
  if (ref.stream.startsWith('incident-')) {
    return picture(await log.load(incidentKind, ref), (state) => renderIncident(state, incidentOf(ref)));
  }
  return picture(await log.load(agentKind, ref), () => []); // an agent is shown where it matters, not by itself
}

function picture<S>(loaded: Loaded<S> | null, render: (state: S) => readonly Message[]): Picture | null {
  return loaded && { version: loaded.version, messages: render(loaded.state) };
}

async function show(deps: RenderDeps, ref: SubjectRef, messages: readonly Message[]): Promise<number | null> {
  const slack = await deps.slackOf(ref.tenant);
  return slack ? reconcile(deps, slack, ref, messages) : ABSENT_WAIT_MS;
}

/** Null when Slack shows all of it, else how long to wait before trying again (ms). */
async function reconcile(
  { shown, logger }: RenderDeps,
  slack: SlackClient,
  ref: SubjectRef,
  messages: readonly Message[],
): Promise<number | null> {
  const known = new Map(await shown.of(ref));
  for (const message of messages) {
    const hash = createHash('sha256')
      .update(JSON.stringify([message.text, message.blocks]))
      .digest('hex');
    const before = known.get(message.key);
    if (before?.hash === hash) continue;
    const parent = message.spot.kind === 'under' ? known.get(message.spot.key) : null;
    if (parent === undefined) continue; // a reply without the message it belongs under would stand in the channel
    const answer = before
      ? await slack.update(message, before.ts)
      : await slack.post(message, threadOf(message, known));
    switch (answer.kind) {
      case 'later':
        return answer.waitMs;
      case 'refused':
        // Slack will refuse it again, so waiting would help nobody; the log still holds what could not be shown.
        logger.error(
          { stream: ref.stream, key: message.key, reason: answer.reason },
          'Slack refused a message',
        );
        continue;
      case 'shown': {
        const now = { channel: message.channel, ts: answer.ts, hash };
        await shown.put(ref, message.key, now);
        known.set(message.key, now);
      }
    }
  }
  return null;
}

function threadOf({ spot }: Message, known: ReadonlyMap<string, Shown>): string | null {
  switch (spot.kind) {
    case 'channel':
      return null;
    case 'thread':
      return spot.ts;
    case 'under':
      return known.get(spot.key)?.ts ?? null;
  }
}
