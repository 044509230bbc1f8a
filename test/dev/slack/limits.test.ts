import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { blockErrors, blockTextLength, viewErrors } from '../../../dev/slack/limits.ts';
import { spec, withSpec } from './spec.ts';

const plain = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
const mrkdwn = (length: number) => ({ type: 'mrkdwn', text: 'x'.repeat(length) });
const button = (more: object = {}) => ({ type: 'button', text: plain(3), ...more });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const many = (count: number, make: (index: number) => object) =>
  Array.from({ length: count }, (_, index) => make(index));
const input = (element: object) => ({ type: 'input', label: plain(3), element });
const options = (count: number) => ({
  options: many(count, (index) => ({ text: plain(3), value: String(index) })),
});
const select = (count: number) => ({ type: 'static_select', ...options(count) });
const confirm = { title: plain(100), text: plain(300), confirm: plain(30), deny: plain(30) };

/** Each rule with the largest value Slack takes and the smallest it refuses. */
const RULES: readonly [rule: string, good: object[], bad: object[], pointer: string][] = [
  ['50 blocks', many(50, () => ({ type: 'divider' })), many(51, () => ({ type: 'divider' })), '/blocks'],
  [
    'section text 3000',
    [{ type: 'section', text: mrkdwn(3000) }],
    [{ type: 'section', text: mrkdwn(3001) }],
    '/blocks/0/text/text',
  ],
  [
    '10 fields',
    [{ type: 'section', fields: many(10, () => mrkdwn(1)) }],
    [{ type: 'section', fields: many(11, () => mrkdwn(1)) }],
    '/blocks/0/fields',
  ],
  [
    'field text 2000',
    [{ type: 'section', fields: [mrkdwn(2000)] }],
    [{ type: 'section', fields: [mrkdwn(2001)] }],
    '/blocks/0/fields/0/text',
  ],
  [
    'header 150',
    [{ type: 'header', text: plain(150) }],
    [{ type: 'header', text: plain(151) }],
    '/blocks/0/text/text',
  ],
  [
    'header is plain text',
    [{ type: 'header', text: plain(1) }],
    [{ type: 'header', text: mrkdwn(1) }],
    '/blocks/0/text/type',
  ],
  [
    '10 context elements',
    [{ type: 'context', elements: many(10, () => mrkdwn(1)) }],
    [{ type: 'context', elements: many(11, () => mrkdwn(1)) }],
    '/blocks/0/elements',
  ],
  [
    '25 actions',
    [actions(...many(25, () => button()))],
    [actions(...many(26, () => button()))],
    '/blocks/0/elements',
  ],
  [
    'button text 75',
    [actions(button({ text: plain(75) }))],
    [actions(button({ text: plain(76) }))],
    '/blocks/0/elements/0/text/text',
  ],
  [
    'button value 2000',
    [actions(button({ value: 'x'.repeat(2000) }))],
    [actions(button({ value: 'x'.repeat(2001) }))],
    '/blocks/0/elements/0/value',
  ],
  [
    'button style',
    [actions(button({ style: 'danger' }))],
    [actions(button({ style: 'warning' }))],
    '/blocks/0/elements/0/style',
  ],
  [
    'accessibility label 75',
    [actions(button({ accessibility_label: 'x'.repeat(75) }))],
    [actions(button({ accessibility_label: 'x'.repeat(76) }))],
    '/blocks/0/elements/0/accessibility_label',
  ],
  [
    'action id 255',
    [actions(button({ action_id: 'x'.repeat(255) }))],
    [actions(button({ action_id: 'x'.repeat(256) }))],
    '/blocks/0/elements/0/action_id',
  ],
  [
    'action ids differ in a block',
    [actions(button({ action_id: 'a' }), button({ action_id: 'b' }))],
    [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))],
    '/blocks/0/elements/1/action_id',
  ],
  [
    'confirm title 100',
    [actions(button({ confirm }))],
    [actions(button({ confirm: { ...confirm, title: plain(101) } }))],
    '/blocks/0/elements/0/confirm/title/text',
  ],
  [
    'confirm buttons 30',
    [actions(button({ confirm }))],
    [actions(button({ confirm: { ...confirm, deny: plain(31) } }))],
    '/blocks/0/elements/0/confirm/deny/text',
  ],
  ['100 options', [actions(select(100))], [actions(select(101))], '/blocks/0/elements/0/options'],
  [
    'menus hold plain text',
    [actions({ ...select(0), options: [{ text: plain(75), value: 'a' }] })],
    [actions({ ...select(0), options: [{ text: mrkdwn(75), value: 'a' }] })],
    '/blocks/0/elements/0/options/0/text/type',
  ],
  [
    'groups have a label of 75',
    [actions({ type: 'static_select', option_groups: [{ label: plain(75), ...options(1) }] })],
    [actions({ type: 'static_select', option_groups: [{ label: plain(76), ...options(1) }] })],
    '/blocks/0/elements/0/option_groups/0/label/text',
  ],
  [
    'what is chosen at first is one of the options',
    [input({ ...select(2), initial_option: { value: '1', text: plain(3) } })],
    [input({ ...select(2), initial_option: { value: '1', text: plain(4) } })],
    '/blocks/0/element/initial_option',
  ],
  [
    'a person chosen at first is an id',
    [input({ type: 'users_select', initial_user: 'U1' }), actions({ type: 'users_select' })],
    [input({ type: 'users_select', initial_user: ['U1'] })],
    '/blocks/0/element/initial_user',
  ],
  [
    'a channel chosen at first is an id',
    [input({ type: 'conversations_select', initial_conversation: 'C1' })],
    [input({ type: 'conversations_select', initial_conversation: null })],
    '/blocks/0/element/initial_conversation',
  ],
  [
    'several people chosen at first are a list',
    [input({ type: 'multi_users_select', initial_users: ['U1'] })],
    [input({ type: 'multi_users_select', initial_users: 'U1' })],
    '/blocks/0/element/initial_users',
  ],
  [
    '5 in an overflow menu',
    [actions({ ...select(5), type: 'overflow' })],
    [actions({ ...select(6), type: 'overflow' })],
    '/blocks/0/elements/0/options',
  ],
  [
    'block ids 255',
    [{ type: 'divider', block_id: 'x'.repeat(255) }],
    [{ type: 'divider', block_id: 'x'.repeat(256) }],
    '/blocks/0/block_id',
  ],
  [
    'block ids differ',
    [{ type: 'divider', block_id: 'a' }, { type: 'divider' }],
    [
      { type: 'divider', block_id: 'a' },
      { type: 'divider', block_id: 'a' },
    ],
    '/blocks/1/block_id',
  ],
  ['known types', [{ type: 'divider' }], [{ type: 'marquee' }], '/blocks/0/type'],
  [
    'inputs take no button',
    [input({ type: 'plain_text_input' })],
    [input(button())],
    '/blocks/0/element/type',
  ],
  [
    'typed text 3000',
    [input({ type: 'plain_text_input', max_length: 3000 })],
    [input({ type: 'plain_text_input', max_length: 3001 })],
    '/blocks/0/element/max_length',
  ],
  [
    'alert 200',
    [{ type: 'alert', text: mrkdwn(200) }],
    [{ type: 'alert', text: mrkdwn(201) }],
    '/blocks/0/text/text',
  ],
  [
    'empty text',
    [{ type: 'section', text: mrkdwn(1) }],
    [{ type: 'section', text: mrkdwn(0) }],
    '/blocks/0/text/text',
  ],
  [
    '100 table rows',
    [{ type: 'table', rows: many(100, () => []) }],
    [{ type: 'table', rows: many(101, () => []) }],
    '/blocks/0/rows',
  ],
  [
    'one table',
    [{ type: 'table', rows: [[]] }],
    [
      { type: 'table', rows: [[]] },
      { type: 'table', rows: [[]] },
    ],
    '/blocks',
  ],
  [
    'rich text parts',
    [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [] }] }],
    [{ type: 'rich_text', elements: [{ type: 'section' }] }],
    '/blocks/0/elements/0/type',
  ],
];

const view = (more: object = {}) => ({
  type: 'modal',
  title: plain(24),
  submit: plain(24),
  blocks: [],
  ...more,
});

describe('what Slack refuses', () => {
  test.each(RULES)(
    '%s: the limit passes, one more is refused with a pointer to it',
    (_rule, good, bad, pointer) => {
      expect(blockErrors(good, 'message')).toEqual([]);
      expect(blockErrors(bad, 'message')).toEqual([expect.stringContaining(`[json-pointer:${pointer}]`)]);
    },
  );

  test('names the count as Slack does', () => {
    expect(blockErrors([actions(...many(26, () => button()))], 'message')).toEqual([
      'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
    ]);
  });

  test('a modal has 24-character labels, 100 blocks, 3000 characters of metadata, and a submit where it has inputs', () => {
    expect(viewErrors(view({ blocks: many(100, () => ({ type: 'divider' })) }))).toEqual([]);
    const refused: [object, string][] = [
      [{ title: plain(25) }, '/view/title/text'],
      [{ close: plain(25) }, '/view/close/text'],
      [{ submit: plain(25) }, '/view/submit/text'],
      [{ private_metadata: 'x'.repeat(3001) }, '/view/private_metadata'],
      [{ blocks: many(101, () => ({ type: 'divider' })) }, '/view/blocks'],
      [{ blocks: [{ type: 'table', rows: [[]] }] }, '/view/blocks/0/type'],
      [{ blocks: [input({ type: 'plain_text_input' })], submit: undefined }, '/view'],
      [{ type: 'home' }, '/view/type'],
    ];
    for (const [more, pointer] of refused) {
      expect(viewErrors(view(more))).toEqual([expect.stringContaining(`[json-pointer:${pointer}]`)]);
    }
  });

  test('counts the text of all blocks, code included, and not their ids', () => {
    const code = { type: 'rich_text_preformatted', elements: [{ type: 'text', text: '12345' }] };
    const blocks = [
      { type: 'section', block_id: 'long id', text: mrkdwn(10) },
      { type: 'rich_text', elements: [code] },
    ];
    expect(blockTextLength(blocks)).toBe(15);
  });

  withSpec('takes every published valid example of a block it knows', () => {
    const directory =
      process.env.SLACK_SPEC_DIR ?? new URL('../../../../shared/slack-spec', import.meta.url).pathname;
    const names = readdirSync(`${directory}/block-kit`).filter((name) =>
      /^valid--(actions|alert|context_block|divider|header|image|input|markdown|rich_text|section|table)/.test(
        name,
      ),
    );
    expect(names.length).toBeGreaterThan(12);
    const refused = names.map((name) => {
      const block = spec(`block-kit/${name.replace(/\.json$/, '')}`);
      return { name, errors: blockErrors([block], 'message') };
    });
    expect(refused.filter((one) => one.errors.length > 0)).toEqual([]);
  });
});
