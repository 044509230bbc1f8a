/** One session and a line that is written down: what a connection hands out, and what it never will. */
import { status } from '@grpc/grpc-js';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Session } from '../../../handlers/grpc/session.ts';
import type { FromAgent, ToAgent } from '../../../src/protocol/generated/agent.ts';
import { agentId, tenantId } from '../../../src/protocol/ids.ts';
import { openSigned, type RecordInput, signRecord } from '../../../src/protocol/index.ts';
import {
  agentKey,
  bundleWith,
  dispatchKey,
  HASH,
  jobWith,
  NONCE,
  publicOf,
  resumeOf,
} from '../../agent/world.ts';
import { fakeLogger } from '../../support/fakes.ts';
import { Memory } from './memory.ts';

let memory: Memory;
beforeEach(() => {
  memory = new Memory();
});

const agent = { agentId: agentId('agent-1'), tenantId: tenantId('T1'), key: publicOf(agentKey) };
const job = (seq: number) => jobWith({ envelope_id: `envelope-${seq}`, run_id: `run-${seq}`, seq });

/** A session of a new connection, welcomed; `said` is what the agent heard. */
async function connect(bundleVersion = 1) {
  const said: NonNullable<ToAgent['kind']>[] = [];
  const ended: { code: status; details: string }[] = [];
  const line = {
    isOpen: true,
    send: ({ kind }: ToAgent) => void (kind && said.push(kind)),
    end(code: status, details: string) {
      line.isOpen = false;
      ended.push({ code, details });
    },
  };
  const hello = { leaseNonce: NONCE, leaseEpoch: memory.leaseEpoch, seqMark: 0 };
  const connecting = await memory.connect('agent-1', hello as never);
  if (!connecting.ok) throw new Error(connecting.sentence);
  const { logger, lines } = fakeLogger();
  const session = new Session(agent, connecting.connection, line, memory, logger);
  await session.welcome(bundleVersion);
  const take = (kind: FromAgent['kind']) => session.take({ kind });
  return {
    session,
    said,
    ended,
    line,
    lines,
    credit: (jobs: number) => take({ $case: 'credit', value: { jobs } }),
    renew: (nonce: string, seqMark = 0) => take({ $case: 'renew', value: { nonce, seqMark } }),
    report: (report: RecordInput<'report'>) => {
      const { keyId, payload, sig } = signRecord('report', report, agentKey);
      return take({
        $case: 'report',
        value: { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) },
      });
    },
    /** Lets the session look as often as it wants to. */
    async look() {
      session.look();
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    },
    jobs: () => said.filter(({ $case }) => $case === 'job').length,
    cases: () => said.map(({ $case }) => $case),
  };
}

const about = { runId: 'run-1', stepId: 's1', attempt: 1, envelopeId: 'envelope-1' };

describe('a job', () => {
  test('is handed out once a connection, and never more than the agent has asked for', async () => {
    memory.waiting.push(job(1), job(2));
    const at = await connect();
    await at.look();
    expect(at.jobs()).toBe(0);
    await at.credit(1);
    await at.look();
    expect(at.jobs()).toBe(1);
    await at.credit(1);
    await at.look();
    await at.credit(5);
    await at.look();
    expect(at.jobs()).toBe(2);
  });

  test('that is over is withheld, and stays withheld even if it were ready again', async () => {
    memory.waiting.push(job(1), job(2));
    memory.over.add('envelope-1');
    const at = await connect();
    await at.credit(5);
    await at.look();
    expect([at.jobs(), new Set(memory.withheldIds)]).toEqual([1, new Set(['envelope-1'])]);
    memory.over.clear();
    await at.look();
    expect(at.jobs()).toBe(1);
  });

  test('that was handed out is not withheld: it may have started', async () => {
    memory.waiting.push(job(1));
    const at = await connect();
    await at.credit(1);
    await at.look();
    memory.over.add('envelope-1');
    await at.look();
    expect([at.jobs(), memory.withheldIds]).toEqual([1, []]);
  });

  test('is withheld also from an agent that has not asked for work, and again until that is recorded', async () => {
    memory.waiting.push(job(1));
    memory.over.add('envelope-1');
    memory.isBroken = true;
    const at = await connect();
    await at.look();
    expect(at.lines.at(-1)?.msg).toContain('Could not look for work');
    memory.isBroken = false;
    await at.credit(1);
    await at.look();
    expect([at.jobs(), memory.withheldIds.includes('envelope-1')]).toEqual([0, true]);
  });

  test('whose keys the agent may not know yet is neither handed out nor withheld', async () => {
    memory.waiting.push(job(1));
    const held = async () =>
      (await Memory.prototype.waitingJobs.call(memory, 'agent-1', memory.leaseEpoch)).map((one) => ({
        ...one,
        standing: 'held' as const,
      }));
    memory.waitingJobs = held as never;
    const at = await connect();
    await at.credit(1);
    await at.look();
    expect([at.jobs(), memory.withheldIds]).toEqual([0, []]);
  });

  test('is not handed out by a connection that gave way, nor of another lease', async () => {
    const old = await connect();
    await old.credit(5);
    const newer = await connect();
    memory.waiting.push(job(1));
    await old.look();
    expect(old.jobs()).toBe(0);
    old.session.giveWay();
    old.session.giveWay();
    expect(old.ended).toHaveLength(1);
    await newer.credit(1);
    await newer.look();
    expect(newer.jobs()).toBe(1);
  });

  test('waits while everything is paused, by broadcast or by record, and is not withheld', async () => {
    memory.waiting.push(job(1));
    const at = await connect();
    at.session.pause(1);
    await at.credit(1);
    await at.look();
    memory.pause = { epoch: 1, paused: true, resume: null };
    await at.look();
    expect([at.jobs(), memory.withheldIds]).toEqual([0, []]);
    memory.pause = { epoch: 1, paused: false, resume: resumeOf(1) };
    await at.look();
    expect([at.jobs(), at.cases().includes('resume')]).toEqual([1, true]);
  });
});

describe('a lease', () => {
  const leaseIn = (at: Awaited<ReturnType<typeof connect>>) => {
    const last = at.said.findLast((kind) => kind.$case === 'lease');
    if (last?.$case !== 'lease') return null;
    const opened = openSigned('lease', last.value, () => publicOf(dispatchKey));
    return opened.ok ? opened.record : null;
  };

  test('comes with the welcome, and again for every nonce that is sent', async () => {
    const at = await connect();
    expect(at.said[0]?.$case === 'welcome' && at.said[0].value.lease).toBeTruthy();
    const nonce = Buffer.alloc(16, 9).toString('base64url');
    await at.renew(nonce, 7);
    expect(leaseIn(at)).toMatchObject({ nonce, lease_epoch: 1, seq_mark: 7 });
  });

  test('is not renewed for a connection that is not the newest: it ends', async () => {
    const old = await connect();
    await connect();
    await old.renew(NONCE);
    expect(leaseIn(old)).toBeNull();
    expect(old.ended).toMatchObject([{ code: status.ALREADY_EXISTS }]);
  });
});

describe('the welcome', () => {
  test('names every attempt that has no end, and what is said of them is recorded', async () => {
    memory.waiting.push(job(1));
    const old = await connect();
    await old.credit(1);
    await old.look();
    const at = await connect();
    expect(at.said[0]).toMatchObject({ $case: 'welcome', value: { open: [about], paused: false } });
    await at.report({ kind: 'missing', ...about, seqMark: 0 });
    expect(memory.reports).toMatchObject([{ kind: 'missing', seqMark: 0 }]);
    expect(at.said.at(-1)).toEqual({ $case: 'ack', value: { envelopeId: 'envelope-1', kind: 'missing' } });
  });

  test('carries the trust bundle only when it is newer than the agent’s; a later one follows by itself', async () => {
    const has = (at: Awaited<ReturnType<typeof connect>>) =>
      at.said[0]?.$case === 'welcome' && at.said[0].value.bundle !== undefined;
    expect([has(await connect(1)), has(await connect(0))]).toEqual([false, true]);
    const at = await connect();
    memory.trust = { version: 2, signed: bundleWith({ version: 2, iat: Date.now() }) };
    await at.look();
    await at.look();
    expect(at.cases().filter((kind) => kind === 'bundle')).toHaveLength(1);
  });

  test('of a paused workspace says so, and no job goes before it', async () => {
    memory.pause = { epoch: 3, paused: true, resume: resumeOf(3) };
    memory.waiting.push(job(1));
    const at = await connect();
    await at.credit(1);
    await at.look();
    expect(at.said).toMatchObject([{ $case: 'welcome', value: { panicEpoch: 3, paused: true } }]);
    expect(at.said[0]?.$case === 'welcome' && at.said[0].value.resume).toBeUndefined();
  });
});

test('a report that cannot be recorded is not acknowledged, and one that is no report changes nothing', async () => {
  const at = await connect();
  memory.isBroken = true;
  await expect(at.report({ kind: 'missing', ...about, seqMark: 0 })).rejects.toThrow('away');
  memory.isBroken = false;
  await at.session.take({ kind: undefined });
  await at.session.take({
    kind: {
      $case: 'report',
      value: { keyId: HASH.slice(0, 16), payload: Buffer.alloc(2), sig: Buffer.alloc(64) },
    },
  });
  expect([at.cases().includes('ack'), memory.reports]).toEqual([false, []]);
});
