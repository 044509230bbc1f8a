import { z } from 'zod';
import { type UserId, userId } from '../../src/protocol/ids.ts';

/** The few fields of Slack's payloads that we use. Everything else is ignored; what we use has to be there. */

const user = z.object({ id: z.string().min(1).transform(userId) });
const ts = z.string().regex(/^\d+\.\d+$/);

export const buttonPayload = z.object({
  user,
  trigger_id: z.string(),
  channel: z.object({ id: z.string() }).optional(),
  container: z.object({
    channel_id: z.string().optional(),
    message_ts: ts.optional(),
    thread_ts: ts.optional(),
  }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string() })).min(1),
});

export const shortcutPayload = z.object({
  user,
  channel: z.object({ id: z.string() }),
  message: z.object({
    ts,
    thread_ts: ts.optional(),
    text: z.string().optional(),
    blocks: z.unknown().optional(),
  }),
});

/** What a person typed or chose. */
const element = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_user: z.string().min(1).transform(userId).nullish(),
});

export const viewPayload = z.object({
  user,
  view: z.object({
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), element)),
    }),
  }),
});

export const commandPayload = z.object({
  user_id: z.string().min(1).transform(userId),
  channel_id: z.string().min(1),
  trigger_id: z.string(),
  text: z.string().default(''),
});

export const reactionPayload = z.object({
  user: z.string().min(1).transform(userId),
  reaction: z.string(),
  item: z.object({ type: z.string(), channel: z.string().optional(), ts: ts.optional() }),
});

export type ViewSubmission = z.infer<typeof viewPayload>;

/** The text a person put into the box named `id`; empty when they left it empty. */
export function boxValue(submission: ViewSubmission, id: string): string {
  return submission.view.state.values[id]?.value?.value ?? '';
}

/** The value of the option a person chose in the menu named `id`; empty when they chose none. */
export function choice(submission: ViewSubmission, id: string): string {
  return submission.view.state.values[id]?.value?.selected_option?.value ?? '';
}

/** The person chosen in the menu of people named `id`, or null when nobody was. */
export function chosenUser(submission: ViewSubmission, id: string): UserId | null {
  return submission.view.state.values[id]?.value?.selected_user ?? null;
}
