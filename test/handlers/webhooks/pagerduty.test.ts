import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { signature } from '../../../dev/pagerduty.ts';
import { LogFault } from '../../../src/audit/errors.ts';
import type { Log } from '../../../src/audit/log.ts';
import { tenantKind } from '../../../src/tenant/tenant.ts';
import { NOW, TENANT, tenantState } from '../../support/builders.ts';
import { until } from '../../support/eventually.ts';
import { memoryLog, tenantRef } from '../../support/fakes.ts';
import { OLD_SECRET, OTHER_SECRET, OTHER_TENANT, PAGE, SECRET, startWorld, type World } from './world.ts';

const MINUTE = 60_000;
let at: World;
beforeEach(async () => {
  at = await startWorld();
});
afterEach(() => at.close());

const body = () => at.pager.body('incident.triggered', PAGE);

describe('a webhook that PagerDuty signed', () => {
  test('records the page with what it says', async () => {
    const spec = { ...PAGE, service: 'payments-api', priority: 'P1', number: 7 };
    expect((await at.pager.trigger(spec)).status).toBe(202);
    expect((await at.incident())?.about).toEqual({
      provider: 'pagerduty',
      title: 'KubePodNotReady',
      service: 'payments-api',
      urgency: 'high',
      priority: 'P1',
      number: 7,
      url: 'https://example.pagerduty.com/incidents/PINC001',
      triggeredAt: NOW,
    });
  });

  test.each([
    ['the newest secret', [SECRET]],
    ['the one before it', [OLD_SECRET]],
    ['both', [OLD_SECRET, SECRET]],
    ['a secret we do not have yet and one we have', ['a-secret-not-yet-known-here', SECRET]],
  ])('is taken when it is signed with %s', async (_, secrets) => {
    expect((await at.pagerOf(secrets).trigger(PAGE)).status).toBe(202);
  });

  test('may hold blanks between its signatures, and signatures of a version to come', async () => {
    const text = body();
    const good = signature(text, [SECRET]);
    expect((await at.pager.deliver(text, `v2=abc, ${good} ,v1=${'0'.repeat(64)}`)).status).toBe(202);
  });

  test('that comes again is acknowledged and changes nothing', async () => {
    const text = body();
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await at.pager.deliver(text)).status);
    expect(statuses).toEqual([202, 202, 202]);
    expect((await at.incident())?.alerts).toBe(1);
  });

  test('closes the page when it says resolved, also when that comes first', async () => {
    await at.pager.resolve({ at: NOW + MINUTE });
    await at.pager.trigger({ ...PAGE, at: NOW });
    expect((await at.incident())?.status).toBe('resolved');
  });

  test('as a test is answered with 200 and recorded nowhere', async () => {
    expect((await at.pager.ping()).status).toBe(200);
    expect(at.recorded()).toBe(0);
  });

  test('of a type we do not know, or have no use for, is answered with 200 and recorded nowhere', async () => {
    expect((await at.pager.send('incident.annotated')).status).toBe(200);
    const strange = body().replace('incident.triggered', 'constructor');
    expect((await at.pager.deliver(strange)).status).toBe(200);
    expect(at.recorded()).toBe(0);
  });

  test('may lack whatever only decorates', async () => {
    const event = { id: 'e', event_type: 'incident.triggered', occurred_at: new Date(NOW).toISOString() };
    const text = JSON.stringify({
      event: { ...event, data: { id: 'PINC001', urgency: 'odd', number: 'x' } },
    });
    expect((await at.pager.deliver(text)).status).toBe(202);
    expect((await at.incident())?.about).toMatchObject({ title: 'Incident without a title', service: null });
  });

  test('is cut where it is long, and its link dropped where it is none', async () => {
    await at.pager.trigger({
      ...PAGE,
      title: 'x'.repeat(9_000),
      service: 'y'.repeat(900),
      url: 'javascript:1',
    });
    const about = (await at.incident())?.about;
    expect([about?.title.length, about?.service?.length, about?.url]).toEqual([500, 150, null]);
  });

  test('that says nothing we understand is refused', async () => {
    for (const text of ['', '{', '[]', 'null', '{"event":{}}', '{"event":{"id":"e"}}', '\ufeff{}']) {
      expect((await at.pager.deliver(text)).status).toBe(400);
    }
    expect(at.recorded()).toBe(0);
  });
});

describe('the age of an event', () => {
  test.each([
    ['two hours old', -120 * MINUTE, 1],
    ['older than two hours', -120 * MINUTE - 1, 0],
    ['five minutes ahead', 5 * MINUTE, 1],
    ['further ahead', 5 * MINUTE + 1, 0],
  ])(
    '%s: acknowledged, so that PagerDuty goes on sending, and recorded only within bounds',
    async (_, off, count) => {
      expect((await at.pager.trigger({ ...PAGE, at: NOW + off })).status).toBe(202);
      expect(at.recorded()).toBe(count);
    },
  );

  test('is said in the log when it is out of bounds', async () => {
    await at.pager.trigger({ ...PAGE, at: NOW - 180 * MINUTE });
    expect(at.lines).toContainEqual(expect.objectContaining({ odd: 'older than two hours' }));
  });
});

describe('a webhook is refused with 401, before it is read, when', () => {
  const cases: [string, () => Promise<{ status: number; text: string }>][] = [
    ['it has no signature', () => at.pager.deliver(body(), '')],
    ['its signature is of another secret', () => at.pagerOf(['not-the-signing-secret']).trigger(PAGE)],
    ['its signature is of another workspace', () => at.pagerOf([OTHER_SECRET]).trigger(PAGE)],
    [
      'it is sent to a workspace that has another secret',
      () => at.pagerOf([SECRET], OTHER_TENANT).trigger(PAGE),
    ],
    ['nobody knows the workspace', () => at.pagerOf([SECRET], 'T999').trigger(PAGE)],
    ['the address names no workspace', () => at.pagerOf([SECRET], '..%2F..%2Fx').trigger(PAGE)],
    ['the address names nothing', () => at.pagerOf([SECRET], '').trigger(PAGE)],
    ['it was signed with nothing', () => at.pagerOf(['', '\0'.repeat(32)], 'T999').trigger(PAGE)],
    ['a byte is missing', () => at.pager.deliver(body().slice(0, -1), signature(body(), [SECRET]))],
    ['a byte was added', () => at.pager.deliver(`${body()} `, signature(body(), [SECRET]))],
    [
      'a letter was changed',
      () => at.pager.deliver(body().replace('Kube', 'kube'), signature(body(), [SECRET])),
    ],
    [
      'it was written anew, with the same meaning',
      () => at.pager.deliver(JSON.stringify(JSON.parse(body()), null, 1), signature(body(), [SECRET])),
    ],
    ['its signature is cut', () => at.pager.deliver(body(), signature(body(), [SECRET]).slice(0, -1))],
    [
      'its signature is in capitals',
      () => at.pager.deliver(body(), signature(body(), [SECRET]).toUpperCase()),
    ],
    ['its signature has no version', () => at.pager.deliver(body(), signature(body(), [SECRET]).slice(3))],
    [
      'its signature is of another version',
      () => at.pager.deliver(body(), signature(body(), [SECRET]).replace('v1', 'v0')),
    ],
    ['it is forged and not even JSON', () => at.pager.deliver('{', 'v1=00')],
  ];

  test.each(cases)('%s', async (_, send) => {
    expect(await send()).toEqual({ status: 401, text: 'The signature is missing or wrong.\n' });
    expect(at.recorded()).toBe(0);
  });

  test('the workspace has no secret, and after its secret was replaced twice', async () => {
    at.put(tenantKind, tenantRef(TENANT), tenantState());
    expect((await at.pager.trigger(PAGE)).status).toBe(401);
    const settings = { pagerdutySecrets: ['a-newer-secret-of-it', 'an-even-newer-secret'] };
    at.put(tenantKind, tenantRef(TENANT), tenantState({ settings }));
    expect((await at.pager.trigger(PAGE)).status).toBe(401);
  });

  test('the workspace has removed the app', async () => {
    const settings = { pagerdutySecrets: [SECRET] };
    at.put(tenantKind, tenantRef(TENANT), tenantState({ settings, removed: true }));
    expect((await at.pager.trigger(PAGE)).status).toBe(401);
  });
});

describe('a body that is too large', () => {
  const MIB = 1024 * 1024;

  test('is refused with 413 whether it says so or not, and the connection can be used again', async () => {
    const large = 'x'.repeat(5 * MIB);
    expect((await at.pager.deliver(large)).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 5; i++) controller.enqueue(Buffer.alloc(MIB));
        controller.close();
      },
    });
    const answer = await fetch(at.url, { method: 'POST', body: pieces, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(413);
    expect((await at.pager.trigger(PAGE)).status).toBe(202);
  });

  test('is answered before all of it is sent, and cut off when it does not end', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    const req = request({ port: at.port, path: new URL(at.url).pathname, method: 'POST', headers });
    const closed = new Promise<void>((resolve) => req.on('close', resolve));
    const status = new Promise<number>((resolve, reject) => {
      req.on('response', (res) => resolve(res.resume().statusCode ?? 0));
      req.on('error', reject);
    });
    req.write(Buffer.alloc(MIB + 1));
    expect(await status).toBe(413);
    req.on('error', () => undefined);
    for (let i = 0; i < 20; i++) req.write(Buffer.alloc(MIB));
    await closed;
  });

  test('is not when it is exactly as large as it may be', async () => {
    const text = body();
    const padded = text + ' '.repeat(MIB - text.length);
    expect((await at.pager.deliver(padded)).status).toBe(202);
    expect((await at.pager.deliver(`${padded} `)).status).toBe(413);
  });

  test('leaves nothing behind when its sender goes away', async () => {
    const req = request({ port: at.port, path: new URL(at.url).pathname, method: 'POST' });
    req.on('error', () => undefined);
    req.write('half of it');
    req.destroy();
    expect((await at.pager.trigger(PAGE)).status).toBe(202);
    expect(at.recorded()).toBe(1);
  });
});

describe('anything but POST', () => {
  test('is refused', async () => {
    expect((await fetch(at.url)).status).toBe(405);
  });
});

describe('when it cannot be recorded', () => {
  const broken = (part: 'load' | 'transact'): Log => {
    const { log } = memoryLog();
    const fail = () => Promise.reject(new LogFault('contention', 'The database is away.'));
    return { ...log, [part]: fail };
  };

  test('because the database is away, PagerDuty is asked to send it again, whoever sent it', async () => {
    const away = await startWorld({ log: broken('load') });
    try {
      const good = await away.pager.deliver(body());
      expect(good.status).toBe(503);
      expect((await away.pager.deliver(body(), 'v1=00')).status).toBe(503);
      expect((await away.pager.deliver('x'.repeat(2 * 1024 * 1024))).status).toBe(413);
    } finally {
      await away.close();
    }
  });

  test('because too many come at once, the rest is asked for again and the first are taken', async () => {
    const { log } = memoryLog();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow: Log = { ...log, load: (kind, ref) => gate.then(() => log.load(kind, ref)) };
    const flooded = await startWorld({ log: slow });
    try {
      const statuses: number[] = [];
      const sent = Array.from({ length: 80 }, async () => {
        statuses.push((await flooded.pager.deliver(body(), 'v1=00')).status);
      });
      await until('the rest to be turned away', () => statuses.length === 16);
      expect(new Set(statuses)).toEqual(new Set([429]));
      open();
      await Promise.all(sent);
      expect(statuses.filter((status) => status === 401)).toHaveLength(64);
      expect((await flooded.pager.deliver(body(), 'v1=00')).status).toBe(401);
    } finally {
      await flooded.close();
    }
  });

  test('nothing of the body or the signature gets into the log of the process', async () => {
    await at.pager.deliver(body(), signature(body(), ['wrong-secret-entirely']));
    await at.pager.trigger({ ...PAGE, at: NOW - 180 * MINUTE });
    await at.pager.deliver('{"event":"KubePodNotReady"}');
    const log = JSON.stringify(at.lines);
    expect(at.lines.length).toBeGreaterThan(2);
    for (const word of ['KubePodNotReady', 'payments-api', 'v1=', SECRET, 'PINC001'])
      expect(log).not.toContain(word);
  });
});
