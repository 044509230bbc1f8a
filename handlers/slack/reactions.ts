import type { App } from '@slack/bolt';
import { runOf } from '../../src/audit/streams.ts';
import { actOnRun } from '../../src/run/service.ts';
import { pauseTenant } from '../../src/tenant/service.ts';
import { afterAck } from './answer.ts';
import { depsOf } from './deps.ts';
import { reactionPayload } from './payloads.ts';

/** 🛑, by Slack's name for it. Its skin tones, should it ever get any, mean the same. */
const STOP = 'octagonal_sign';

/** 🛑 on a message of a run pauses that run; anywhere else in a channel with the bot it pauses everything. */
export function registerReactions(app: App): void {
  app.event('reaction_added', async ({ event, context }) => {
    const deps = depsOf(context);
    const { user, reaction, item } = reactionPayload.parse(event);
    if (reaction.split('::')[0] !== STOP || !item.channel || !item.ts) return;
    const { channel, ts } = item;
    const tenant = deps.tenant;
    await afterAck(deps, { user, channel }, async () => {
      const shown = await deps.findMessage(channel, ts);
      return shown?.stream.startsWith('run-')
        ? actOnRun(deps, tenant, runOf(shown), user, { type: 'pause' })
        : pauseTenant(deps, { tenant, by: user, way: 'reaction', place: { channel, threadTs: null } });
    });
  });
}
