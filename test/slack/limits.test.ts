import { describe, expect, test } from '@jest/globals';
import { code, section } from '../../src/slack/blocks.ts';
import { LIMITS, textLength } from '../../src/slack/limits.ts';
import { CHECKED, faultsOfMessage, faultsOfView, publishedLimits } from '../support/block-kit.ts';

const limits = publishedLimits();

describe('the limits that tests check', () => {
  (limits ? test : test.skip)('are Slack’s own (skipped when SLACK_SPEC_DIR is not there)', () => {
    for (const [element, rules] of Object.entries(CHECKED)) expect(limits?.[element]).toMatchObject(rules);
  });

  test('are the ones that the renderers keep to', () => {
    expect(LIMITS).toMatchObject({
      section: CHECKED.section.text.max_length,
      header: CHECKED.header.text.max_length,
      button: CHECKED.button.text.max_length,
      buttonValue: CHECKED.button.value.max_length,
      confirmTitle: CHECKED.confirmation.title.max_length,
      confirmText: CHECKED.confirmation.text.max_length,
      confirmButton: CHECKED.confirmation.confirm.max_length,
      input: CHECKED.plain_text_input.max_length.max,
      inputLabel: CHECKED.input.label.max_length,
      modalTitle: CHECKED.view.title.max_length,
      metadata: CHECKED.view.private_metadata.max_length,
      modalBlocks: CHECKED.view.blocks.max_items,
    });
  });
});

describe('the reader of Block Kit used here refuses', () => {
  const plainText = (text: string) => ({ type: 'plain_text', text });
  const messages: [string, object][] = [
    ['an empty section', { type: 'section', text: { type: 'mrkdwn', text: '', verbatim: true } }],
    [
      'a section that is too long',
      { type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3_001), verbatim: true } },
    ],
    ['a header with markup', { type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
    ['an unknown block', { type: 'marquee', text: plainText('x') }],
    ['a field that Slack does not know', { type: 'header', text: plainText('x'), colour: 'red' }],
    ['no button in a row of buttons', { type: 'actions', elements: [] }],
    ['a text in which Slack looks for links', { type: 'section', text: { type: 'mrkdwn', text: 'x' } }],
  ];
  test.each(messages)('%s', (_, block) => {
    expect(faultsOfMessage({ text: 'x', blocks: [block] })).not.toEqual([]);
  });

  test('a message without text, one with 51 blocks, one with too much text, and a modal with a long title', () => {
    expect(faultsOfMessage({ text: '', blocks: [section('x')] })).not.toEqual([]);
    expect(
      faultsOfMessage({ text: 'x', blocks: Array.from({ length: 51 }, () => section('x')) }),
    ).not.toEqual([]);
    expect(faultsOfMessage({ text: 'x', blocks: [code('x'.repeat(8_001))] })).not.toEqual([]);
    expect(faultsOfView({ type: 'modal', title: plainText('x'.repeat(25)) })).not.toEqual([]);
  });
});

test('the length of a text counts what is shown, wherever it stands', () => {
  expect(textLength([section('12345'), code('123')])).toBe(8);
});
