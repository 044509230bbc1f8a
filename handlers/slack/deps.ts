import type { Context } from '@slack/bolt';
import type { SubjectRef } from '../../src/audit/subject.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { SlackClient } from '../../src/platform/slack-client.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import type { RunDeps } from '../../src/run/service.ts';
import type { TenantDeps } from '../../src/tenant/service.ts';

/** What the Slack handlers need of the system behind them: that of one tenant. */
export interface SlackDeps extends RunDeps, TenantDeps {
  readonly tenant: TenantId;
  readonly slack: SlackClient;
  readonly logger: Logger;
  readonly clock: { now(): number };
  /** Where the world reaches us, such as `https://run.example.com`; absent when no setting says so. */
  readonly publicUrl?: string | undefined;
  /** Which subject one of our messages shows, or null when the message is not ours. */
  findMessage(channel: string, ts: string): Promise<SubjectRef | null>;
  /** True when a request with this mark (its signature, or its envelope's id) was handled before; from now on it was. */
  seenBefore(mark: string): Promise<boolean>;
}

const DEPS = 'tenantDeps';

/** Puts the deps of the request's tenant where its listeners find them. */
export function attachDeps(context: Context, deps: SlackDeps): void {
  context[DEPS] = deps;
}

/** The deps of the tenant that this request is of, and of no other. Throws when nobody has said which tenant that is. */
export function depsOf(context: Context): SlackDeps {
  const deps: SlackDeps | undefined = context[DEPS];
  if (!deps) throw new Error('This request has no workspace, so nothing can be done for it.');
  return deps;
}
