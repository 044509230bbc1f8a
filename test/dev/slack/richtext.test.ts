import { describe, expect, test } from '@jest/globals';
import { blockErrors } from '../../../dev/slack/limits.ts';
import { compose, escapeText } from '../../../dev/slack/richtext.ts';

const elements = (typed: string) => compose(typed).blocks[0].elements;
const section = (...texts: string[]) => ({
  type: 'rich_text_section',
  elements: texts.map((text) => ({ type: 'text', text })),
});
const code = (text: string) => ({ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] });

describe('what Slack’s composer makes of typed text', () => {
  test('plain text is one section, line breaks kept', () => {
    expect(elements('one\ntwo\n\nthree\n')).toEqual([section('one\ntwo\n\nthree')]);
  });

  test('a fence becomes code with its indentation, and the language word stays its first line', () => {
    expect(elements('before\n```\n  a\n\n  b\n```\nafter')).toEqual([
      section('before\n'),
      code('  a\n\n  b'),
      section('after'),
    ]);
    expect(elements('```bash\nls\n```')).toEqual([code('bash\nls')]);
  });

  test('a fence never closed is text', () => {
    expect(elements('a\n```\nb')).toEqual([section('a\n```\nb')]);
  });

  test('numbers go on after code between two items', () => {
    const [first, , second] = elements('1. one\n```\nls\n```\n2. two\n3. three');
    expect(first).toMatchObject({ type: 'rich_text_list', style: 'ordered', elements: [section('one')] });
    expect(second).toMatchObject({
      style: 'ordered',
      offset: 1,
      elements: [section('two'), section('three')],
    });
    expect(compose('1. one\n```\nls\n```\n2. two').text).toBe('1. one\n```ls```\n2. two');
  });

  test('indented bullets are a list of their own', () => {
    expect(elements('- a\n  - b\n- c')).toMatchObject([
      { style: 'bullet', indent: 0 },
      { style: 'bullet', indent: 1 },
      { style: 'bullet', indent: 0 },
    ]);
  });

  test('inline marks count at the edge of words and never inside code', () => {
    expect(elements('run `a *b*` *now* a_b_c')).toEqual([
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: 'run ' },
          { type: 'text', text: 'a *b*', style: { code: true } },
          { type: 'text', text: ' ' },
          { type: 'text', text: 'now', style: { bold: true } },
          { type: 'text', text: ' a_b_c' },
        ],
      },
    ]);
    expect(elements('ls *.log *.txt ~/x arn:aws:iam::1')).toEqual([
      section('ls *.log *.txt ~/x arn:aws:iam::1'),
    ]);
  });

  test('URLs are links, in code too, without the full stop after them', () => {
    expect(elements('see https://a.example/x?b=1.')).toMatchObject([
      { elements: [{ text: 'see ' }, { type: 'link', url: 'https://a.example/x?b=1' }, { text: '.' }] },
    ]);
    expect(elements('```\ncurl https://a.example\n```')).toMatchObject([
      {
        type: 'rich_text_preformatted',
        elements: [{ text: 'curl ' }, { type: 'link', url: 'https://a.example' }],
      },
    ]);
  });

  test('the text is mrkdwn with &, < and > escaped', () => {
    expect(compose('a && b > c\n- *x* <y>\n```\nk get <pod>\n```').text).toBe(
      'a &amp;&amp; b &gt; c\n• *x* &lt;y&gt;\n```k get &lt;pod&gt;```',
    );
    expect(escapeText('<&>')).toBe('&lt;&amp;&gt;');
  });

  test('40,000 characters are sent and one more is not', () => {
    expect(compose('x'.repeat(40_000)).text).toHaveLength(40_000);
    expect(() => compose('x'.repeat(40_001))).toThrow('Slack sends at most 40000');
  });

  test('what it makes is a block Slack takes, whatever is typed', () => {
    for (const typed of [
      '```\n```',
      '- x\n\n> q\n> r',
      '``````',
      '1. `a`\n\t- b\n```x```\n',
      ':eyes: 🛑',
      '* * *',
    ]) {
      const { blocks } = compose(typed);
      if (blocks[0].elements.length > 0) expect(blockErrors(blocks, 'message')).toEqual([]);
    }
  });
});
