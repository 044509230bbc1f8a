import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { openAsking } from '../../src/platform/model-asking.ts';
import type { Model, Reply } from '../../src/runbook/refine/port.ts';
import { virtualTime } from '../support/virtual-time.ts';

const ASK = { system: 's', user: 'u', schema: z.strictObject({}) };
const good: Reply = { ok: true, json: 'good', usage: null };
const fault = (why: 'down' | 'limited' | 'rubbish' | 'refused', waitMs?: number): Reply => ({
  ok: false,
  why,
  ...(waitMs === undefined ? {} : { waitMs }),
});

/** What the model does with one request: after so long it replies so. */
type Request = readonly [ms: number, reply: Reply];

/** A way of asking a model whose requests go as told, in order; the last goes for all that follow. */
function room(...requests: Request[]) {
  const time = virtualTime();
  const begun = time.now();
  const sent: number[] = [];
  let aborted = 0;
  const model: Model = {
    name: 'small',
    async ask(_, signal) {
      const [ms, reply] = requests[Math.min(sent.length, requests.length - 1)] ?? [0, good];
      sent.push(time.now() - begun);
      await time.wait(ms, signal);
      if (!signal.aborted) return reply;
      aborted += 1;
      return { ok: false, why: 'late' };
    },
  };
  const asking = openAsking(model, time, time.wait);
  const ask = (budget = 3_500) =>
    asking(ASK, time.now() + budget, (json) => (json.startsWith('good') ? json : null));
  return {
    time,
    /** When each request was sent, in ms from the beginning. */
    sent,
    ask: (budget?: number) => time.pass(ask(budget)),
    askTogether: (count: number) => time.pass(Promise.all(Array.from({ length: count }, () => ask()))),
    aborted: () => aborted,
    took: () => time.now() - begun,
  };
}

describe('a question', () => {
  test('that is answered soon is asked once', async () => {
    const { ask, sent, took } = room([900, good]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
    expect([sent, took()]).toEqual([[0], 900]);
  });

  test('that is not answered at p75 is asked once more, and the first good answer wins', async () => {
    const { ask, sent, took, aborted } = room([6_000, good], [800, good]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
    expect([sent, took(), aborted()]).toEqual([[0, 1_700], 2_500, 1]);
  });

  test('keeps its first answer when that comes before the second', async () => {
    const { ask, sent, took, aborted } = room([2_000, good], [1_000, good]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
    expect([sent, took(), aborted()]).toEqual([[0, 1_700], 2_000, 1]);
  });

  test('is late at its deadline and no later, and then both requests are given up', async () => {
    const { ask, sent, took, aborted } = room([60_000, good]);
    expect(await ask()).toEqual({ ok: false, why: 'late' });
    expect([sent, took(), aborted()]).toEqual([[0, 1_700], 3_500, 2]);
  });

  test('is asked again earlier when little time is left, and not at all when there is none', async () => {
    const short = room([60_000, good]);
    await short.ask(1_000);
    expect(short.sent).toEqual([0, 500]);
    const none = room([0, good]);
    expect(await none.ask(299)).toEqual({ ok: false, why: 'late' });
    expect(none.sent).toEqual([]);
  });

  test.each(['down', 'rubbish'] as const)('whose request is %s is asked once more at once', async (why) => {
    const { ask, sent } = room([100, fault(why)], [900, good]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
    expect(sent).toEqual([0, 100]);
  });

  test.each(['limited', 'refused'] as const)('that is %s is not asked again', async (why) => {
    const { ask, sent } = room([100, fault(why)]);
    expect(await ask()).toEqual({ ok: false, why });
    expect(sent).toEqual([0]);
  });

  test('is asked twice at most, whatever breaks', async () => {
    const { ask, sent } = room([100, fault('down')]);
    expect(await ask()).toEqual({ ok: false, why: 'down' });
    expect(sent).toEqual([0, 100]);
  });

  test('outlives a second request that breaks', async () => {
    const { ask } = room([2_500, good], [100, fault('down')]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
  });

  test('whose answer cannot be read gets the other one', async () => {
    const { ask } = room([1_900, { ...good, json: 'nonsense' }], [900, good]);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
  });
});

describe('second requests', () => {
  test('are sent at the p75 of the answers seen, once there are some', async () => {
    const { ask, sent } = room(
      ...Array.from({ length: 20 }, (_, index): Request => [(index + 1) * 20, good]),
      [6_000, good],
      [0, good],
    );
    for (let count = 0; count < 20; count++) await ask();
    await ask();
    expect((sent[21] ?? 0) - (sent[20] ?? 0)).toBe(300);
  });

  test('are sent later when the model grows slower, because a request that was given up counts as long as it took', async () => {
    const { ask, sent } = room([3_000, good]);
    const gaps: number[] = [];
    for (let count = 0; count < 120; count++) {
      const before = sent.length;
      await ask();
      if (sent.length - before === 2) gaps.push((sent[before + 1] ?? 0) - (sent[before] ?? 0));
    }
    // Never more than half of what is left: 1,750 of 3,500.
    expect([gaps[0], gaps.at(-1)]).toEqual([1_700, 1_750]);
  });

  test('do not come earlier because of questions that had little time', async () => {
    const { ask, sent } = room(...Array.from({ length: 60 }, (): Request => [60_000, good]));
    for (let count = 0; count < 30; count++) await ask(600);
    const before = sent.length;
    await ask();
    expect((sent[before + 1] ?? 0) - (sent[before] ?? 0)).toBe(1_700);
  });

  test('are 20 at most for any number of questions at once, however slow the model is', async () => {
    const { askTogether, sent } = room([60_000, good]);
    await askTogether(100);
    expect(sent).toHaveLength(120);
  });

  test('are 30 in 100 at most over time', async () => {
    const { ask, sent } = room([3_400, good]);
    for (let count = 0; count < 200; count++) await ask();
    // Twenty were saved; the first question earns nothing, because no more can be.
    expect(sent).toHaveLength(200 + 20 + 59);
  });
});

describe('a model that fails', () => {
  test('five times in a row is left alone for ten seconds, then asked again', async () => {
    const { ask, sent, time } = room(...Array.from({ length: 10 }, (): Request => [10, fault('down')]), [
      10,
      good,
    ]);
    for (let count = 0; count < 5; count++) await ask();
    expect(sent).toHaveLength(10);
    expect(await ask()).toEqual({ ok: false, why: 'down' });
    expect(sent).toHaveLength(10);
    time.advance(10_000);
    expect(await ask()).toEqual({ ok: true, value: 'good' });
  });

  test('again after its rest rests again at once', async () => {
    const { ask, sent, time } = room([10, fault('down')]);
    for (let count = 0; count < 5; count++) await ask();
    time.advance(10_000);
    await ask();
    const tried = sent.length;
    expect(await ask()).toEqual({ ok: false, why: 'down' });
    expect(sent).toHaveLength(tried);
  });

  test('now and then is not', async () => {
    const { ask, sent } = room(
      ...Array.from({ length: 10 }, (_, index): Request => [10, index % 5 === 4 ? good : fault('limited')]),
      [10, good],
    );
    for (let count = 0; count < 11; count++) await ask();
    expect(sent).toHaveLength(11);
  });

  test('to answer those who had little time is not', async () => {
    const { ask, sent } = room([2_400, good]);
    for (let count = 0; count < 10; count++) await ask(2_000);
    const before = sent.length;
    expect(await ask()).toMatchObject({ ok: true });
    expect(sent.length).toBeGreaterThan(before);
  });

  test('and says how long is left alone so long, and a minute at most', async () => {
    for (const [asked, alone] of [
      [2_000, 2_000],
      [3_600_000, 60_000],
    ] as const) {
      const { ask, sent, time } = room([10, fault('limited', asked)], [10, good]);
      await ask();
      time.advance(alone - 1);
      expect(await ask()).toEqual({ ok: false, why: 'limited' });
      time.advance(1);
      expect(await ask()).toMatchObject({ ok: true });
      expect(sent).toHaveLength(2);
    }
  });
});
