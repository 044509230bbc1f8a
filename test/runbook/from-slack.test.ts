import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extract } from '../../src/runbook/extract.ts';
import { fromSlackBlocks, fromSlackText } from '../../src/runbook/fromSlack.ts';

const text = (value: string, style?: object): object => ({
  type: 'text',
  text: value,
  ...(style ? { style } : {}),
});
const section = (...elements: object[]): object => ({ type: 'rich_text_section', elements });
const code = (value: string): object => ({
  type: 'rich_text_preformatted',
  border: 0,
  elements: [text(value)],
});
const list = (style: string, items: object[], extra: object = {}): object => ({
  type: 'rich_text_list',
  style,
  indent: 0,
  elements: items,
  ...extra,
});
const rich = (...elements: object[]): unknown[] => [{ type: 'rich_text', block_id: 'b', elements }];
const commandsOf = (blocks: unknown): string[][] =>
  extract(fromSlackBlocks(blocks) ?? '').steps.map((step) => step.commands.map((c) => c.text));

describe('fromSlackBlocks', () => {
  test('keeps headings, inline code, lists and preformatted text', () => {
    const blocks = rich(
      section(text('Disk full', { bold: true })),
      section(text('Run '), text('df -h', { code: true }), text(' first.\n')),
      list('bullet', [section(text('one')), section(text('two'))]),
      code('ls -l\ndu -sh /tmp'),
    );
    expect(fromSlackBlocks(blocks)).toBe(
      '## Disk full\n\nRun `df -h` first.\n\n- one\n- two\n\n    ```\n    ls -l\n    du -sh /tmp\n    ```',
    );
  });

  test('numbered items with code between them become ordered steps', () => {
    const blocks = rich(
      list('ordered', [section(text('Check the disk'))]),
      code('df -h'),
      list('ordered', [section(text('Clean the cache'))], { offset: 1 }),
      code('rm -r <work_dir>/cache'),
      list('ordered', [section(text('Tell the team'))], { offset: 2 }),
    );
    expect(commandsOf(blocks)).toEqual([['df -h'], ['rm -r <work_dir>/cache'], []]);
    expect(extract(fromSlackBlocks(blocks) ?? '').steps.map((s) => s.description)).toEqual([
      'Check the disk',
      'Clean the cache',
      'Tell the team',
    ]);
  });

  test('nested lists stay nested', () => {
    const blocks = rich(
      list('ordered', [section(text('Outer'))]),
      list('bullet', [section(text('Run '), text('df -h', { code: true }))], { indent: 1 }),
    );
    expect(fromSlackBlocks(blocks)).toBe('1. Outer\n\n    - Run `df -h`');
    expect(commandsOf(blocks)).toEqual([['df -h']]);
  });

  test('a here-document in preformatted text stays whole', () => {
    const blocks = rich(section(text('Run:')), code('cat > f <<EOF\na: 1\n\n  b: 2\nEOF'));
    expect(commandsOf(blocks)).toEqual([['cat > f <<EOF\na: 1\n\n  b: 2\nEOF']]);
  });

  test('a link that Slack made inside code is what was typed, and a disguised one is its address', () => {
    const linked = (url: string, label: string): unknown[] =>
      rich({ type: 'rich_text_preformatted', elements: [text('curl '), { type: 'link', url, text: label }] });
    expect(commandsOf(linked('http://example.com/x', 'example.com/x'))).toEqual([['curl example.com/x']]);
    expect(commandsOf(linked('https://evil.example/x', 'https://good.example/x'))).toEqual([
      ['curl https://evil.example/x'],
    ]);
  });

  test('code with ticks and fences inside cannot end its block early', () => {
    const blocks = rich(section(text('Run:')), code('echo "```"\nls -l'));
    expect(commandsOf(blocks)).toEqual([['echo "```"', 'ls -l']]);
  });

  test('reads section, header and markdown blocks', () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: 'Title' } },
      { type: 'divider' },
      { type: 'section', text: { type: 'mrkdwn', text: 'Run `echo a &amp;&amp; ls &lt;pod&gt;`' } },
      { type: 'markdown', text: '```bash\ndf -h\n```' },
    ];
    expect(fromSlackBlocks(blocks)).toBe('# Title\n\nRun `echo a && ls <pod>`\n\n```bash\ndf -h\n```');
  });

  test('mentions, emoji and quotes become text', () => {
    const blocks = rich(
      section(text('Ask '), { type: 'user', user_id: 'U1' }, text(' '), { type: 'emoji', name: 'wave' }),
      { type: 'rich_text_quote', elements: [text('a\nb')] },
    );
    expect(fromSlackBlocks(blocks)).toBe('Ask @U1 :wave:\n\n> a\n> b');
  });

  test.each([
    [null],
    [undefined],
    ['x'],
    [{}],
    [[]],
    [[{ type: 'divider' }]],
    [[{ type: 'rich_text' }]],
    [rich(section())],
    [[null, 1]],
  ])('gives null for %j', (blocks) => {
    expect(fromSlackBlocks(blocks)).toBeNull();
  });

  test('never throws on any value', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect([null, 'string']).toContain(typeof fromSlackBlocks([value]) === 'string' ? 'string' : null);
      }),
    );
  });
});

describe('fromSlackText', () => {
  test.each([
    ['a &lt;b&gt; &amp;&amp; c', 'a <b> && c'],
    ['&amp;lt;', '&lt;'],
    ['see <https://x.y/z|the page>', 'see the page'],
    ['see <https://x.y/z>', 'see https://x.y/z'],
    ['`curl <https://x.y/z|good.example>`', '`curl https://x.y/z`'],
    ['`curl <http://x.y/z|x.y/z>`', '`curl x.y/z`'],
    ['```ping <http://x.y|x.y>```', '```ping x.y```'],
    ['<@U1> <@U1|bob> <#C1|ops> <!here> <!subteam^S1|@sre>', '@U1 @bob #ops @here @sre'],
    ['kubectl get <pod>', 'kubectl get <pod>'],
  ])('reads %s', (given, expected) => {
    expect(fromSlackText(given)).toBe(expected);
  });

  test('a Slack message with fences in the line keeps every command', () => {
    const message =
      '*Disk full*\n• Check: ```df -h```\n• Then ```kubectl delete pod &lt;pod&gt;\nls -l```\nDone';
    const parse = extract(fromSlackText(message));
    expect(parse.kind).toBe('slack');
    expect(parse.title).toBe('Disk full');
    expect(parse.steps.flatMap((s) => s.commands.map((c) => c.text))).toEqual([
      'df -h',
      'kubectl delete pod <pod>',
      'ls -l',
    ]);
  });
});
