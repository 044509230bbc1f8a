import type { App } from '@slack/bolt';
import { z } from 'zod';
import type { Installation, Workspaces } from '../../src/platform/workspaces.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { MAX_SKEW_SECONDS } from './guard.ts';

const envelope = z.object({ event_time: z.number().int().positive() });
const revokedEvent = z.object({ tokens: z.object({ bot: z.array(z.string()).nullish() }) });

type Ends = Pick<Workspaces, 'find' | 'remove' | 'accepts'>;

/**
 * What Slack says when a workspace lets go of us: the token is wiped and everything stops. Both events may come, in any
 * order, more than once, and after the workspace installed us again. Bolt looks up no installation for them.
 */
export function registerLifecycle(app: App, workspaces: Ends): void {
  app.event('app_uninstalled', async ({ body, context }) => {
    await end(depsOf(context), workspaces, envelope.parse(body).event_time, () => true);
  });
  app.event('tokens_revoked', async ({ event, body, context }) => {
    const bots = revokedEvent.parse(event).tokens.bot ?? [];
    await end(depsOf(context), workspaces, envelope.parse(body).event_time, ({ botUserId }) =>
      bots.includes(botUserId),
    );
  });
}

async function end(
  { tenant, logger, onPause }: SlackDeps,
  workspaces: Ends,
  seconds: number,
  concerns: (installation: Installation) => boolean,
): Promise<void> {
  const installation = await workspaces.find(tenant);
  if (!installation || !concerns(installation)) return;
  if (await isOfEarlier(installation, seconds, workspaces)) {
    logger.info({ tenant }, 'an earlier installation ended; the workspace has installed the app again since');
    return;
  }
  const ended = await workspaces.remove(tenant, installation);
  if (ended) onPause(tenant, ended.panicEpoch);
}

/**
 * Whether an end that happened at `seconds` (Slack's clock, whole seconds since 1970) was that of an installation
 * before this one. Our clock may be off by as much as we let a request's be; within that Slack is asked whether it
 * still takes the token. When it cannot be asked, the end counts: stopping is the safe side.
 */
async function isOfEarlier(
  installation: Installation,
  seconds: number,
  { accepts }: Pick<Workspaces, 'accepts'>,
): Promise<boolean> {
  const apart = seconds - installation.installedAt / 1000;
  if (apart < -MAX_SKEW_SECONDS) return true;
  if (apart > MAX_SKEW_SECONDS) return false;
  return accepts(installation).catch(() => false);
}
