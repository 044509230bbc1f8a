import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shortId } from '../../src/platform/ids.ts';
import { runbookId, runId, stepId } from '../../src/protocol/ids.ts';
import {
  ACTIONS,
  encodeId,
  encodeLine,
  encodeRange,
  encodeRunbook,
  encodeStep,
  lineRange,
  lineTarget,
  runbookTarget,
  runTarget,
  stepTarget,
  VIEWS,
} from '../../src/slack/actions.ts';
import { fakeRandom } from '../support/fakes.ts';

const random = fakeRandom();
const ids = fc.constant(null).map(() => shortId(random));
const hash = fc.oneof(
  fc.constant(''),
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 })
    .map((all) => all.join('')),
);

describe('what a button carries', () => {
  test('comes back as what it was', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 99_998 }), hash, (id, number, shown) => {
        const target = { run: runId(id), step: stepId(`s${number}`), shown };
        expect(stepTarget.parse(encodeStep(target))).toEqual(target);
        expect(runTarget.parse(encodeId(runId(id)))).toBe(id);
        const runbook = { runbook: runbookId(id), shown: shown || null };
        expect(runbookTarget.parse(encodeRunbook(runbook))).toEqual(runbook);
        const range = { runbook: runbookId(id), first: number, last: number + 1 };
        expect(lineRange.parse(encodeRange(range))).toEqual(range);
        if (shown === '') return;
        for (const command of [null, 0, number]) {
          const line = { runbook: runbookId(id), at: { step: number, command }, shown };
          expect(lineTarget.parse(encodeLine(line))).toEqual(line);
        }
      }),
    );
  });

  test.each([
    '',
    'v1',
    'v1.',
    'v2.RUN0000001',
    'v1.RUN0000001.s1',
    'v1.RUN0000001.s1.',
    `v1.RUN0000001.s1.${'a'.repeat(63)}`,
    `v1.RUN0000001.s1.${'A'.repeat(64)}`,
    `v1.RUN0000001.s1.${'a'.repeat(64)}.more`,
    `v1.RUN0000001.s1.${'a'.repeat(64)}\n`,
    'v1.run-1.s1.-',
    'v1.RUN0000001.1.-',
    'v1.../../.s1.-',
    `v1.${'R'.repeat(33)}.s1.-`,
  ])('names no step when it is %j', (value) => {
    expect(stepTarget.safeParse(value).success).toBe(false);
  });

  test.each([
    'v1.BOOK0001',
    'v1.BOOK0001.0.0',
    'v1.BOOK0001.0.0.-',
    `v1.BOOK0001.-.0.${'a'.repeat(64)}`,
    `v1.BOOK0001.-1.0.${'a'.repeat(64)}`,
    `v1.BOOK0001.0.0.${'a'.repeat(63)}`,
    `v1.BOOK0001.0.0.${'a'.repeat(64)}\n`,
    `v1.BOOK0001.999999.0.${'a'.repeat(64)}`,
  ])('names no line when it is %j', (value) => {
    expect(lineTarget.safeParse(value).success).toBe(false);
  });

  test('names nothing when it is garbage', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        if (/^v1\.[0-9A-Z]{4,32}$/.test(value)) return;
        expect(runTarget.safeParse(value).success).toBe(false);
        expect(stepTarget.safeParse(value).success).toBe(false);
      }),
    );
  });
});

test('every action and every view has a name of its own', () => {
  for (const names of [ACTIONS, VIEWS])
    expect(new Set(Object.values(names)).size).toBe(Object.values(names).length);
});
