/** What the log and the registry of agents rely on in their database. Postgres and the simulation's memory keep the same. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LogStore, SubjectWrite } from '../../src/audit/store.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { agentId, streamId, type TenantId, tenantId } from '../../src/protocol/ids.ts';
import { LEASE_TTL_MS } from '../../src/protocol/lease.ts';
import { type MemoryConnection, memoryDatabase } from '../simulation/memory-store.ts';
import { BACKENDS, type Backend } from '../support/backends.ts';
import { NOW } from '../support/builders.ts';
import { until } from '../support/eventually.ts';
import { fakeClock } from '../support/fakes.ts';

const clock = fakeClock();

describe.each(BACKENDS)('in %s', (_, open) => {
  let backend: Backend;
  let store: LogStore;
  let count = 0;

  beforeAll(async () => {
    backend = await open(clock);
    store = backend.store;
  });
  afterAll(() => backend.close());

  /** A subject that nobody else uses. */
  const fresh = (tenant = tenantId('T1')): SubjectRef => {
    count += 1;
    return { tenant, stream: streamId(`run-${String(count).padStart(3, '0')}`) };
  };
  const bytes = (text: string) => Buffer.from(text);
  const write = (version: number, overrides: Partial<SubjectWrite> = {}): SubjectWrite => ({
    kind: 'run',
    status: 'running',
    version,
    dueAt: null,
    snapshot: bytes(`snapshot ${version}`),
    ...overrides,
  });
  type Tx = Parameters<Parameters<LogStore['inTenant']>[1]>[0];
  const append = (tx: Tx, ref: SubjectRef, version: number, hash = bytes(`hash ${version}`)) =>
    store.insertEvent(
      tx,
      { ...ref, version, type: 'test', at: NOW, payload: bytes('p'), prevHash: bytes('prev') },
      hash,
    );
  const put = (ref: SubjectRef, version = 1, overrides: Partial<SubjectWrite> = {}) =>
    store.inTenant(ref.tenant, async (tx) => {
      await append(tx, ref, version);
      await store.writeSubject(tx, ref, write(version, overrides));
    });
  const versionOf = async (ref: SubjectRef, tx?: Tx, lock?: 'share') => {
    const read = (own: Tx) => store.readSubject(own, ref, lock);
    return (await (tx ? read(tx) : store.inTenant(ref.tenant, read)))?.version ?? null;
  };
  const headOf = async (ref: SubjectRef) => {
    const head = await store.inTenant(ref.tenant, (tx) => store.readHead(tx, ref));
    return head && Buffer.from(head).toString();
  };
  /** A transaction that has done `first` and goes on to its end when told to. */
  const held = async (tenant: TenantId, first: (tx: Tx) => Promise<unknown>) => {
    let goOn: (fail: boolean) => void = () => undefined;
    const told = new Promise<boolean>((resolve) => {
      goOn = resolve;
    });
    let begun: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const ended = store
      .inTenant(tenant, async (tx) => {
        await first(tx);
        begun();
        if (await told) throw new Error('taken back');
      })
      .catch((error: Error) => error.message);
    await done;
    return {
      commit: () => {
        goOn(false);
        return ended;
      },
      takeBack: () => {
        goOn(true);
        return ended;
      },
    };
  };
  const oneWaits = () => until('a transaction to wait', async () => (await backend.waiting()) > 0);

  describe('a transaction', () => {
    test('is not seen by others before it is committed, and then by every statement after', async () => {
      const ref = fresh();
      const writer = await held(ref.tenant, async (tx) => {
        await append(tx, ref, 1);
        await store.writeSubject(tx, ref, write(1, { dueAt: 1 }));
        expect(await versionOf(ref, tx)).toBe(1);
        expect(await store.readHead(tx, ref)).toEqual(bytes('hash 1'));
      });
      await store.inTenant(ref.tenant, async (tx) => {
        expect([await versionOf(ref, tx), await store.readHead(tx, ref)]).toEqual([null, null]);
        expect((await backend.due.findDue(1, 99)).map(({ stream }) => stream)).not.toContain(ref.stream);
        await writer.commit();
        expect([await versionOf(ref, tx), await store.readHead(tx, ref)]).toEqual([1, bytes('hash 1')]);
      });
      expect((await backend.due.findDue(1, 99)).map(({ stream }) => stream)).toContain(ref.stream);
    });

    test('that fails leaves nothing, and its error is its own', async () => {
      const ref = fresh();
      const failing = store.inTenant(ref.tenant, async (tx) => {
        await append(tx, ref, 1);
        await store.writeSubject(tx, ref, write(1, { dueAt: 1 }));
        throw new Error('taken back');
      });
      await expect(failing).rejects.toThrow('taken back');
      expect([await versionOf(ref), await headOf(ref)]).toEqual([null, null]);
      expect((await backend.due.findDue(1, 99)).map(({ stream }) => stream)).not.toContain(ref.stream);
    });

    test('in which a statement failed keeps nothing and does nothing more, though nobody minds', async () => {
      const ref = fresh();
      await put(ref);
      const lenient = store.inTenant(ref.tenant, async (tx) => {
        await store.writeSubject(tx, ref, write(2));
        await append(tx, ref, 1).catch(() => undefined);
        await expect(versionOf(ref, tx)).rejects.toMatchObject({ code: '25P02' });
      });
      await expect(lenient).rejects.toThrow();
      expect(await versionOf(ref)).toBe(1);
    });

    test('does not wait to read what another one writes', async () => {
      const ref = fresh();
      await put(ref);
      const writer = await held(ref.tenant, (tx) => store.writeSubject(tx, ref, write(2)));
      expect(await versionOf(ref)).toBe(1);
      await writer.commit();
      expect(await versionOf(ref)).toBe(2);
    });

    test('that waits for one that waits for it is ended, and the other goes on', async () => {
      const [one, two] = [fresh(), fresh()];
      await Promise.all([put(one), put(two)]);
      const first = await held(one.tenant, (tx) => store.writeSubject(tx, one, write(2)));
      const crossing = store.inTenant(one.tenant, async (tx) => {
        await store.writeSubject(tx, two, write(2));
        await store.writeSubject(tx, one, write(3));
      });
      await oneWaits();
      await first.commit();
      await crossing;
      let both = 0;
      const meet = async () => {
        both += 1;
        await until('the other one', () => both === 2);
      };
      const cross = (from: SubjectRef, to: SubjectRef) =>
        store.inTenant(one.tenant, async (tx) => {
          await store.writeSubject(tx, from, write(4));
          await meet();
          await store.writeSubject(tx, to, write(4));
        });
      const ends = await Promise.allSettled([cross(one, two), cross(two, one)]);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: '40P01' } });
    });
  });

  describe('two that append the same version', () => {
    test('take turns: the second waits, and clashes when the first is kept', async () => {
      const ref = fresh();
      const first = await held(ref.tenant, (tx) => append(tx, ref, 1, bytes('first')));
      const second = store.inTenant(ref.tenant, (tx) => append(tx, ref, 1, bytes('second')));
      const clash = second.catch((error: unknown) => store.isConflict(error));
      await oneWaits();
      await first.commit();
      expect([await clash, await headOf(ref)]).toEqual([true, 'first']);
    });

    test('do not clash when the first is taken back', async () => {
      const ref = fresh();
      const first = await held(ref.tenant, (tx) => append(tx, ref, 1, bytes('first')));
      const second = store.inTenant(ref.tenant, (tx) => append(tx, ref, 1, bytes('second')));
      await oneWaits();
      expect(await first.takeBack()).toBe('taken back');
      await second;
      expect(await headOf(ref)).toBe('second');
    });

    test('of different streams do not wait for each other', async () => {
      const [one, two] = [fresh(), fresh()];
      const first = await held(one.tenant, (tx) => append(tx, one, 1));
      await put(two);
      await first.commit();
      expect(await headOf(two)).toBe('hash 1');
    });

    test('and another error is no conflict', () => {
      expect(store.isConflict(new Error('23505'))).toBe(false);
    });
  });

  describe('a row that is read for share', () => {
    test('is not changed before its readers have ended', async () => {
      const ref = fresh();
      await put(ref);
      const readers = [
        await held(ref.tenant, (tx) => versionOf(ref, tx, 'share')),
        await held(ref.tenant, (tx) => versionOf(ref, tx, 'share')),
      ];
      const order: string[] = [];
      const writing = put(ref, 2).then(() => order.push('written'));
      for (const reader of readers) {
        await oneWaits();
        order.push('read');
        await reader.commit();
      }
      await writing;
      expect(order).toEqual(['read', 'read', 'written']);
    });

    test('is read as its writer leaves it', async () => {
      const ref = fresh();
      await put(ref);
      for (const [end, left] of [
        ['commit', 2],
        ['takeBack', 2],
        ['commit', 4],
      ] as const) {
        const writer = await held(ref.tenant, (tx) => store.writeSubject(tx, ref, write(left)));
        const reading = store.inTenant(ref.tenant, (tx) => versionOf(ref, tx, 'share'));
        await oneWaits();
        await writer[end]();
        expect(await reading).toBe(left);
      }
    });

    test('and is not there yet is waited for by nobody', async () => {
      const ref = fresh();
      const writer = await held(ref.tenant, (tx) => store.writeSubject(tx, ref, write(1)));
      expect(await store.inTenant(ref.tenant, (tx) => versionOf(ref, tx, 'share'))).toBeNull();
      await writer.commit();
    });
  });

  describe('rows of another tenant', () => {
    const [own, other] = [tenantId('TOWN'), tenantId('TOTHER')];

    test('are not there', async () => {
      const ref = fresh(other);
      await put(ref);
      await store.inTenant(own, async (tx) => {
        expect(await store.readSubject(tx, ref)).toBeNull();
        expect(await store.readSubject(tx, ref, 'share')).toBeNull();
        expect(await store.readHead(tx, ref)).toBeNull();
        expect(await store.findByKind(tx, other, 'run')).toEqual([]);
        expect(await store.readTenantKey(tx, other)).toBeNull();
      });
    });

    test('cannot be written', async () => {
      const ref = fresh(other);
      const attempts: ((tx: Tx) => Promise<unknown>)[] = [
        (tx) => append(tx, ref, 1),
        (tx) => store.writeSubject(tx, ref, write(1)),
        (tx) => store.insertTenantKey(tx, other, bytes('key')),
      ];
      for (const attempt of attempts)
        await expect(store.inTenant(own, attempt)).rejects.toMatchObject({ code: '42501' });
      expect([await versionOf(ref), await headOf(ref)]).toEqual([null, null]);
    });
  });

  test('of two keys of a tenant the first stays', async () => {
    const tenant = tenantId('TKEY');
    const first = await held(tenant, (tx) => store.insertTenantKey(tx, tenant, bytes('first')));
    const second = store.inTenant(tenant, (tx) => store.insertTenantKey(tx, tenant, bytes('second')));
    await oneWaits();
    await first.commit();
    await second;
    const kept = await store.inTenant(tenant, (tx) => store.readTenantKey(tx, tenant));
    expect(kept && Buffer.from(kept).toString()).toBe('first');
  });

  test('a tenant may be named more than once', async () => {
    const tenant = tenantId('TTWICE');
    for (let turn = 0; turn < 2; turn++) await store.inTenant(tenant, (tx) => store.insertTenant(tx, tenant));
    await put(fresh(tenant));
  });

  test('subjects are found by kind and status, the newest stream first', async () => {
    const tenant = tenantId('TFIND');
    const [one, two, three, four] = [fresh(tenant), fresh(tenant), fresh(tenant), fresh(tenant)];
    await put(one, 1, { status: 'running' });
    await put(two, 1, { status: 'paused' });
    await put(three, 1, { status: 'succeeded' });
    await put(four, 1, { kind: 'runbook', status: 'running' });
    await put(fresh(tenantId('TFIND2')));
    const found = (statuses?: readonly string[]) =>
      store.inTenant(tenant, async (tx) =>
        (await store.findByKind(tx, tenant, 'run', statuses)).map(({ stream }) => stream),
      );
    expect(await found()).toEqual([three.stream, two.stream, one.stream]);
    expect(await found(['running', 'paused'])).toEqual([two.stream, one.stream]);
    expect(await found([])).toEqual([]);
    const [row] = await store.inTenant(tenant, (tx) => store.findByKind(tx, tenant, 'run', ['paused']));
    expect(row).toEqual({ ...two, version: 1, snapshot: bytes('snapshot 1') });
  });

  describe('the index of due work', () => {
    const tenant = tenantId('TDUE');
    const seen = async (now: number, limit = 99) =>
      (await backend.due.findDue(now, limit)).filter((row) => row.tenant === tenant);
    const of = async (ref: SubjectRef, now: number) =>
      (await seen(now)).find(({ stream }) => stream === ref.stream) ?? null;

    test('holds what is due from its moment on, until it is put off', async () => {
      const ref = fresh(tenant);
      await put(ref, 1, { dueAt: NOW });
      await backend.due.markShown(ref, 1);
      expect(await of(ref, NOW - 1)).toBeNull();
      expect(await of(ref, NOW)).toEqual({
        ...ref,
        kind: 'run',
        status: 'running',
        version: 1,
        due: true,
        unshown: false,
      });
      await backend.due.deferDue(ref, NOW + 10);
      await backend.due.deferDue(ref, NOW + 5);
      expect([await of(ref, NOW + 9), (await of(ref, NOW + 10))?.due]).toEqual([null, true]);
      await put(ref, 2, { dueAt: null });
      await backend.due.markShown(ref, 2);
      await backend.due.deferDue(ref, NOW);
      expect(await of(ref, NOW + 99)).toBeNull();
    });

    test('holds what is not shown, unless Slack asked to be left alone', async () => {
      const ref = fresh(tenant);
      await put(ref);
      expect(await of(ref, NOW)).toMatchObject({ due: false, unshown: true });
      await backend.due.deferShow(ref, NOW + 10);
      expect([await of(ref, NOW + 9), (await of(ref, NOW + 10))?.unshown]).toEqual([null, true]);
      await backend.due.deferShow(ref, NOW + 99);
      await backend.due.showAgain(tenantId('TDUE2'));
      expect(await of(ref, NOW)).toBeNull();
      await backend.due.showAgain(tenant);
      expect(await of(ref, NOW)).toMatchObject({ unshown: true });
      await backend.due.markShown(ref, 1);
      expect(await of(ref, NOW)).toBeNull();
      await put(ref, 2);
      await backend.due.markShown(ref, 1);
      expect(await of(ref, NOW)).toMatchObject({ version: 2, unshown: true });
    });

    test('gives the longest due first, and no more than asked for', async () => {
      const refs = [fresh(tenant), fresh(tenant), fresh(tenant)];
      const [late, early, never] = refs as [SubjectRef, SubjectRef, SubjectRef];
      await put(late, 1, { dueAt: -2 });
      await put(early, 1, { dueAt: -3 });
      await put(never);
      expect((await seen(NOW, 2)).map(({ stream }) => stream)).toEqual([early.stream, late.stream]);
      expect((await seen(NOW)).findIndex(({ stream }) => stream === never.stream)).toBeGreaterThan(1);
    });

    test('waits for a change that is under way, and looks again at what it leaves', async () => {
      const ref = fresh(tenant);
      await put(ref, 1, { dueAt: NOW });
      await backend.due.markShown(ref, 1);
      const writer = await held(tenant, (tx) => store.writeSubject(tx, ref, write(2, { dueAt: NOW + 50 })));
      const deferred = backend.due.deferDue(ref, NOW + 20);
      await oneWaits();
      await writer.commit();
      await deferred;
      await backend.due.markShown(ref, 2);
      expect([await of(ref, NOW + 49), (await of(ref, NOW + 50))?.due]).toEqual([null, true]);
    });
  });

  describe('a lease', () => {
    const tenant = tenantId('TAGENT');
    const enrolled = async () => {
      const id = await backend.enrol(tenant);
      const connect = (seqMark = 0, leaseEpoch = 0, agentEpoch = 1) =>
        backend.agents.connect(id, { agentEpoch, seqMark, leaseEpoch });
      const nextSeq = () => store.inTenant(tenant, (tx) => backend.agents.nextSeq(tx, id));
      const online = async () =>
        (await backend.agents.agentsOf(tenant)).find((agent) => agent.agentId === id)?.online;
      return { id, connect, nextSeq, online };
    };

    test('is needed for a number, and is over with its connection', async () => {
      const { id, connect, nextSeq, online } = await enrolled();
      expect([await nextSeq(), await online()]).toEqual([null, false]);
      await connect();
      expect([await nextSeq(), await online()]).toEqual([{ seq: 1, leaseEpoch: 1, agentEpoch: 1 }, true]);
      await backend.agents.release(id, 1);
      expect([await nextSeq(), await online()]).toEqual([null, false]);
    });

    test('is good for a number while four seconds of it are left, and again once it is renewed', async () => {
      const { id, connect, nextSeq, online } = await enrolled();
      await connect();
      clock.advance(LEASE_TTL_MS - 4_001);
      expect([await nextSeq(), await online()]).toMatchObject([{ seq: 1 }, true]);
      clock.advance(1);
      expect([await nextSeq(), await online()]).toEqual([null, false]);
      await backend.agents.renew(id, 1, 1);
      expect([await nextSeq(), await online()]).toMatchObject([{ seq: 2, leaseEpoch: 1 }, true]);
    });

    test('that ends later than one can, by our own clock, is good for nothing', async () => {
      const { connect, nextSeq, online } = await enrolled();
      clock.advance(5_000);
      await connect();
      clock.advance(-5_000);
      expect([await nextSeq(), await online()]).toEqual([null, false]);
      clock.advance(1);
      expect([await nextSeq(), await online()]).toMatchObject([{ seq: 1 }, true]);
    });

    test('is of the newest connection, and an older one can neither renew nor end it', async () => {
      const { id, connect, nextSeq } = await enrolled();
      expect([await connect(), await connect()]).toEqual([
        { kind: 'granted', leaseEpoch: 1, seqMark: 0 },
        { kind: 'granted', leaseEpoch: 2, seqMark: 0 },
      ]);
      expect(await backend.agents.renew(id, 1, 5)).toBeNull();
      await backend.agents.release(id, 1);
      expect(await nextSeq()).toMatchObject({ seq: 1, leaseEpoch: 2 });
      expect(await backend.agents.renew(id, 2, 0)).toEqual({ seqMark: 0 });
    });

    test('has an epoch above every one that the agent has seen', async () => {
      const { connect, nextSeq } = await enrolled();
      expect(await connect(0, 41)).toMatchObject({ leaseEpoch: 42 });
      expect(await connect(0, 3)).toMatchObject({ leaseEpoch: 43 });
      expect(await nextSeq()).toMatchObject({ leaseEpoch: 43 });
    });

    test('lifts the numbers above every one that the agent has used, from its start and whenever it is renewed', async () => {
      const { id, connect, nextSeq } = await enrolled();
      await connect(17);
      expect(await nextSeq()).toMatchObject({ seq: 18 });
      await backend.agents.renew(id, 1, 40);
      expect(await nextSeq()).toMatchObject({ seq: 41 });
      await backend.agents.renew(id, 1, 40);
      expect(await nextSeq()).toMatchObject({ seq: 42 });
    });

    test('is not granted to a journal below what was heard of it', async () => {
      const { id, connect, nextSeq } = await enrolled();
      await connect(3);
      expect(await backend.agents.renew(id, 1, 5)).toEqual({ seqMark: 5 });
      expect(await backend.agents.renew(id, 1, 4)).toEqual({ seqMark: 5 });
      expect(await connect(4)).toEqual({ kind: 'rolled-back', seqMark: 5 });
      expect(await nextSeq()).toMatchObject({ leaseEpoch: 1 });
      expect(await connect(5)).toMatchObject({ kind: 'granted', leaseEpoch: 2 });
    });

    test('is not granted to an earlier enrolment, nor to nobody', async () => {
      const { connect } = await enrolled();
      expect(await connect(0, 0, 0)).toEqual({ kind: 'unknown' });
      const stand = { agentEpoch: 1, seqMark: 0, leaseEpoch: 0 };
      expect(await backend.agents.connect(agentId('nobody'), stand)).toEqual({ kind: 'unknown' });
      expect(await backend.agents.renew(agentId('nobody'), 1, 0)).toBeNull();
    });

    test('does not change while a number is taken and not committed', async () => {
      const { id, connect } = await enrolled();
      await connect();
      let slot: unknown;
      const dispatch = await held(tenant, async (tx) => {
        slot = await backend.agents.nextSeq(tx, id);
      });
      const order: string[] = [];
      const connected = connect().then(() => order.push('connected'));
      await oneWaits();
      order.push('dispatched');
      await dispatch.commit();
      await connected;
      expect([slot, order]).toMatchObject([{ seq: 1, leaseEpoch: 1 }, ['dispatched', 'connected']]);
    });
  });

  test('numbers of envelopes follow the order of commits, and one that was taken back is not lost', async () => {
    const tenant = tenantId('TSEQ');
    const id = await backend.enrol(tenant);
    await backend.agents.connect(id, { agentEpoch: 1, seqMark: 0, leaseEpoch: 0 });
    const undone = await held(tenant, (tx) => backend.agents.nextSeq(tx, id));
    const committed: (number | undefined)[] = [];
    const take = () =>
      store
        .inTenant(tenant, (tx) => backend.agents.nextSeq(tx, id))
        .then((slot) => committed.push(slot?.seq));
    const taken = Array.from({ length: 20 }, take);
    await oneWaits();
    await undone.takeBack();
    await Promise.all(taken);
    expect([...committed].sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });
});

describe('the memory', () => {
  test('forgets what a process had not committed when it was killed, and lets go of what it held', async () => {
    const database = memoryDatabase();
    const ref = { tenant: tenantId('T1'), stream: streamId('run-1') };
    const [killed, other] = [database.connect(), database.connect()];
    const event = { ...ref, version: 1, type: 'test', at: NOW, payload: Buffer.alloc(1) };
    const insert = ({ store }: MemoryConnection, then: () => Promise<void>) =>
      store.inTenant(ref.tenant, async (tx) => {
        await store.insertEvent(tx, { ...event, prevHash: Buffer.alloc(32) }, Buffer.from('hash'));
        await then();
      });
    const stuck = insert(killed, () => new Promise(() => undefined));
    const next = insert(other, async () => undefined);
    await until('the second to wait', () => database.waiting() > 0);
    killed.kill();
    await next;
    expect(database.events(ref.tenant)).toHaveLength(1);
    await expect(insert(killed, async () => undefined)).rejects.toMatchObject({ code: '57P01' });
    expect(await Promise.race([stuck, Promise.resolve('never heard of')])).toBe('never heard of');
  });

  test('keeps what was committed though its owner did not hear of it, until a standby takes over without it', async () => {
    const database = memoryDatabase();
    const tenant = tenantId('T1');
    const deaf = database.connect({
      link: async (when, statement) => {
        if (when === 'answered' && statement === 'COMMIT') throw new Error('cut');
      },
    });
    const naming = deaf.store.inTenant(tenant, (tx) =>
      deaf.store.insertTenantKey(tx, tenant, Buffer.from('key')),
    );
    await expect(naming).rejects.toThrow('cut');
    const { store } = database.connect();
    const key = () => store.inTenant(tenant, (tx) => store.readTenantKey(tx, tenant));
    expect([await key(), database.commits()]).toEqual([Buffer.from('key'), 1]);
    database.loseCommits(1);
    expect([await key(), database.commits()]).toEqual([null, 0]);
  });
});
