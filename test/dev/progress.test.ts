import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { progress } from '../../dev/progress.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

function screen(isTTY: boolean) {
  const written: string[] = [];
  const out = { isTTY, columns: 30, write: (text: string) => written.push(text) };
  return { written, options: { out, now: () => Date.now() } };
}

describe('a line of progress', () => {
  test('stays silent about what takes less than a second', () => {
    const { written, options } = screen(true);
    const line = progress('Working', options);
    jest.advanceTimersByTime(999);
    line.end();
    jest.advanceTimersByTime(60_000);
    expect(written).toEqual([]);
  });

  test('is rewritten in place on a terminal, never wider than it, and ends with the time taken', () => {
    const { written, options } = screen(true);
    const line = progress('Working', options);
    jest.advanceTimersByTime(1_000);
    line.say('Working on something with a very long name');
    jest.advanceTimersByTime(250);
    line.end();
    expect(written).toEqual([
      '\r\u001b[2KWorking … 1 s',
      '\r\u001b[2KWorking on something with a v',
      '\r\u001b[2K',
      'Working on something with a very long name: done in 1 s\n',
    ]);
  });

  test('is a plain line now and then elsewhere, without control characters', () => {
    const { written, options } = screen(false);
    const line = progress('Working', options);
    jest.advanceTimersByTime(11_500);
    line.end('The work is done.');
    expect(written).toEqual(['Working … 1 s\n', 'Working … 11 s\n', 'The work is done.\n']);
  });
});
