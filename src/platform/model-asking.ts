/** One question, one answer, in time: a second request when the first is slow, and none while the model is ill. */
import { setTimeout as after } from 'node:timers/promises';
import type { Ask, Model, Reply, Unrefined } from '../runbook/refine/port.ts';
import type { Clock } from './clock.ts';

/** Resolves after `ms`, or as soon as the signal is aborted; never rejects. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

export const systemWait: Wait = (ms, signal) => after(ms, undefined, { signal }).catch(() => undefined);

export type Fault = { readonly ok: false; readonly why: Exclude<Unrefined, 'absent'> };
export type Answered<T> = { readonly ok: true; readonly value: T } | Fault;

/**
 * Asks until the deadline (ms since 1970) and no longer. `read` makes the value of an answer, or null when it is rubbish.
 * Never throws but for a fault of `read`.
 */
export type Asking = <T>(
  ask: Ask,
  deadline: number,
  read: (json: string) => T | null,
) => Promise<Answered<T>>;

/** With less time than this nobody is asked (ms): no model of use answers so soon. */
const LEAST_MS = 300;
/** Who had less time than this (ms) is no witness of how slow the model is, nor of its being ill. */
const FAIR_MS = 2_500;

/** Opens the way of asking one model that a process has: what it knows of the model is shared by all questions. */
export function openAsking(model: Model, clock: Clock, wait: Wait = systemWait): Asking {
  const pace = openPace();
  const health = openHealth();
  const hedges = openAllowance();

  return async <T>(ask: Ask, deadline: number, read: (json: string) => T | null): Promise<Answered<T>> => {
    const begun = clock.now();
    const left = deadline - begun;
    const ill = health.illness(begun);
    if (ill) return { ok: false, why: ill };
    if (left < LEAST_MS) return LATE;
    const over = new AbortController();
    const request = async (): Promise<Answered<T>> => {
      const reply = await model.ask(ask, over.signal);
      if (!reply.ok && reply.waitMs !== undefined) health.leaveAlone(reply.waitMs, clock.now());
      return answeredWith(reply, read);
    };
    const first = request().then((answer) => {
      // Also one that was given up counts: it took at least that long.
      if (left >= FAIR_MS && (answer.ok || answer.why === 'late')) pace.note(clock.now() - begun);
      return answer;
    });
    hedges.earn();
    const answers = async (): Promise<Answered<T>> => {
      const early = await Promise.race([first, wait(pace.hedgeAfter(left), over.signal)]);
      if (early && !isWorthAnother(early)) return early;
      if (!hedges.spend()) return first;
      return firstGood(early ? [request()] : [first, request()]);
    };
    const answer = await Promise.race([answers(), wait(left, over.signal).then(() => LATE)]);
    over.abort();
    health.note(answer, left, clock.now());
    return answer;
  };
}

const LATE: Fault = { ok: false, why: 'late' };

function answeredWith<T>(reply: Reply, read: (json: string) => T | null): Answered<T> {
  if (!reply.ok) return { ok: false, why: reply.why };
  const value = read(reply.json);
  return value === null ? { ok: false, why: 'rubbish' } : { ok: true, value };
}

/** A second request may fare better than one that broke; one that was turned away would be turned away again. */
const isWorthAnother = (answer: Answered<unknown>): boolean =>
  !answer.ok && (answer.why === 'down' || answer.why === 'rubbish');

async function firstGood<T>(answers: readonly Promise<Answered<T>>[]): Promise<Answered<T>> {
  const { answer, index } = await Promise.race(
    answers.map(async (one, index) => ({ answer: await one, index })),
  );
  const others = answers.filter((_, other) => other !== index);
  return answer.ok || others.length === 0 ? answer : firstGood(others);
}

/** Three in four answers come within this, until some were seen (ms): log-normal with p50 1.1 s and p95 3.2 s. */
const START_P75_MS = 1_700;
const FEW = 20;
const WINDOW = 100;

/** How long first requests take: the newest hundred. */
function openPace() {
  const seen: number[] = [];
  return {
    note(ms: number): void {
      seen.push(ms);
      if (seen.length > WINDOW) seen.shift();
    },
    /** At p75, and no later than half of the time that is left: the second request needs some too. */
    hedgeAfter(left: number): number {
      const sorted = [...seen].sort((a, b) => a - b);
      const p75 =
        seen.length < FEW ? START_P75_MS : (sorted[Math.ceil(seen.length * 0.75) - 1] ?? START_P75_MS);
      return Math.min(p75, left / 2);
    },
  };
}

/** Second requests in a hundred first ones, at most: 25 are slower than p75, and some break. */
const HEDGES = 30;
/** So many may be saved up, because the slow ones do not come evenly. */
const SAVED = 20;

/** How many second requests may be sent, so that a model that is slow for all is not asked twice by all. */
function openAllowance() {
  let hundredths = SAVED * 100;
  return {
    earn(): void {
      hundredths = Math.min(SAVED * 100, hundredths + HEDGES);
    },
    spend(): boolean {
      if (hundredths < 100) return false;
      hundredths -= 100;
      return true;
    },
  };
}

/** So many failures in a row, and the model is left alone for a while. */
const FAILURES = 5;
const REST_MS = 10_000;
const LONGEST_REST_MS = 60_000;

/** Whether asking is of any use now. After a rest, the next failure begins another. */
function openHealth() {
  let failures = 0;
  let restUntil = 0;
  let why: Fault['why'] = 'down';
  const rest = (until: number, reason: Fault['why']) => {
    restUntil = Math.max(restUntil, until);
    why = reason;
  };
  return {
    illness: (now: number): Fault['why'] | null => (now < restUntil ? why : null),
    /** The endpoint asked for it. */
    leaveAlone: (ms: number, now: number): void => rest(now + Math.min(ms, LONGEST_REST_MS), 'limited'),
    note(answer: Answered<unknown>, left: number, now: number): void {
      if (answer.ok || answer.why === 'refused') failures = 0;
      else if (answer.why !== 'late' || left >= FAIR_MS) {
        failures += 1;
        if (failures >= FAILURES) rest(now + REST_MS, answer.why === 'limited' ? 'limited' : 'down');
      }
    },
  };
}
