import { describe, expect, test } from '@jest/globals';
import { extract } from '../../src/runbook/extract.ts';
import { kindOf } from '../../src/runbook/normalise/kind.ts';
import type { SourceKind } from '../../src/runbook/runbook.ts';

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;

const read = (text: string) => {
  const { kind, steps } = extract(text);
  return { kind, commands: steps.flatMap((step) => step.commands.map((command) => command.text)) };
};

describe('the kind of a text', () => {
  const cases: readonly (readonly [string, SourceKind, string])[] = [
    ['headings and fences', 'markdown', lines('# T', '', '```sh', 'df -h', '```')],
    [
      'a page that begins with HTML and goes on with headings',
      'markdown',
      lines('<p align="center"><img src="a"></p>', '', '# T', '', '## A', '', '- **b**', '', '## C'),
    ],
    ['front matter', 'markdown', lines('---', 'title: T', '---', '', 'Run `df -h`.')],
    ['a table with its rule', 'markdown', lines('| a | b |', '| --- | --- |', '| c | d |')],
    ['a document', 'html', '<!DOCTYPE html><html><body><p>x</p></body></html>'],
    ['a part of a document', 'html', '<h1>T</h1>\n<p>a</p>\n<p>b</p>\n<pre>df -h</pre>'],
    ['a comment before the document', 'html', '<!-- saved from a site -->\n<html><body>x</body></html>'],
    [
      'a page of Confluence as it is stored',
      'html',
      '<p>a</p><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[ls]]></ac:plain-text-body></ac:structured-macro>',
    ],
    [
      'titles with lines under and over',
      'rst',
      lines('=====', 'Title', '=====', '', 'Part', '~~~~', '', 'x'),
    ],
    [
      'titles over tildes, which open no fence',
      'rst',
      lines(
        'Remove a host',
        '~~~~~~~~~~~~~',
        '',
        '#. Stop it:',
        '',
        '   .. code-block:: console',
        '',
        '      # df -h',
      ),
    ],
    [
      'literals whose lines look like Markdown',
      'rst',
      lines(
        'Title',
        '=====',
        '',
        '**First**:',
        '',
        '::',
        '',
        '   # ipa ping',
        '   --------',
        '   # df -h',
        '',
        'x',
      ),
    ],
    ['a directive', 'rst', lines('Title', '=====', '', '.. code-block:: console', '', '   $ df -h')],
    ['source blocks and a title', 'asciidoc', lines('= T', '', '[source,bash]', '----', 'df -h', '----')],
    ['admonitions and attributes', 'asciidoc', lines('= T', ':ns: a', '', '== A', '', 'NOTE: b')],
    ['blocks of Org', 'org', lines('* T', '', '#+BEGIN_SRC sh', 'df -h', '#+END_SRC')],
    ['a page of Jira', 'wiki', lines('h1. T', '', '{code}', 'df -h', '{code}')],
    ['a page of MediaWiki', 'wiki', lines('== T ==', '', "'''Run''' it.", '', ' df -h')],
    ['a message of Slack', 'slack', lines('*Disk full*', '', '• ask <@U12345678>', '• ```df -h```')],
    ['a Slack link', 'slack', 'See <https://example.org/a|the page> and run `df -h`.'],
    ['a shell history', 'plain', lines('  501  df -h', '  502  ls -l /tmp')],
    ['a session', 'plain', lines('[root@a ~]# df -h', 'sda 10G', '[root@a ~]# ls')],
    ['notes', 'plain', lines('Disk full', '', '1. Check the disk', '', 'df -h')],
  ];
  test.each(cases)('with %s is %s', (_name, kind, text) => {
    expect(kindOf(text)).toBe(kind);
  });

  test('is not changed by what code says', () => {
    const page = lines(
      '# T',
      '',
      '```',
      '<html><body><p>a</p><p>b</p></body></html>',
      '.. note::',
      '= A',
      '```',
    );
    expect(kindOf(page)).toBe('markdown');
  });
});

describe('commands of reStructuredText', () => {
  const page = (...body: readonly string[]): string => lines('Title', '=====', '', '.. _top:', '', ...body);
  test.each([
    ['a literal block', page('Run::', '', '    df -h', '    ls -l', '', 'Done.'), ['df -h', 'ls -l']],
    ['a literal block under an item', page('#. Run:', '', '   ::', '', '     df -h'), ['df -h']],
    ['a directive with options', page('.. code-block:: sh', '   :linenos:', '', '   df -h'), ['df -h']],
    ['a prompt of a directive', page('.. prompt:: bash $', '', '   df -h'), ['df -h']],
    [
      'a block inside an admonition',
      page('.. warning::', '', '   First:', '', '   .. code-block:: console', '', '      $ df -h'),
      ['df -h'],
    ],
    ['a literal with emphasis', page('.. parsed-literal::', '', '   ls -l **<dir>**'), ['ls -l <dir>']],
    ['words between two ticks', page('Run ``df -h`` on the host.'), ['df -h']],
    ['a comment', page('..', '   Run ``df -h``.', '', 'Done.'), []],
    ['an included file', page('.. include:: a.rst', '', 'Done.'), []],
  ])('in %s', (_name, text, commands) => {
    expect(read(text)).toEqual({ kind: 'rst', commands });
  });
});

describe('commands of AsciiDoc', () => {
  const page = (...body: readonly string[]): string => lines('= Title', ':toc:', '', ...body);
  test.each([
    ['a listing', page('[source,bash]', '----', 'df -h', '----'), ['df -h']],
    ['a literal block with prompts', page('....', '$ df -h', '/dev/sda1 10G', '....'), ['df -h']],
    ['a block that `+` joins to an item', page('. Run:', '+', '----', 'df -h', '----', '. Look.'), ['df -h']],
    ['a listing with remarks', page('[source,sh]', '----', 'df -h # <1>', '----', '<1> Space'), ['df -h']],
    ['a listing without delimiters', page('[source,sh]', 'df -h', '', 'Then `look`.'), ['df -h']],
    ['an indented line', page('Run:', '', '  df -h', '', 'Done.'), ['df -h']],
    [
      'an example block',
      page('[WARNING]', '====', 'First:', '', '[,sh]', '----', 'df -h', '----', '===='),
      ['df -h'],
    ],
    ['words between ticks', page('Run `df -h` on the host.'), ['df -h']],
    ['a comment block', page('////', '----', 'df -h', '----', '////', '', 'Done.'), []],
  ])('in %s', (_name, text, commands) => {
    expect(read(text)).toEqual({ kind: 'asciidoc', commands });
  });
});

describe('commands of Org and of wikis', () => {
  test.each<[string, SourceKind, string, string[]]>([
    ['a source block', 'org', lines('#+TITLE: T', '#+begin_src sh', 'df -h', '#+end_src'), ['df -h']],
    ['a line after a colon', 'org', lines('#+TITLE: T', 'Run:', ': df -h'), ['df -h']],
    ['words between ~ or =', 'org', lines('#+TITLE: T', 'Run ~df -h~ and =ls -l=.'), ['df -h', 'ls -l']],
    ['results', 'org', lines('#+TITLE: T', '#+RESULTS:', ': df -h'), []],
    ['a code macro', 'wiki', lines('h1. T', '{code:bash}', 'df -h', '{code}'), ['df -h']],
    [
      'a macro with a title',
      'wiki',
      lines('h1. T', '{noformat:title=a}', '$ df -h', '{noformat}'),
      ['df -h'],
    ],
    [
      'words that its editor escaped',
      'wiki',
      lines('h1. T', 'Run {{ls \\-l \\*.log | wc \\-l}}.'),
      ['ls -l *.log | wc -l'],
    ],
    [
      'entities in code',
      'wiki',
      lines('== T ==', 'Run <code>kubectl get pod &lt;pod&gt;</code>.'),
      ['kubectl get pod <pod>'],
    ],
    ['quotes and percent signs', 'wiki', lines('====== T ======', "Run ''%%df --total%%''."), ['df --total']],
    ['words of a fixed width', 'wiki', lines('h1. T', 'Run {{df -h}} on the host.'), ['df -h']],
    ['lines that begin with a blank', 'wiki', lines('== T ==', "'''Run'''", '', ' df -h'), ['df -h']],
    [
      'a syntax element',
      'wiki',
      lines('== T ==', 'Run:', '<syntaxhighlight lang="bash">', 'df -h', '</syntaxhighlight>'),
      ['df -h'],
    ],
  ])('in %s of %s', (_name, kind, text, commands) => {
    expect(read(text)).toEqual({ kind, commands });
  });
});

describe('commands of HTML', () => {
  const page = (body: string): string => `<!DOCTYPE html><html><body><h1>T</h1>${body}</body></html>`;
  test.each([
    ['a block', '<p>Run:</p><pre><code class="language-bash">df -h\nls -l</code></pre>', ['df -h', 'ls -l']],
    ['highlighted words', '<pre><span class="gp">$ </span>df <span>-h</span></pre>', ['df -h']],
    ['lines that are broken', '<p>Run:</p><pre>df -h<br>ls -l</pre>', ['df -h', 'ls -l']],
    ['lines that are elements', '<pre><div>df -h</div><div>ls -l</div></pre>', ['df -h', 'ls -l']],
    ['entities', '<pre>kubectl get pod &lt;pod&gt; &amp;&amp; ls</pre>', ['kubectl get pod <pod> && ls']],
    ['words marked as code', '<p>Run <code>df -h</code> on the host.</p>', ['df -h']],
    [
      'character data',
      '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[df -h && ls]]></ac:plain-text-body></ac:structured-macro>',
      ['df -h && ls'],
    ],
    [
      'paragraphs in a font of one width',
      '<p>Run:</p><p style="font-family: Courier New">df -h</p><p style="font-family: Courier New">ls -l</p>',
      ['df -h', 'ls -l'],
    ],
    [
      'a block with line numbers beside it',
      '<table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td><td><pre>df -h\nls -l</pre></td></tr></table>',
      ['df -h', 'ls -l'],
    ],
    ['a table of contents', '<ul><li><a href="#a">redis-cli sub-commands</a></li></ul><p>Text.</p>', []],
    ['a link', '<ul><li><a href="b.html"><code>kubectl get -A</code></a></li></ul>', []],
    [
      'a block with a class of its own',
      '<p>Then:</p><pre class="shell"><code>flip it</code></pre>',
      ['flip it'],
    ],
    ['a block with a button', '<div><pre>df -h</pre><button>Copy ls -l</button></div>', ['df -h']],
    ['navigation', '<nav><p>Run <code>df -h</code></p></nav><p>Text.</p>', []],
    ['a script', '<script>const a = "<pre>df -h</pre>"</script><p>Text.</p>', []],
    [
      'what is printed',
      '<p>Run <code>df -h</code>. It prints:</p><pre><samp>sda 10G</samp></pre>',
      ['df -h'],
    ],
  ])('in %s', (_name, body, commands) => {
    expect(read(page(body))).toEqual({ kind: 'html', commands });
  });

  test('are those of the page, not of the site around it', () => {
    const site = '<div>Run <code>ls -l</code></div><main><p>Run:</p><pre>df -h</pre></main>';
    expect(read(page(site)).commands).toEqual(['df -h']);
  });

  test('stand under the item, the box and the heading they are in', () => {
    const { steps } = extract(
      page(
        '<h2>If the disk is full</h2><ol><li>Look.<pre>df -h</pre></li><li>Free it.<div class="admonition warning"><p>Logs are lost.</p></div><pre>rm -r /var/log/a</pre></li></ol>',
      ),
    );
    expect(steps.map(({ description, branch, warnings }) => ({ description, branch, warnings }))).toEqual([
      { description: 'Look.', branch: 'If the disk is full', warnings: [] },
      { description: 'Free it.', branch: 'If the disk is full', warnings: ['Logs are lost.'] },
    ]);
  });
});

describe('commands of Markdown in the manner of sites', () => {
  test.each([
    ['a box of MkDocs', lines('# T', '', '!!! warning "Take care"', '', '    Run `df -h`.'), ['df -h']],
    ['a tab of MkDocs', lines('# T', '', '=== "Linux"', '', '    ```sh', '    df -h', '    ```'), ['df -h']],
    [
      'a box inside a tab of MkDocs',
      lines(
        '# T',
        '',
        '=== "A"',
        '',
        '    !!! note',
        '',
        '        Run:',
        '',
        '        ```sh',
        '        df -h',
        '        ```',
      ),
      ['df -h'],
    ],
    ['a box of Docusaurus', lines('# T', '', ':::note', '', 'Run `df -h`.', '', ':::'), ['df -h']],
    ['a box of GitHub', lines('# T', '', '> [!NOTE]', '> Run `df -h`.'), ['df -h']],
    ['a shortcode', lines('# T', '', '{{< highlight bash >}}', 'df -h', '{{< /highlight >}}'), ['df -h']],
    [
      'a part that folds',
      lines('# T', '', '<details>', '', '```sh', 'df -h', '```', '', '</details>'),
      ['df -h'],
    ],
    ['HTML', lines('# T', '', '<p>Run:</p>', '<pre>df -h</pre>'), ['df -h']],
  ])('in %s', (_name, text, commands) => {
    expect(read(text)).toEqual({ kind: 'markdown', commands });
  });
});

describe('commands of plain text', () => {
  test.each([
    [
      'a history with numbers',
      lines('  501  df -h', '  502  cd /var', '  503  ls -l'),
      ['df -h', 'cd /var', 'ls -l'],
    ],
    [
      'a history with times',
      lines(
        '  501  2024-05-01 10:00:00 df -h',
        '  502  2024-05-01 10:00:09 ls -l',
        '  503  2024-05-01 10:01:00 exit',
      ),
      ['df -h', 'ls -l', 'exit'],
    ],
    [
      'a session with its output',
      lines('[root@a ~]# df -h', 'sda 10G', '[root@a ~]# ls -l', 'x'),
      ['df -h', 'ls -l'],
    ],
    [
      'a block in a list',
      lines(
        '1. Look:',
        '',
        '    # how full',
        '    df -h \\',
        '      /srv',
        '',
        '    Note it down.',
        '',
        '2. Done.',
      ),
      ['df -h \\\n  /srv'],
    ],
    [
      'a session of Windows',
      lines('PS C:\\> kubectl get pods', 'PS C:\\> ipconfig /all'),
      ['kubectl get pods', 'ipconfig /all'],
    ],
  ])('in %s', (_name, text, commands) => {
    expect(read(text)).toEqual({ kind: 'plain', commands });
  });
});
