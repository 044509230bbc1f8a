import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OutputWindow } from '../../agent/output.ts';
import { canonicalBytes } from '../../src/protocol/index.ts';

function windowOver(chunks: readonly (string | Uint8Array)[], head = 100, tail = 100): OutputWindow {
  const window = new OutputWindow(head, tail);
  for (const chunk of chunks) window.push(Buffer.from(chunk as Uint8Array));
  return window;
}

describe('an output window', () => {
  test('counts and hashes everything, whatever it keeps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 })),
        fc.nat(40),
        fc.nat(40),
        (chunks, head, tail) => {
          const all = Buffer.concat(chunks);
          const window = windowOver(chunks, head, tail);
          expect(window.bytes).toBe(all.byteLength);
          expect(window.digest()).toBe(createHash('sha256').update(all).digest('hex'));
          const shown = window.present([]);
          expect(shown.head.length).toBeLessThanOrEqual(head + tail);
          expect(shown.tail.length).toBeLessThanOrEqual(head + tail);
        },
      ),
    );
  });

  test('shows a short output whole, in the head', () => {
    expect(windowOver(['one\n', 'two\n']).present([])).toEqual({ head: 'one\ntwo\n', tail: '' });
  });

  test('shows an output that just fits both as it was, split at a line', () => {
    const lines = Array.from({ length: 15 }, (_, n) => `line ${n} ......\n`).join('');
    const { head, tail } = windowOver([lines], 100, 150).present([]);
    expect(head + tail).toBe(lines);
    expect(head.endsWith('\n')).toBe(true);
  });

  test('cuts both ends to whole lines when the middle is gone', () => {
    const lines = Array.from({ length: 100 }, (_, n) => `line ${n}\n`);
    const { head, tail } = windowOver(lines).present([]);
    expect(lines).toContain(`${head.split('\n').at(-2)}\n`);
    expect(lines).toContain(`${tail.split('\n')[0]}\n`);
    expect(tail.endsWith('line 99\n')).toBe(true);
  });

  test('splits no character at the border of head and tail, so that a record can carry both', () => {
    for (let pad = 90; pad < 100; pad += 1) {
      const { head, tail } = windowOver([`${'a'.repeat(pad)}${'🎉'.repeat(20)}`], 95, 200).present([]);
      expect(head + tail).toBe(`${'a'.repeat(pad)}${'🎉'.repeat(20)}`);
      expect(() => canonicalBytes([head, tail])).not.toThrow();
    }
  });

  test('makes hidden characters and broken bytes visible', () => {
    const { head } = windowOver(['\u001b[31mred\u001b[0m\r\u202e', new Uint8Array([0xff])]).present([]);
    expect(head).toBe('\\u{1b}[31mred\\u{1b}[0m\\u{d}\\u{202e}\ufffd');
  });

  test('holds a character that is split between two chunks together', () => {
    const bytes = Buffer.from('é');
    expect(windowOver([bytes.subarray(0, 1), bytes.subarray(1)]).present([]).head).toBe('é');
  });
});

describe('secrets in output', () => {
  const secret = 'AKIAABCDEFGHIJKLMNOP';

  test('are masked wherever the chunks split them', () => {
    const text = `before ${secret} after\n`;
    for (let at = 1; at < text.length; at += 1) {
      expect(windowOver([text.slice(0, at), text.slice(at)]).present([]).head).toBe(
        'before [redacted] after\n',
      );
    }
  });

  test('are masked wherever the border of head and tail splits them, with or without a gap', () => {
    for (let pad = 60; pad < 140; pad += 1) {
      const text = `${'.'.repeat(pad)}${secret} ${'.'.repeat(60)}\n`;
      for (const more of ['', `${'filler\n'.repeat(40)}`]) {
        const { head, tail } = windowOver([text, more]).present([]);
        expect(leaks(head + tail)).toBe(false);
      }
    }
  });

  test('are masked wherever the beginning of the tail splits them', () => {
    for (let pad = 40; pad < 140; pad += 1) {
      const { head, tail } = windowOver([
        'x\n'.repeat(80),
        `token=${secret} ${'.'.repeat(pad)}\nend\n`,
      ]).present([]);
      expect(leaks(head + tail)).toBe(false);
    }
  });

  test('are masked when the beginning of a private key is in the part that was dropped', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(20)}-----END PRIVATE KEY-----\n`;
    const { head, tail } = windowOver([key, 'done\n'], 20, 200).present([]);
    expect(head + tail).not.toContain('MIIE');
    expect(tail.endsWith('done\n')).toBe(true);
  });

  test('are masked when they are values of the profile', () => {
    const { head } = windowOver(['the word is planted-secret-value today\n']).present([
      'planted-secret-value',
      'no',
    ]);
    expect(head).toBe('the word is [redacted] today\n');
  });

  /** Six characters of the secret in a row are too many. */
  function leaks(shown: string): boolean {
    return Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6)).some((part) =>
      shown.includes(part),
    );
  }
});
