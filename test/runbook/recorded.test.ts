import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes } from '../../src/protocol/canonical.ts';
import { extract } from '../../src/runbook/extract.ts';

const UNITS = ['🙂', 'a', ' ', 'é', '.', '𝒳'];
const OPENINGS = [
  '# ',
  '1. ',
  'If ',
  'Warning: ',
  'It should show ',
  '- [x](https://a.example/',
  '<h1>',
  '<p><a href="https://a.example/',
  '<title>',
  'Owner: ',
  'export X=',
  '`psql -h ',
  'kubectl exec -it x -- ',
  '= ',
  'Replace ',
  '| Owner | ',
];

const well = fc
  .array(
    fc.record({
      opening: fc.constantFrom(...OPENINGS),
      body: fc.array(fc.constantFrom(...UNITS), { minLength: 1, maxLength: 8 }),
      times: fc.integer({ min: 1, max: 120 }),
      end: fc.constantFrom('\n', '\n\n', '`\n', ').\n', '</a></p>\n', '">x</a>\n', ', run `ls -l`.\n'),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((lines) =>
    lines.map(({ opening, body, times, end }) => opening + body.join('').repeat(times) + end).join(''),
  );

test('what is read from a well-formed text can be recorded: nothing is cut through a character', () => {
  fc.assert(
    fc.property(well, (text) => {
      expect(() => canonicalBytes(extract(text))).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
