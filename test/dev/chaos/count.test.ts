import { describe, expect, test } from '@jest/globals';
import { countLedger, type SeenRun, type SeenStep } from '../../../dev/chaos/count.ts';

const step = (given: Partial<SeenStep> = {}): SeenStep => ({
  step: 's1',
  ran: true,
  notRun: false,
  unknown: false,
  reruns: 0,
  ...given,
});
const run = (steps: readonly SeenStep[], ended = true): SeenRun => ({ run: 'R1', ended, steps });
const NOTHING = { doubles: 0, lost: 0, stuck: 0, unknown: 0 };

describe('the count of a chaos run', () => {
  test('finds nothing where every step left its line once', () => {
    const runs = [run([step(), step({ step: 's2' })])];
    expect(countLedger(['R1 s1 1', 'R1 s2 1'], runs)).toEqual({ runs: 1, ...NOTHING, notes: [] });
  });

  test('counts a step that started twice in one attempt', () => {
    expect(countLedger(['R1 s1 1', 'R1 s1 1', 'R1 s1 1'], [run([step()])]).doubles).toBe(2);
  });

  test('counts a second attempt that no person asked for, and not one that was asked for', () => {
    const lines = ['R1 s1 1', 'R1 s1 2'];
    expect(countLedger(lines, [run([step()])]).doubles).toBe(1);
    expect(countLedger(lines, [run([step({ unknown: true, reruns: 1 })])]).doubles).toBe(0);
    expect(countLedger([...lines, 'R1 s1 2'], [run([step({ unknown: true, reruns: 1 })])]).doubles).toBe(1);
  });

  test('counts a step that is shown as done and left no line', () => {
    expect(countLedger([], [run([step()])])).toMatchObject({ ...NOTHING, lost: 1 });
  });

  test('counts a step that is shown as not run and left a line', () => {
    const shown = step({ ran: false, notRun: true });
    expect(countLedger(['R1 s1 1'], [run([shown])])).toMatchObject({ ...NOTHING, lost: 1 });
  });

  test('counts lines that no thread knows of', () => {
    expect(countLedger(['R9 s1 1'], [run([])])).toMatchObject({ ...NOTHING, doubles: 1 });
  });

  test('counts runs that did not end, and runs in which a person had to say', () => {
    const open = run([step({ ran: false, unknown: true })], false);
    expect(countLedger([], [open])).toMatchObject({ stuck: 1, unknown: 1, lost: 0 });
  });
});
