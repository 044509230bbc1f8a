import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extract, MAX_SOURCE_UNITS } from '../../src/runbook/extract.ts';
import { normalise } from '../../src/runbook/normalise/index.ts';
import { type Parse, SOURCE_KINDS } from '../../src/runbook/runbook.ts';
import { shows } from '../../src/runbook/trace.ts';

/** Pieces that open, close or break something for one of the readers. */
const PIECES = [
  ...[
    '```',
    '```bash\n',
    '```\n',
    '`',
    '``',
    '~~~\n',
    '# ',
    '## If x\n',
    '> ',
    '- ',
    '1. ',
    '   ',
    '\n',
    '\n\n',
    '\r\n',
    '\t',
    '    ',
  ],
  ...[
    '$ ',
    '$X ',
    '${',
    '$(',
    '$((',
    '))',
    '"',
    "'",
    '\\',
    '\\\n',
    '|',
    '&&',
    '<<EOF\n',
    'EOF\n',
    '<pod>',
    '{{a}}',
    '[NAME]',
    ';',
  ],
  ...[
    '---\n',
    'title: x\n',
    'Run ',
    'ls -l',
    'for x in a; do',
    'done',
    'if ',
    'If a, ',
    'SELECT a',
    '>>> ',
    '... ',
    '> ls\n',
  ],
  ...[
    '\0',
    '\u202e',
    '\u200b',
    '\ud800',
    '🙂',
    '•',
    '*b*\n',
    'Warning: ',
    'Step 1: ',
    'Example output:\n',
    'XXXX',
    'A_ID',
    '|a|b|\n',
  ],
  ...[
    '<http://a|b>',
    '&lt;',
    '&amp;',
    '<@U123456>',
    '!!! note\n',
    ':::warning\n',
    '{{< x >}}\n',
    '{% raw %}\n',
    '###1',
  ],
  ...[
    '<!--',
    '-->',
    '<pre>',
    '</pre>',
    '<p>',
    '</p>',
    '<li>',
    '<ol>',
    '</ol>',
    '<code>',
    '</code>',
    '<br>',
    '<td>',
    '<div hidden>',
  ],
  ...[
    '<span style="display:none">',
    '</span>',
    '<![CDATA[',
    ']]>',
    '<ac:structured-macro ac:name="code">',
    '<html>',
    '&#x41;',
    '&nbsp;',
  ],
  ...[
    '.. code-block:: sh\n',
    '.. note::\n',
    '::\n\n',
    '====\n',
    'T\n===\n',
    ':a: b\n',
    '#. ',
    '**b**',
    '+---+\n',
  ],
  ...[
    '[source,bash]\n',
    '----\n',
    '+\n',
    '. ',
    '.. x\n',
    '== H\n',
    'NOTE: ',
    '<1>',
    '|===\n',
    ':a: b\n',
    '= T\n',
  ],
  ...[
    '#+BEGIN_SRC sh\n',
    '#+END_SRC\n',
    '* H\n',
    ': x\n',
    '{code}',
    '{noformat}\n',
    '{panel}',
    'h1. T\n',
    "'''b'''",
    ' <nowiki>',
  ],
  ...[
    'rails c\n',
    'exit\n',
    'cd /x\n',
    'X=$(a)\n',
    'ssh h\n',
    'where `X` is ',
    'Replace a-1 with b. ',
    'skip to step 1',
  ],
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((parts) => parts.join('')),
);

function checkSpans(text: string, parse: Parse): void {
  for (const step of parse.steps) {
    expect(step.source.start).toBeLessThanOrEqual(step.source.end);
    for (const { text: command, source } of step.commands) {
      expect(source.start).toBeGreaterThanOrEqual(0);
      expect(source.end).toBeLessThanOrEqual(text.length);
      expect(source.start).toBeLessThan(source.end);
      const slice = text.slice(source.start, source.end);
      expect({ slice, command, shown: shows(slice, command, parse.kind) }).toMatchObject({ shown: true });
    }
  }
  const starts = parse.steps.flatMap((step) => step.commands.map((command) => command.source.start));
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(new Set(starts).size).toBe(starts.length);
  for (const untaken of parse.untaken) {
    expect(untaken.source.start).toBeLessThanOrEqual(untaken.source.end);
    expect(untaken.source.end).toBeLessThanOrEqual(text.length);
  }
}

describe('extract on any text', () => {
  test('never throws, is deterministic, and every span shows exactly its command', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parse = extract(text);
        expect(extract(text)).toEqual(parse);
        checkSpans(text, parse);
      }),
      { numRuns: 400 },
    );
  });
});

/** Much of one piece, after an opening. */
const much = (piece: string, opening = '', size = MAX_SOURCE_UNITS / 4): string =>
  (opening + piece.repeat(Math.ceil(size / piece.length))).slice(0, size);

test.each([
  'plain ',
  '`',
  '> ',
  '```sh\nls "\n',
  'a: b\n',
  'Run `ls -l` ',
  '\n|-|\n',
  '.. note::\n',
  '----\n',
  '{code}\n',
])('the largest text, all of it %j, is read to the end', (piece) => {
  const text = much(piece, '', MAX_SOURCE_UNITS);
  expect(extract(text).steps.every((step) => step.source.end <= text.length)).toBe(true);
});

describe('a great deal of one thing', () => {
  test.each([
    ...[
      'plain',
      '```\n',
      '`',
      '> ',
      '- ',
      '1. ',
      '* * ',
      '[',
      '<',
      '<a ',
      '{{',
      '$(',
      '"',
      '\\',
      '|',
      '# ',
      '<<A\n',
      '    x\n',
    ],
    ...[
      '\r',
      '\0',
      '🙂',
      '```sh\nls "\n',
      'if \n',
      'Run `ls -l` ',
      'Step 1: ',
      'select a\n',
      '$ ls\n',
      'a: b\n',
      '    $(\n',
    ],
    ...[
      '|a|\n',
      '\n|-|\n',
      '$ ls\n\n\n\n',
      '   prose of prose and prose\n',
      ':::a\n',
      '```{note}\n',
      '{{< note >}}\n',
      '> ls\n',
    ],
    ...[
      '.. note::\n',
      '.. code-block:: sh\n\n',
      'a::\n\n  b\n',
      '====\na\n====\n',
      '=== ===\n',
      '`a`_ ',
      'T\n=\n',
    ],
    ...[
      '[source]\n----\n',
      '----\n',
      '====\n',
      '+\n',
      '. a\n',
      '.a\n',
      '<1> a\n',
      'a:: b\n',
      '|===\n',
      '= a\n',
    ],
    ...[
      '#+begin_src\n',
      ': x\n',
      ':A:\n',
      '* a\n** b\n',
      'h1. a\n{code}\n',
      '{panel}',
      "'''a''' ",
      ' <nowiki>x\n',
      '== a ==\n',
    ],
    ...[
      '<http://a|b> ',
      '&lt;',
      'exec -it ',
      'X=$( ',
      'A_ID ',
      'your-a ',
      'replace `a-1` with b ',
      'where `a` is ',
      'rails c\n',
    ],
  ])('%j is read to the end', (piece) => {
    const text = much(piece);
    const parse = extract(text);
    expect(parse.steps.every((step) => step.source.end <= text.length)).toBe(true);
  });

  test.each([
    ['fences without an end in a box', '```a\n', '# T\n\n````{note}\n'],
    ['loops without an end', 'for a in b; do\n\n', 'T\n\n'],
    ['quotes without an end', 'psql -c "a\n\n', 'T\n\n'],
  ])('of text, %s are read to the end', (_name, piece, opening) => {
    const text = much(piece, opening);
    expect(extract(text).steps.every((step) => step.source.end <= text.length)).toBe(true);
  });

  test.each([
    ['nested elements', '<div>', '<html>'],
    ['tags that nothing closes', '<p', '<html>'],
    ['closing tags of nothing', '</i>', `<html>${'<b>'.repeat(30_000)}`],
    ['entities', '&amp;', '<html><pre>'],
    ['broken entities', '&#x', '<html><pre>'],
    ['one attribute', 'x', '<html><p class="'],
    ['attributes', 'a="b" ', '<html><p '],
    ['comments', '<!-- -->', '<html>'],
    ['a comment without an end', '- ', '<html><!--'],
    ['style sheets without an end', '<style>', '<html>'],
    ['rules', '.a{display:none}', '<html><style>'],
    ['braces', '{', '<html><style>'],
    ['a script without an end', '</scrip', '<html><script>'],
    ['hidden words', '<i hidden>rm</i>', '<html><p>'],
    ['list items', '<li>x', '<html><ul>'],
    ['cells', '<table><tr><td>', '<html>'],
    ['character data', '<![CDATA[', '<html>'],
  ])('of HTML, %s, is read to the end', (_name, piece, opening) => {
    const parse = extract(much(piece, opening));
    expect(parse.kind).toBe('html');
    expect(parse.steps.length).toBeLessThanOrEqual(1000);
  });
});

describe('bounds', () => {
  test('what lies too deep is shown as unparsed instead of lost', () => {
    const parse = extract(`${'> '.repeat(150)}kubectl delete pod x\n\n# T\n`);
    expect(parse.untaken.map(({ reason }) => reason)).toEqual(['unparsed']);
  });

  test('what lies beyond the last block is shown as too long', () => {
    const parse = extract(`# T\n\n${'Text.\n\n'.repeat(2100)}Run:\n\n    ls -l\n`);
    expect(parse.untaken.at(-1)?.reason).toBe('too-long');
  });

  test('a thousand commands are enough, and what is left is shown', () => {
    const parse = extract(`# T\n\n${'Run `ls -l`.\n\n'.repeat(1500)}`);
    expect(parse.steps).toHaveLength(1000);
    expect(parse.untaken.at(-1)?.reason).toBe('too-long');
  });

  test('a command in an element deeper than any page is taken all the same', () => {
    const parse = extract(`<html>${'<div>'.repeat(5000)}<p>Run:</p><pre>df -h</pre>`);
    expect(parse.steps.flatMap((step) => step.commands.map((command) => command.text))).toEqual(['df -h']);
  });
});

describe('hidden text', () => {
  const commandsOf = (text: string): string[] =>
    extract(text).steps.flatMap((step) => step.commands.map((command) => command.text));
  const page = (hidden: string): string => `<h1>T</h1><p>Run:</p><pre>df -h</pre>${hidden}<p>Then look.</p>`;

  test.each([
    ['not displayed', '<pre style="display: none">rm -rf /srv</pre>'],
    ['not visible', '<pre style="visibility:hidden">rm -rf /srv</pre>'],
    ['marked hidden', '<div hidden><pre>rm -rf /srv</pre></div>'],
    ['transparent', '<pre style="opacity:0">rm -rf /srv</pre>'],
    ['of no size', '<pre style="font-size:0px">rm -rf /srv</pre>'],
    ['off the page', '<pre style="position:absolute;left:-9999px">rm -rf /srv</pre>'],
    ['white on white', '<pre style="color:#fff">rm -rf /srv</pre>'],
    [
      'ruled out by its class',
      '<style>p{a:b} .x, pre.y {display: none}</style><pre class="y">rm -rf /srv</pre>',
    ],
    [
      'ruled out by its name',
      '<style>/* } */ #y{font-size:0}</style><div id="y"><pre>rm -rf /srv</pre></div>',
    ],
    ['black on black', '<div style="background:#000"><pre style="color:#000000">rm -rf /srv</pre></div>'],
  ])('%s is reported and not taken', (_name, hidden) => {
    expect(commandsOf(page(hidden))).toEqual(['df -h']);
    expect(extract(page(hidden)).untaken.map(({ reason }) => reason)).toContain('hidden');
  });

  test('inside a command takes the whole command away', () => {
    const text = page('<p>Run <code>ls<span style="display:none">; rm -rf /srv</span> -l</code>.</p>');
    expect(commandsOf(text)).toEqual(['df -h']);
    expect(commandsOf(page('<p>Run ls <i hidden>; rm -rf /srv</i> -l /tmp.</p>'))).toEqual(['df -h']);
    const block = page('<p>Run:</p><pre>ls -l<i style="font-size:0">; rm -rf /srv</i>\nuptime</pre>');
    expect(commandsOf(block)).toEqual(['df -h']);
    expect(extract(block).untaken.map(({ reason }) => reason)).toContain('hidden');
  });

  test.each([
    ['in a closed tab', '<div role="tabpanel" hidden><pre>uptime -p</pre></div>'],
    ['in a closed expander', '<div class="expand-content" style="display:none"><pre>uptime -p</pre></div>'],
    ['hidden in print', '<style>@media print{.y{display:none}}</style><pre class="y">uptime -p</pre>'],
    ['that a rule colours', '<style>.y{color:#fff}</style><pre class="y">uptime -p</pre>'],
  ])('%s is no hidden text', (_name, part) => {
    expect(commandsOf(page(part))).toEqual(['df -h', 'uptime -p']);
  });

  test('for screen readers is no hidden text, and text in colour on a dark ground is none', () => {
    const dark =
      '<p>Run:</p><pre style="background-color:#1e1e1e"><span style="color:#ffffff">uptime -p</span></pre>';
    expect(commandsOf(page(dark))).toEqual(['df -h', 'uptime -p']);
    expect(
      extract(page('<a href="https://a.example">a<span class="sr-only">opens</span></a>')).untaken,
    ).toEqual([]);
  });

  test.each([
    '# T\n\n<!-- Run `kubectl delete ns x` -->\n',
    '<h1>T</h1><p>a</p><p>b</p><!-- <pre>rm -rf /srv</pre> -->',
    '= T\n\n////\n----\nrm -rf /srv\n----\n////\n',
    'T\n=\n\n..\n   Run ``rm -rf /srv``.\n\n.. _x:\n',
    '#+TITLE: T\n#+BEGIN_COMMENT\nrm -rf /srv\n#+END_COMMENT\n',
  ])('of a comment is never taken: %j', (text) => {
    expect(commandsOf(text)).toEqual([]);
  });
});

describe('offsets', () => {
  test.each([
    ['after a prompt', '# T\n\n```\n$ df -h\n```\n', 'df -h'],
    ['after CRLF lines', '# T\r\n\r\n```bash\r\ndf -h\r\nls\r\n```\r\n', 'ls'],
    ['in a list', '1. Do:\n\n   ```bash\n   df -h\n   ```\n', 'df -h'],
    ['in a quote', '> Run:\n>\n> ```bash\n> df -h\n> ```\n', 'df -h'],
    ['after characters of two units', '# 🙂🙂\n\nRun `df -h`.\n', 'df -h'],
    ['with tabs', '- a\n\n\t```bash\n\tdf -h\n\t```\n', 'df -h'],
    ['in Slack text', '*Disk*\n• Check: ```df -h```\n', 'df -h'],
    ['after a list marker on the same line', '- ```bash\n  df -h\n  ```\n', 'df -h'],
    ['in a box of MkDocs', '!!! note\n\n    Run:\n\n    ```sh\n    df -h\n    ```\n\n# T\n', 'df -h'],
    ['in HTML', '<h1>&#x1F642; T</h1><p>Run <code>df -h</code>.</p><p>x</p>', 'df -h'],
    ['in HTML inside Markdown', '# T\n\n<p>Run:</p>\n<pre>\ndf -h\n</pre>\n', 'df -h'],
    ['in reStructuredText', 'T\n===\n\nRun::\n\n    df -h\n\n.. note:: x\n', 'df -h'],
    ['in AsciiDoc', '= T\n\n[source,bash]\n----\ndf -h # <1>\n----\n', 'df -h'],
    ['in Org', '#+TITLE: T\n: df -h\n', 'df -h'],
    ['in a wiki', 'h1. T\n{code}\ndf -h\n{code}\n', 'df -h'],
  ])('point at the command %s', (_name, text, command) => {
    const spans = extract(text).steps.flatMap((step) =>
      step.commands.map(({ source }) => text.slice(source.start, source.end)),
    );
    expect(spans).toContain(command);
  });

  test('cover the tags and entities inside a command of HTML', () => {
    const text =
      '<h1>T</h1><p>Run:</p><pre><b>$ </b>kubectl <i>get</i> pod &lt;pod&gt; \\<br>  -n&nbsp;x</pre><p>Done.</p>';
    const [command] = extract(text).steps.flatMap((step) => step.commands);
    expect(command?.text).toBe('kubectl get pod <pod> \\\n  -n x');
    expect(text.slice(command?.source.start, command?.source.end)).toBe(
      'kubectl <i>get</i> pod &lt;pod&gt; \\<br>  -n&nbsp;x',
    );
  });

  test('of a command over several lines in a list cover the list indent, its text does not', () => {
    const text = '1. Do:\n\n   ```bash\n   cat <<EOF\n   a: 1\n     b: 2\n   EOF\n   ```\n';
    const command = extract(text).steps[0]?.commands[0];
    expect(command?.text).toBe('cat <<EOF\na: 1\n  b: 2\nEOF');
    expect(text.slice(command?.source.start, command?.source.end)).toBe(
      'cat <<EOF\n   a: 1\n     b: 2\n   EOF',
    );
  });
});

describe('every line that is not empty', () => {
  const covered = (text: string, kind: (typeof SOURCE_KINDS)[number]): string[] => {
    const document = normalise(text, kind);
    const spans = [
      ...document.markup,
      ...document.blocks.flatMap((block) =>
        block.lines.map((line) => {
          const span = { start: line.start, end: line.start + line.text.length };
          return document.view ? document.view.toSource(span) : span;
        }),
      ),
    ].filter(({ start, end }) => end > start);
    const starts = [0, ...[...text.matchAll(/\r\n?|\n/g)].map((end) => end.index + end[0].length)];
    return text.split(/\r\n?|\n/).filter((line, index) => {
      const from = starts[index] ?? 0;
      return /[^\s>]/.test(line) && !spans.some(({ start, end }) => start < from + line.length && end > from);
    });
  };

  test.each(SOURCE_KINDS)('of any text read as %s is in a block or is layout', (kind) => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(covered(text, kind)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
