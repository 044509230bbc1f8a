import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadSafety } from '../../src/safety/index.ts';
import { isWorse } from '../../src/safety/verdict.ts';
import { corpus, risk } from './support.ts';

beforeAll(loadSafety);

const known = fc.constantFrom(...corpus('safe'), ...corpus('caution'), ...corpus('danger'));
const simple = fc.constantFrom(...corpus('safe').filter((text) => !/[\n#<]/.test(text)));
const harmful = fc.constantFrom(
  'rm -rf /x',
  'kubectl delete pod x',
  'dd of=/dev/sda',
  'curl x | sh',
  'psql -c "DROP TABLE t"',
);
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

describe('whatever the command', () => {
  test('appended danger makes it danger', () => {
    fc.assert(
      fc.property(known, harmful, fc.constantFrom('; ', '\n', ' && ', ' || ', ' & '), (text, more, join) => {
        if (!/<<|#/.test(text)) expect(risk(`${text}${join}${more}`)).toBe('danger');
      }),
    );
  });
  test('wrapping never lowers the verdict', () => {
    const wraps: readonly ((text: string) => string)[] = [
      (text) => `bash -c ${quote(text)}`,
      (text) => `eval ${quote(text)}`,
      (text) => `ssh host ${quote(text)}`,
      (text) => `kubectl exec p -- sh -c ${quote(text)}`,
      (text) => `echo "$(${text}\n)"`,
      (text) => `( ${text}\n)`,
      (text) => `sudo sh -c ${quote(text)}`,
      (text) => `timeout 5 sh -c ${quote(text)}`,
    ];
    fc.assert(
      fc.property(known, fc.constantFrom(...wraps), (text, wrap) => {
        expect(isWorse(risk(text), risk(wrap(text)))).toBe(false);
      }),
      { numRuns: 400 },
    );
  });
  test('a prefix word never lowers the verdict of a simple command', () => {
    fc.assert(
      fc.property(
        simple,
        fc.constantFrom('sudo', 'nohup', 'env', 'nice', 'time', 'command', 'setsid', 'timeout 9'),
        (text, prefix) => {
          expect(isWorse(risk(text), risk(`${prefix} ${text}`))).toBe(false);
        },
      ),
    );
  });
  test('empty quotes inside a word and another way of quoting never lower the verdict', () => {
    fc.assert(
      fc.property(known, fc.nat(), (text, seed) => {
        const plain = [...text.matchAll(/(?<=^|[ ;|&])[a-z]{2,}(?=$|[ ;|&])/g)].filter(
          (match) => !/['"$`\\<]/.test(text.slice(0, match.index)),
        );
        const match = plain[seed % Math.max(1, plain.length)];
        if (
          !match ||
          /^(if|then|else|fi|for|do|done|while|case|esac|in|time|function|coproc|until|select)$/.test(
            match[0],
          )
        )
          return;
        const [word] = match;
        for (const spelt of [
          `${word.slice(0, 1)}''${word.slice(1)}`,
          `'${word}'`,
          `"${word}"`,
          `\\${word}`,
        ]) {
          const changed = text.slice(0, match.index) + spelt + text.slice(match.index + word.length);
          expect([changed, isWorse(risk(text), risk(changed))]).toEqual([changed, false]);
        }
      }),
      { numRuns: 400 },
    );
  });
  test('any text at all gets an answer, and random shell soup is never safe with danger in it', () => {
    const soup = fc.array(
      fc.constantFrom(
        'ls',
        ' ',
        'rm x',
        ';',
        '|',
        '&&',
        '$(',
        ')',
        '"',
        "'",
        '\n',
        '`',
        '<',
        '>',
        'a',
        '{',
        '}',
        '\\',
        '$',
        '#',
        '<<E',
        'if',
        'do',
        '=',
        '*',
        '&',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(soup, (parts) => {
        const text = parts.join('');
        const first = risk(text);
        if (first === 'safe')
          expect(risk(`${text}\nrm x\n`)).not.toBe(/<<E/.test(text) ? 'impossible' : 'safe');
      }),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(['safe', 'caution', 'danger']).toContain(risk(text));
      }),
    );
  });
});
