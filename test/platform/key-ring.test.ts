import { describe, expect, test } from '@jest/globals';
import {
  firstRing,
  isDue,
  OVERLAP_MS,
  openRing,
  type Ring,
  type RingResult,
  reminder,
  renewed,
  revoked,
  rotated,
  sealRing,
  signerOf,
} from '../../src/platform/key-ring.ts';
import { MAX_BUNDLE_LIFE_MS } from '../../src/protocol/bundle.ts';
import { loadVerifyKey, type SigningKey } from '../../src/protocol/keys.ts';
import { openTrust, standingOf } from '../../src/protocol/trust.ts';
import { NOW } from '../support/builders.ts';
import { testKey, testRoot } from '../support/fakes.ts';

const DAY = 24 * 3_600_000;
const [dispatch, approve, next, later, other] = [1, 2, 3, 4, 5].map(testKey) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const first = firstRing({ dispatch, approve }, NOW);

function verifyKey({ publicKey }: SigningKey) {
  const loaded = loadVerifyKey(publicKey);
  if (!loaded.ok) throw new Error(loaded.sentence);
  return loaded.key;
}
const root = verifyKey(testRoot);

function done(result: RingResult): Ring {
  if (!result.ok) throw new Error(result.sentence);
  return result.ring;
}

/** What an agent makes of the ring: the ids of the keys that may sign. */
function believed(ring: Ring) {
  const opened = openTrust(openRing(sealRing(ring, testRoot), root).signed, root);
  if (!opened.ok) throw new Error(opened.sentence);
  const { dispatch, approve } = opened.trust;
  return { dispatch: [...dispatch.keys()], approve: [...approve.keys()] };
}

describe('a rotated key', () => {
  const ring = done(rotated(first, 'dispatch', next, NOW + DAY));

  test('signs no more, and is believed for another 24 hours', () => {
    expect(signerOf(ring, 'dispatch').keyId).toBe(next.keyId);
    expect(believed(ring)).toEqual({ dispatch: [next.keyId, dispatch.keyId], approve: [approve.keyId] });
    expect(OVERLAP_MS).toBe(DAY);
    expect(believed(renewed(ring, NOW + 2 * DAY - 1)).dispatch).toContain(dispatch.keyId);
  });

  test('is dropped by the first renewal after that, and no sooner', () => {
    expect([isDue(ring, NOW + 2 * DAY - 1), isDue(ring, NOW + 2 * DAY)]).toEqual([false, true]);
    expect(believed(renewed(ring, NOW + 2 * DAY)).dispatch).toEqual([next.keyId]);
  });

  test('keeps its own day when its successor is rotated or revoked in turn', () => {
    const twice = done(rotated(ring, 'dispatch', later, NOW + DAY + 60_000));
    const without = done(revoked(twice, next.keyId, other, NOW + DAY + 120_000));
    for (const after of [twice, without])
      expect(after.dispatch.find(({ keyId }) => keyId === dispatch.keyId)?.until).toBe(NOW + 2 * DAY);
    expect(believed(without).dispatch).toEqual([later.keyId, dispatch.keyId]);
  });
});

describe('a revoked key', () => {
  test('is out at once, and when it was the one that signs, a new one does', () => {
    const ring = done(revoked(first, approve.keyId, next, NOW));
    expect(signerOf(ring, 'approve').keyId).toBe(next.keyId);
    expect(believed(ring)).toEqual({ dispatch: [dispatch.keyId], approve: [next.keyId] });
    expect(ring.revoked).toEqual([approve.keyId]);
  });

  test('that only verified leaves the one that signs where it is', () => {
    const ring = done(revoked(done(rotated(first, 'approve', next, NOW)), approve.keyId, later, NOW));
    expect(believed(ring).approve).toEqual([next.keyId]);
  });

  test('stays on the list through rotations and renewals', () => {
    const ring = done(revoked(first, approve.keyId, next, NOW));
    const long = renewed(done(rotated(ring, 'approve', later, NOW)), NOW + 20 * DAY);
    expect(long.revoked).toEqual([approve.keyId]);
  });

  test('is refused when there is no such key, or a second time', () => {
    const ring = done(revoked(first, approve.keyId, next, NOW));
    expect(revoked(ring, approve.keyId, later, NOW)).toMatchObject({ sentence: /already/ });
    expect(revoked(ring, other.keyId, later, NOW)).toMatchObject({ sentence: /no key/ });
    expect(revoked(ring, testRoot.keyId, later, NOW)).toMatchObject({ ok: false });
  });
});

test('a ring made by a clock that was ahead is due, so that nothing is believed for longer than 30 days', () => {
  expect([isDue(first, NOW - 3_600_000), isDue(first, NOW - 3_600_001)]).toEqual([false, true]);
  expect(renewed(first, NOW - 2 * DAY)).toMatchObject({ version: 2, exp: NOW + 28 * DAY });
});

test('a key counts in its own role, is revoked, or was never heard of', () => {
  const ring = done(revoked(done(rotated(first, 'dispatch', next, NOW)), approve.keyId, later, NOW));
  const { signed } = openRing(sealRing(ring, testRoot), root);
  const bundle = { version: ring.version, signed };
  const standings = [dispatch, next, later, approve, other].map(({ keyId }) => [
    standingOf(bundle, 'dispatch', keyId),
    standingOf(bundle, 'approve', keyId),
  ]);
  expect(standings).toEqual([
    ['counts', 'unheard'],
    ['counts', 'unheard'],
    ['unheard', 'counts'],
    ['revoked', 'revoked'],
    ['unheard', 'unheard'],
  ]);
  const nothing = { ...signed, payload: new Uint8Array() };
  expect(() => standingOf({ version: 1, signed: nothing }, 'approve', later.keyId)).toThrow(TypeError);
});

test('versions only rise, by one each time, and every change begins another 30 days', () => {
  const changes: ((ring: Ring, now: number) => Ring)[] = [
    renewed,
    (ring, now) => done(rotated(ring, 'dispatch', next, now)),
    (ring, now) => done(rotated(ring, 'approve', later, now)),
    (ring, now) => done(revoked(ring, next.keyId, other, now)),
  ];
  let ring = first;
  for (const [index, change] of changes.entries()) {
    const now = NOW + index * 60_000;
    ring = change(ring, now);
    expect(ring).toMatchObject({ version: index + 2, iat: now, exp: now + MAX_BUNDLE_LIFE_MS });
  }
});

test('a role takes no more keys than a bundle holds', () => {
  let ring = first;
  for (let fill = 20; fill < 35; fill++) ring = done(rotated(ring, 'approve', testKey(fill), NOW));
  expect(believed(ring).approve).toHaveLength(16);
  expect(rotated(ring, 'approve', testKey(35), NOW)).toMatchObject({ sentence: /16 keys already/ });
});

describe('a ring that is kept', () => {
  test('is the same when it is opened again', () => {
    const ring = done(revoked(done(rotated(first, 'dispatch', next, NOW)), approve.keyId, later, NOW));
    expect(openRing(sealRing(ring, testRoot), root).ring).toEqual(ring);
  });

  const sealed = sealRing(first, testRoot);
  const both = firstRing({ dispatch, approve: dispatch }, NOW);
  const rooted = firstRing({ dispatch, approve: testRoot }, NOW);
  test.each([
    ['of another root key', () => sealRing(first, other)],
    ['with one key in two roles', () => sealRing(both, testRoot)],
    ['with the root key in a role', () => sealRing(rooted, testRoot)],
    ['whose bundle was changed', () => sealed.replace(/"payload": "...../, '"payload": "AAAAA')],
    ['that lost the times of a key', () => sealed.replace(dispatch.keyId, other.keyId)],
    ['that was cut', () => sealed.slice(0, -20)],
  ])('is refused: one %s', (_, text) => {
    expect(() => openRing(sealed, root)).not.toThrow();
    expect(() => openRing(text(), root)).toThrow();
  });

  test('is not made with a life of more than 30 days', () => {
    expect(() => sealRing({ ...first, exp: first.exp + 1 }, testRoot)).toThrow('30 days');
  });
});

describe('a person is reminded', () => {
  const at = (left: number) => first.exp - left;

  test('from ten days before the end when the root key is elsewhere, and not when it is at hand', () => {
    expect(reminder(first, false, at(10 * DAY))).toBeNull();
    expect(reminder(first, false, at(10 * DAY - 1))).toContain('expires on 2026-12-24');
    expect(reminder(first, true, at(DAY))).toBeNull();
  });

  test('after the end in any case, with what it means and what to do', () => {
    for (const hasRoot of [true, false])
      expect(reminder(first, hasRoot, first.exp + 1)).toMatch(/expired.*no agent starts.*dd0c keys renew/);
  });

  test('never before it is renewed by itself', () => {
    expect([isDue(first, at(15 * DAY)), isDue(first, at(15 * DAY - 1))]).toEqual([false, true]);
  });
});
