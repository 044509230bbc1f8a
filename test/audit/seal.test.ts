import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seal, unseal } from '../../src/audit/seal.ts';
import { fakeRandom } from '../support/fakes.ts';

const KEY = Buffer.alloc(32, 7);
const PLAIN = Buffer.from('rm is only a word here');
const sealed = () => seal(KEY, PLAIN, 'event|T1|run-1|1|run.started', fakeRandom().bytes);
const open = (bytes: Uint8Array, key = KEY, context = 'event|T1|run-1|1|run.started') =>
  unseal(key, bytes, context);

describe('a sealed record', () => {
  test('opens to what was sealed, whatever that was', () => {
    const { bytes } = fakeRandom();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (plain, context) => {
        expect(Buffer.from(unseal(KEY, seal(KEY, plain, context, bytes), context))).toEqual(
          Buffer.from(plain),
        );
      }),
    );
  });

  test('shows nothing of its text', () => {
    expect(Buffer.from(sealed()).includes(PLAIN)).toBe(false);
  });

  test('does not open when any single byte of it is changed', () => {
    const honest = sealed();
    for (let at = 0; at < honest.length; at++) {
      const changed = Uint8Array.from(honest);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(changed)).toThrow(expect.objectContaining({ code: 'sealed' }));
    }
  });

  test('does not open with another key', () => {
    expect(() => open(sealed(), Buffer.alloc(32, 8))).toThrow('could not be opened');
  });

  test('does not open in another place than it was sealed for', () => {
    expect(() => open(sealed(), KEY, 'event|T1|run-1|2|run.started')).toThrow('could not be opened');
    expect(() => open(sealed(), KEY, 'event|T2|run-1|1|run.started')).toThrow('could not be opened');
  });

  test.each([0, 11, 12, 27])('does not open when only %i bytes of it are left', (length) => {
    expect(() => open(sealed().subarray(0, length))).toThrow('could not be opened');
  });
});
