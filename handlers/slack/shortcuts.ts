import type { App } from '@slack/bolt';
import { fromSlackBlocks, fromSlackText } from '../../src/runbook/fromSlack.ts';
import { importRunbook } from '../../src/runbook/service.ts';
import { SHORTCUT } from '../../src/slack/actions.ts';
import { afterAck } from './answer.ts';
import { depsOf } from './deps.ts';
import { shortcutPayload } from './payloads.ts';

/** “Turn into runbook” on a message. The blocks are what the person wrote; the text is Slack's summary of it. */
export function registerShortcuts(app: App): void {
  app.shortcut(SHORTCUT, async ({ ack, body, context }) => {
    await ack();
    const deps = depsOf(context);
    const { user, channel, message } = shortcutPayload.parse(body);
    const place = { channel: channel.id, threadTs: message.thread_ts ?? message.ts };
    const asker = { user: user.id, channel: channel.id, threadTs: place.threadTs };
    await afterAck(deps, asker, () => {
      const text = fromSlackBlocks(message.blocks) ?? fromSlackText(message.text ?? '');
      return importRunbook(deps, { tenant: deps.tenant, by: user.id, text, place });
    });
  });
}
