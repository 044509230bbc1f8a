import type {
  ActionsBlock,
  Button,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  MrkdwnElement,
  RichTextBlock,
  SectionBlock,
  View,
} from '@slack/types';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { LIMITS } from './limits.ts';
import { clip } from './words.ts';

/** Small builders that keep every text inside Slack's limits. Untrusted text goes into `code` or through `escapeMrkdwn`. */

/** A paragraph in Slack's mrkdwn. */
export const section = (mrkdwn: string): SectionBlock => ({ type: 'section', text: verbatim(mrkdwn) });

/** A headline in plain text. */
export const header = (plain: string): HeaderBlock => ({
  type: 'header',
  text: { type: 'plain_text', text: clip(visible(plain), LIMITS.header), emoji: true },
});

/** Small print, one element. */
export const context = (mrkdwn: string): ContextBlock => ({ type: 'context', elements: [verbatim(mrkdwn)] });

/** A line across. */
export const divider: DividerBlock = { type: 'divider' };

/** Slack adds nothing to the text: no link, channel or mention that we did not write as one. */
const verbatim = (mrkdwn: string): MrkdwnElement => ({
  type: 'mrkdwn',
  text: truncateHead(mrkdwn, LIMITS.section),
  verbatim: true,
});

/** Commands and output: preformatted, so that nothing in them is markup, a link or a mention. */
export const code = (text: string): RichTextBlock => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: visible(text) || ' ' }] }],
});

export interface ButtonSpec {
  readonly action: string;
  readonly label: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
  /** Asked before the click counts: title, question, yes. A courtesy; the server decides. */
  readonly ask?: { readonly title: string; readonly question: string; readonly yes: string };
}

/** A row of buttons. */
export const actions = (...buttons: readonly ButtonSpec[]): ActionsBlock => ({
  type: 'actions',
  elements: buttons.map(button),
});

function button({ action, label, value, style, ask }: ButtonSpec): Button {
  return {
    type: 'button',
    action_id: action,
    text: { type: 'plain_text', text: clip(label, LIMITS.button) },
    value,
    ...(style ? { style } : {}),
    ...(ask
      ? {
          confirm: {
            title: { type: 'plain_text', text: clip(ask.title, LIMITS.confirmTitle) },
            text: { type: 'plain_text', text: clip(ask.question, LIMITS.confirmText) },
            confirm: { type: 'plain_text', text: clip(ask.yes, LIMITS.confirmButton) },
            deny: { type: 'plain_text', text: 'Cancel' },
          },
        }
      : {}),
  };
}

export interface InputSpec {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly initial?: string;
  readonly multiline?: boolean;
  readonly max?: number;
  /** It may be left empty. */
  readonly optional?: boolean;
}

/** A text box of a modal. Its value comes back under `id`, in the element `value`. */
export const input = ({ id, label, hint, initial, multiline, max, optional }: InputSpec): InputBlock => ({
  type: 'input',
  block_id: id,
  ...(optional ? { optional } : {}),
  label: { type: 'plain_text', text: clip(visible(label), LIMITS.inputLabel) },
  ...(hint ? { hint: { type: 'plain_text', text: clip(visible(hint), LIMITS.inputLabel) } } : {}),
  element: {
    type: 'plain_text_input',
    action_id: 'value',
    multiline: multiline ?? false,
    max_length: Math.min(max ?? LIMITS.input, LIMITS.input),
    ...(initial ? { initial_value: clip(initial, LIMITS.input) } : {}),
  },
});

/** A menu of a modal. The value chosen comes back under `id`, in the element `value`. */
export const select = (spec: {
  id: string;
  label: string;
  options: readonly { readonly text: string; readonly value: string }[];
  optional?: boolean;
}): InputBlock => ({
  type: 'input',
  block_id: spec.id,
  ...(spec.optional ? { optional: true } : {}),
  label: { type: 'plain_text', text: clip(visible(spec.label), LIMITS.inputLabel) },
  element: {
    type: 'static_select',
    action_id: 'value',
    options: spec.options.slice(0, LIMITS.options).map(({ text, value }) => ({
      text: { type: 'plain_text', text: clip(visible(text), LIMITS.optionText) },
      value,
    })),
  },
});

/** A modal window. `about` names what it is for and comes back with the submission. */
export const modal = (spec: {
  view: string;
  title: string;
  submit: string;
  about: string;
  blocks: readonly KnownBlock[];
}): View => ({
  type: 'modal',
  callback_id: spec.view,
  title: { type: 'plain_text', text: clip(spec.title, LIMITS.modalTitle) },
  submit: { type: 'plain_text', text: clip(spec.submit, LIMITS.modalTitle) },
  close: { type: 'plain_text', text: 'Cancel' },
  private_metadata: spec.about,
  blocks: [...spec.blocks],
});
