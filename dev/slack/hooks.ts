import { z } from 'zod';
import type { Json } from './json.ts';
import { blockErrors } from './limits.ts';
import type { Workspace } from './state.ts';

const Reply = z.object({
  text: z.string().default(''),
  blocks: z.array(z.record(z.string(), z.unknown())).default([]),
  response_type: z.enum(['in_channel', 'ephemeral']).default('ephemeral'),
  replace_original: z.boolean().default(false),
  delete_original: z.boolean().default(false),
  thread_ts: z.string().optional(),
});

/** The answer of a response_url: an HTTP status and a body, plain text `ok` or Slack's error as JSON. */
export interface HookAnswer {
  readonly status: number;
  readonly body: string;
}
const refused = (error: string, status = 404): HookAnswer => ({
  status,
  body: JSON.stringify({ ok: false, error }),
});

/** Answers a POST to a response_url: five uses in thirty minutes; ephemeral unless the app says in_channel. */
export function answerHook(workspace: Workspace, path: string, json: unknown): HookAnswer {
  const hook = workspace.hooks.get(path);
  if (!hook || workspace.now() > hook.expires) return refused('expired_url');
  if (hook.left <= 0) return refused('used_url');
  const parsed = Reply.safeParse(json);
  if (!parsed.success) return refused('invalid_payload', 400);
  const { data } = parsed;
  if (blockErrors(data.blocks, 'message').length > 0) return refused('invalid_blocks', 400);
  hook.left -= 1;
  const original = hook.messageTs === null ? undefined : workspace.message(hook.channel, hook.messageTs);
  const ours = original?.user === workspace.team.botUserId ? original : undefined;
  if (data.delete_original && ours) {
    ours.deleted = true;
    workspace.changed();
  } else if (data.replace_original && ours) workspace.rewrite(ours, data.text, data.blocks);
  else if (data.text === '' && data.blocks.length === 0) return refused('no_text', 400);
  else {
    const reply: { text: string; blocks: Json[] } = data;
    workspace.post({
      channel: hook.channel,
      user: workspace.team.botUserId,
      text: reply.text,
      blocks: reply.blocks,
      threadTs: data.thread_ts ?? null,
      visibleTo: data.response_type === 'ephemeral' ? hook.user : null,
    });
  }
  return { status: 200, body: 'ok' };
}
