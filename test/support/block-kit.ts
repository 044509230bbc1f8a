/**
 * A strict reader of Block Kit: knows the few blocks that we use and refuses everything else, so that a message Slack
 * would refuse is refused here first. Limits: Slack's table (SLACK_SPEC_DIR/block-kit/limits.json when it is there) and
 * docs.slack.dev, "Block Kit reference"; 8,000 characters of text a message is our own budget.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const specDir = resolve(root, process.env.SLACK_SPEC_DIR ?? '../shared/slack-spec');

/** Slack's own table of limits, or null when it is not on this machine. */
export function publishedLimits(): Record<string, Record<string, unknown>> | null {
  const file = join(specDir, 'block-kit/limits.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/** The limits that this file checks, in the shape of Slack's table. */
export const CHECKED = {
  text: { min_length: 1, max_length: 3000 },
  action_id: { max_length: 255 },
  block_id: { max_length: 255 },
  button: { text: { max_length: 75 }, value: { max_length: 2000 } },
  confirmation: {
    title: { max_length: 100 },
    text: { max_length: 300 },
    confirm: { max_length: 30 },
    deny: { max_length: 30 },
  },
  plain_text_input: { max_length: { max: 3000 } },
  actions: { elements: { max_items: 25 } },
  context: { elements: { max_items: 10 } },
  header: { text: { max_length: 150 } },
  input: { label: { max_length: 2000 }, hint: { max_length: 2000 } },
  option: { text: { max_length: 75 }, value: { max_length: 150 } },
  select: { options: { max_items: 100 } },
  section: { text: { max_length: 3000 } },
  view: {
    blocks: { min_items: 1, max_items: 100 },
    private_metadata: { max_length: 3000 },
    callback_id: { max_length: 255 },
    title: { max_length: 24 },
    close: { max_length: 24 },
    submit: { max_length: 24 },
  },
} as const;

const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const mrkdwn = z.strictObject({
  type: z.literal('mrkdwn'),
  text: z.string().min(1).max(CHECKED.section.text.max_length),
  verbatim: z.literal(true), // or Slack makes links, channels and mentions of words that look like them
});
const { button: B, confirmation: C, option: O, view: V } = CHECKED;

const button = z.strictObject({
  type: z.literal('button'),
  action_id: z.string().min(1).max(CHECKED.action_id.max_length),
  text: plain(B.text.max_length),
  value: z.string().min(1).max(B.value.max_length),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .strictObject({
      title: plain(C.title.max_length),
      text: plain(C.text.max_length),
      confirm: plain(C.confirm.max_length),
      deny: plain(C.deny.max_length),
    })
    .optional(),
});

const option = z.strictObject({
  text: plain(O.text.max_length),
  value: z.string().min(1).max(O.value.max_length),
});

const input = z.strictObject({
  type: z.literal('input'),
  optional: z.boolean().optional(),
  block_id: z.string().min(1).max(CHECKED.block_id.max_length),
  label: plain(CHECKED.input.label.max_length),
  hint: plain(CHECKED.input.hint.max_length).optional(),
  element: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('plain_text_input'),
      action_id: z.string().min(1).max(CHECKED.action_id.max_length),
      multiline: z.boolean(),
      max_length: z.int().min(1).max(CHECKED.plain_text_input.max_length.max),
      initial_value: z.string().max(CHECKED.plain_text_input.max_length.max).optional(),
    }),
    z.strictObject({
      type: z.literal('static_select'),
      action_id: z.string().min(1).max(CHECKED.action_id.max_length),
      options: z.array(option).min(1).max(CHECKED.select.options.max_items),
      initial_option: option.optional(),
    }),
    z.strictObject({
      type: z.literal('users_select'),
      action_id: z.string().min(1).max(CHECKED.action_id.max_length),
    }),
  ]),
});

const messageBlock = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('divider') }),
  z.strictObject({ type: z.literal('section'), text: mrkdwn }),
  z.strictObject({ type: z.literal('header'), text: plain(CHECKED.header.text.max_length) }),
  z.strictObject({
    type: z.literal('context'),
    elements: z.array(mrkdwn).min(1).max(CHECKED.context.elements.max_items),
  }),
  z.strictObject({
    type: z.literal('actions'),
    elements: z.array(button).min(1).max(CHECKED.actions.elements.max_items),
  }),
  z.strictObject({
    type: z.literal('rich_text'),
    elements: z
      .array(
        z.strictObject({
          type: z.literal('rich_text_preformatted'),
          elements: z.array(z.strictObject({ type: z.literal('text'), text: z.string().min(1) })).min(1),
        }),
      )
      .min(1),
  }),
]);

const messageSchema = z.object({
  text: z.string().min(1).max(4_000), // chat.update refuses more (msg_too_long)
  blocks: z.array(messageBlock).min(1).max(50),
});

const viewSchema = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().min(1).max(V.callback_id.max_length),
  title: plain(V.title.max_length),
  submit: plain(V.submit.max_length).optional(),
  close: plain(V.close.max_length),
  private_metadata: z.string().max(V.private_metadata.max_length),
  blocks: z
    .array(z.union([messageBlock, input]))
    .min(V.blocks.min_items)
    .max(V.blocks.max_items),
});

const BUDGET = 8_000; // Slack refuses from about 12,000, once at 11,341 (bolt-js issues 2509, 2867)
const VIEW_BYTES = 250_000; // view_too_large

/** Every string of a message that Slack draws, wherever it stands. */
export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'text' && typeof inner === 'string' ? [inner] : textsOf(inner),
  );
}

/** The texts in which Slack reads markup. */
export function mrkdwnOf(message: { text?: string | undefined; blocks?: unknown }): string[] {
  const walk = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(walk);
    if (typeof value !== 'object' || value === null) return [];
    const { type, text } = value as { type?: unknown; text?: unknown };
    return type === 'mrkdwn' && typeof text === 'string' ? [text] : Object.values(value).flatMap(walk);
  };
  return [...(message.text ? [message.text] : []), ...walk(message.blocks)];
}

/** Every button of a message. */
export function buttonsOf(message: { blocks?: unknown }): z.infer<typeof button>[] {
  const blocks = z
    .array(z.object({ type: z.string(), elements: z.unknown().optional() }))
    .parse(message.blocks);
  return blocks.flatMap(({ type, elements }) => (type === 'actions' ? z.array(button).parse(elements) : []));
}

/** What Slack would refuse about a message, and what we promised beyond that; empty when nothing. */
export function faultsOfMessage(message: { text: string; blocks?: unknown }): string[] {
  const parsed = messageSchema.safeParse(message);
  const shown = textsOf(message.blocks).reduce((sum, text) => sum + text.length, 0);
  const ids = buttonsOf(message).map(({ action_id, value }) => `${action_id} ${value}`);
  return [
    ...(parsed.success ? [] : [z.prettifyError(parsed.error)]),
    ...(shown > BUDGET ? [`${shown} characters of text`] : []),
    ...(new Set(ids).size < ids.length ? ['the same button twice'] : []),
  ];
}

/** What Slack would refuse about a modal; empty when nothing. */
export function faultsOfView(view: unknown): string[] {
  const parsed = viewSchema.safeParse(view);
  if (!parsed.success) return [z.prettifyError(parsed.error)];
  const ids = parsed.data.blocks.flatMap((block) => ('block_id' in block ? [block.block_id] : []));
  return [
    ...(new Set(ids).size < ids.length ? ['the same block_id twice'] : []),
    // docs.slack.dev/reference/views/modal-views: submit is required when there is an input.
    ...(ids.length > 0 && !parsed.data.submit ? ['inputs that cannot be sent'] : []),
    ...(Buffer.byteLength(JSON.stringify(view)) > VIEW_BYTES ? ['too large'] : []),
  ];
}

/** The parts of mrkdwn that Slack acts on: mentions, links, channels, dates. */
export const markupOf = (mrkdwn: string): string[] => mrkdwn.match(/<[^>]*>/g) ?? [];
