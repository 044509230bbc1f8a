import { describe, expect, test } from '@jest/globals';
import type { SourceKind } from '../../src/runbook/runbook.ts';
import { plainForm, shows } from '../../src/runbook/trace.ts';

describe('a part of a source shows a command', () => {
  test.each<[string, SourceKind, string, string]>([
    ['as it stands', 'markdown', 'df -h', 'df -h'],
    ['with other blanks', 'plain', '\tdf   -h\r\n', 'df -h'],
    ['over continued lines', 'markdown', 'df \\\n     -h', 'df \\\n-h'],
    ['with the indent of its list', 'markdown', 'cat <<E\n   a\n   E', 'cat <<E\na\nE'],
    ['in a quote', 'markdown', 'ls \\\n>   -l', 'ls \\\n  -l'],
    [
      'with tags and entities',
      'html',
      '<b>kubectl</b> get pod &lt;pod&gt;&nbsp;-o&#32;yaml',
      'kubectl get pod <pod> -o yaml',
    ],
    ['with lines that are elements', 'html', 'df -h \\<br/>/tmp', 'df -h \\\n/tmp'],
    ['in character data', 'html', 'a && b <c>', 'a && b <c>'],
    ['in HTML inside Markdown', 'markdown', 'ls <i>-l</i>', 'ls -l'],
    [
      'as Slack stores it',
      'slack',
      'a &amp;&amp; curl <https://a.example/x>',
      'a && curl https://a.example/x',
    ],
    ['with the number of a remark', 'asciidoc', 'df \\ # <1>\n  -h', 'df \\\n  -h'],
    ['with emphasis', 'rst', 'ls **<dir>**', 'ls <dir>'],
  ])('%s (%s)', (_name, kind, slice, command) => {
    expect(shows(slice, command, kind)).toBe(true);
  });

  test.each<[string, SourceKind, string, string]>([
    ['with more in it', 'markdown', 'df -h; ls', 'df -h'],
    ['with less in it', 'markdown', 'df', 'df -h'],
    ['in another case', 'markdown', 'DF -h', 'df -h'],
    ['with a placeholder taken for a tag', 'plain', 'kubectl get pod <pod>', 'kubectl get pod'],
    ['with hidden words', 'html', 'ls<span hidden>; rm -r /srv</span> -l', 'ls -l'],
    ['where a blank would part a word', 'plain', 'kube ctl', 'kubectl'],
  ])('not %s (%s)', (_name, kind, slice, command) => {
    expect(shows(slice, command, kind)).toBe(false);
  });
});

test('one form has no marks, no continuations and one blank for many', () => {
  expect(plainForm('<pre>ls  \\\n  -l &amp;&amp;\tdf</pre>', 'html')).toBe('ls -l && df');
  expect(plainForm('e\u0301 \n x', 'plain')).toBe('\u00e9 x');
});
