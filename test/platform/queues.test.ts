import { describe, expect, test } from '@jest/globals';
import { createLine, reasonOf, seldom, within } from '../../src/platform/queue-line.ts';
import { fakeLogger } from '../support/fakes.ts';

describe('the line to the queues', () => {
  const sentences = (lines: readonly Record<string, unknown>[]) =>
    lines.map(({ level, msg }) => [level, msg]);

  test('is told of once when it is lost and once when it is back', () => {
    const { logger, lines } = fakeLogger();
    const line = createLine('The worker', logger, 'there');
    for (let time = 0; time < 3; time += 1) line.lost(new Error('connect ECONNREFUSED'));
    expect(line.there).toBe(false);
    line.back();
    line.back();
    expect(line.there).toBe(true);
    expect(sentences(lines)).toEqual([
      [40, 'The worker cannot reach the queues; nothing is lost meanwhile'],
      [30, 'The worker can reach the queues again'],
    ]);
    expect(lines[0]?.reason).toBe('connect ECONNREFUSED');
  });

  test('that is not known yet counts as away, and its first connection is no news', () => {
    const { logger, lines } = fakeLogger();
    const line = createLine('The server', logger, 'unknown');
    expect(line.there).toBe(false);
    line.back();
    expect([line.there, lines]).toEqual([true, []]);
  });
});

test('of an error only its words are logged, not the command it carries', () => {
  const refused = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['secret'] } });
  const nameless = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
  expect([reasonOf(refused), reasonOf(nameless), reasonOf('text')]).toEqual([
    'WRONGPASS',
    'ECONNREFUSED',
    'text',
  ]);
});

test('what happens a thousand times is warned of once', () => {
  const { logger, lines } = fakeLogger();
  const warn = seldom(logger);
  for (let time = 0; time < 1_000; time += 1) warn({ time }, 'again');
  expect(lines.map(({ time: _, msg }) => msg)).toEqual(['again']);
});

test('a limit ends the waiting, and a fault counts as an end', async () => {
  expect(await within(1, new Promise(() => undefined))).toBe(false);
  expect(await within(10_000, Promise.resolve())).toBe(true);
  expect(await within(10_000, Promise.reject(new Error('broken')))).toBe(true);
});
