import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signature } from '../../../dev/pagerduty.ts';
import { isSigned } from '../../../handlers/webhooks/signature.ts';

describe('a signature', () => {
  test('is HMAC-SHA256 of the body in hex (the vector of RFC 4231, test case 2)', () => {
    const header = 'v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(isSigned(Buffer.from('what do ya want for nothing?'), header, ['Jefe'])).toBe(true);
  });

  test('holds for its own bytes and secret, and for no others', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        bytes,
        bytes,
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        (body, other, secret, wrong) => {
          const header = signature(body, [secret]);
          expect(isSigned(body, header, [secret])).toBe(true);
          expect(isSigned(body, header, [wrong, secret])).toBe(true);
          if (!Buffer.from(body).equals(other)) expect(isSigned(other, header, [secret])).toBe(false);
          if (
            wrong.replace(/\0+$/, '') !== secret.replace(/\0+$/, '') &&
            Buffer.byteLength(wrong + secret) < 60
          ) {
            expect(isSigned(body, header, [wrong])).toBe(false);
          }
          expect(isSigned(body, header, [])).toBe(false);
        },
      ),
    );
  });

  test('is none when it is missing, or garbage', () => {
    fc.assert(
      fc.property(fc.string(), (garbage) =>
        expect(isSigned(Buffer.from('x'), garbage, ['secret'])).toBe(false),
      ),
    );
    expect(isSigned(Buffer.from('x'), undefined, ['secret'])).toBe(false);
  });
});
