import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeMrkdwn } from '../../src/text/escape.ts';
import { redact } from '../../src/text/redact.ts';
import { truncateHead, truncateTail } from '../../src/text/truncate.ts';
import { visible } from '../../src/text/visible.ts';

const key = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJlLXBhcnQ'].join('.');
const slack = ['xoxb', '123456789012', 'abcdefGHIJ'].join('-');
const github = `ghp_${'a1B2'.repeat(9)}`;
const pem = (body: string): string =>
  ['-----BEGIN RSA PRIVATE', `KEY-----\n${body}\n-----END RSA PRIVATE`, 'KEY-----'].join(' ');

describe('redact', () => {
  test.each([
    ['an AWS key id', `key ${key} ok`, 'key [redacted] ok'],
    [
      'a bearer header',
      'curl -H "Authorization: Bearer abc.def" https://x/y',
      'curl -H "Authorization: Bearer [redacted]" https://x/y',
    ],
    ['a basic header', 'authorization: basic dXNlcjpwYXNz next', 'authorization: basic [redacted] next'],
    ['a password assignment', 'password=hunter2 user=bob', 'password=[redacted] user=bob'],
    ['an upper-case token variable', 'export API_TOKEN="a b" && run', 'export API_TOKEN=[redacted] && run'],
    ['a YAML secret', 'client_secret: s3cr3t # note', 'client_secret: [redacted] # note'],
    ['a JSON password', '{"password": "p@ss", "n": 1}', '{"password": [redacted], "n": 1}'],
    ['an option with a value', 'tool --password hunter2 --verbose', 'tool --password [redacted] --verbose'],
    ['a URL with credentials', 'postgres://app:pw@db:5432/x', 'postgres://app:[redacted]@db:5432/x'],
    ['a Slack token', `token was ${slack}.`, 'token was [redacted].'],
    ['a GitHub token', `push ${github} done`, 'push [redacted] done'],
    ['a web token', `got ${jwt} back`, 'got [redacted] back'],
    ['a private key', `before\n${pem('AbC+/=\nXyZ')}\nafter`, 'before\n[redacted]\nafter'],
    ['two secrets in a line', 'token=a1 secret=b2 rest', 'token=[redacted] secret=[redacted] rest'],
  ])('masks %s and keeps the rest of the line', (_name, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    'kubectl get secrets -n prod',
    'psql --password=$PGPASSWORD -h db',
    'the token expired after 3 tries',
    'https://example.com:8443/path',
    'df -h /var && du -sh /tmp',
    'passed=3 failed=0',
  ])('leaves %s as it is', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('never throws, and a second pass changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = redact(text);
        expect(redact(once)).toBe(once);
      }),
    );
  });

  test('reads hostile repetitions to the end', () => {
    for (const piece of [
      '-----BEGIN PRIVATE KEY-----',
      'password=',
      'a://b:',
      'eyJ',
      'authorization: bearer ',
      '"',
    ]) {
      expect(typeof redact(piece.repeat(100_000 / piece.length))).toBe('string');
    }
  });
});

describe('visible', () => {
  test.each([
    ['plain é 漢 🙂', 'plain é 漢 🙂'],
    ['tab\tnew\nline', 'tab\tnew\nline'],
    ['a\u202eb', 'a\\u{202e}b'],
    ['a\u200bb', 'a\\u{200b}b'],
    ['a\u001b[0m', 'a\\u{1b}[0m'],
    ['a\r\n', 'a\\u{d}\n'],
    ['a\u{e0041}', 'a\\u{e0041}'],
    ['a\ufeff\u00ad', 'a\\u{feff}\\u{ad}'],
  ])('shows %j as %j', (text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  test('leaves no control or format character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(/[\p{Cf}\p{Cs}\p{Cc}]/u.test(visible(text).replace(/[\t\n]/g, ''))).toBe(false);
      }),
    );
  });
});

describe('truncate', () => {
  test('keeps a text that fits', () => {
    expect(truncateHead('abc', 3)).toBe('abc');
    expect(truncateTail('abc', 3)).toBe('abc');
  });

  test('counts exactly what was cut, at either end', () => {
    const text = `${'a'.repeat(100)}${'z'.repeat(100)}`;
    const head = truncateHead(text, 60);
    const tail = truncateTail(text, 60);
    const cut = (shown: string): number => Number(/\[… (\d+) characters cut …\]/.exec(shown)?.[1]);
    expect(head.startsWith('aaa')).toBe(true);
    expect(head.indexOf('\n') + cut(head)).toBe(text.length);
    expect(tail.endsWith('zzz')).toBe(true);
    expect(tail.length - tail.indexOf('\n') - 1 + cut(tail)).toBe(text.length);
  });

  test('never exceeds the limit and never cuts a surrogate pair', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer({ min: 0, max: 200 }),
        (text, max) => {
          for (const shown of [truncateHead(text, max), truncateTail(text, max)]) {
            expect(shown.length).toBeLessThanOrEqual(Math.max(max, 0));
            expect(/\p{Cs}/u.test(shown)).toBe(false);
          }
        },
      ),
    );
  });
});

describe('escapeMrkdwn', () => {
  test('turns the three control characters into entities and nothing else', () => {
    expect(escapeMrkdwn('<!channel> & *b* `c`')).toBe('&lt;!channel&gt; &amp; *b* `c`');
  });
});
