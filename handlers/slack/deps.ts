import type { SubjectRef } from '../../src/audit/subject.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { SlackClient } from '../../src/platform/slack-client.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import type { RunDeps } from '../../src/run/service.ts';
import type { TenantDeps } from '../../src/tenant/service.ts';

/** What the Slack handlers need of the system behind them. */
export interface SlackDeps extends RunDeps, TenantDeps {
  readonly tenant: TenantId;
  readonly slack: SlackClient;
  readonly logger: Logger;
  readonly clock: { now(): number };
  /** Which subject one of our messages shows, or null when the message is not ours. */
  findMessage(channel: string, ts: string): Promise<SubjectRef | null>;
  /** True when a request with this signature was handled before; from now on it was. */
  seenBefore(signature: string): Promise<boolean>;
}
