import type { Log } from '../src/audit/log.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import { incidentKind } from '../src/incident/kind.ts';
import { lookForRunbook } from '../src/incident/service.ts';
import type { Logger } from '../src/platform/logger.ts';
import { tenantState } from '../src/tenant/service.ts';
import { channelFor } from '../src/tenant/settings.ts';

export interface MatchDeps {
  readonly log: Log;
  readonly logger: Logger;
}

/**
 * Looks for the runbooks that fit a page and records them, once, with the channel that its card goes to. A page whose
 * service has no channel is kept and listed by `/runbook status`.
 */
export async function matchIncident({ log, logger }: MatchDeps, ref: SubjectRef): Promise<void> {
  const loaded = await log.load(incidentKind, ref);
  if (loaded?.state.status !== 'triggered') return;
  const { settings } = await tenantState(log, ref.tenant);
  const channel = channelFor(settings, loaded.state.about?.service ?? null);
  const match = await lookForRunbook(log, ref.tenant, loaded.state);
  const outcome = await log.transact(incidentKind, ref, { type: 'matched', match, channel });
  if (channel === null && outcome.ok && outcome.events.length > 0) {
    logger.warn(
      { tenant: ref.tenant, stream: ref.stream },
      'a page has no channel, so nobody sees it in Slack; /runbook pages sets one',
    );
  }
}
