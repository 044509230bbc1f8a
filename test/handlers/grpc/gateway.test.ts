import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import type { Entry } from '../../../agent/entry.ts';
import { type Journal, JournalError, openJournal } from '../../../agent/journal-file.ts';
import { AGENT_ID_HEADER } from '../../../handlers/grpc/greet.ts';
import { selfSigned } from '../../../handlers/grpc/tls.ts';
import { tenantId } from '../../../src/protocol/ids.ts';
import { type RecordInput, signRecord } from '../../../src/protocol/index.ts';
import {
  agentKey,
  bash,
  HASH,
  jobWith,
  keyFrom,
  NONCE,
  resumeOf,
  riskyJob,
  signJob,
} from '../../agent/world.ts';
import { agentAt, withFolder } from './agent-in-process.ts';
import { gatewayOver, Memory, tls, until } from './memory.ts';
import { RawAgent } from './raw-agent.ts';

// Real connections on a busy machine need their time.
jest.setTimeout(60_000);

type Job = RecordInput<'job'>;
let seq = 0;
/** A job for now, with the next seq and ids of its own. */
function jobNow(command: string, overrides: Partial<Job> = {}): Job {
  seq += 1;
  const iat = Date.now();
  const ids = { envelope_id: `envelope-${seq}`, run_id: `run-${seq}`, seq };
  return jobWith({ ...ids, iat, exp: iat + 300_000, exec: bash(command), ...overrides });
}

function enrolled(): Memory {
  const memory = new Memory();
  memory.agents.set('agent-1', { tenantId: tenantId('T1'), publicKey: agentKey.publicKey, agentEpoch: 1 });
  return memory;
}

/** A gateway over fresh memory, closed afterwards. */
async function withGateway(
  test: (memory: Memory, port: number, pause: (epoch: number) => void) => Promise<void>,
) {
  const memory = enrolled();
  const gateway = await gatewayOver(memory);
  try {
    await test(memory, gateway.port, (epoch) => gateway.broadcastPause(tenantId('T1'), epoch));
  } finally {
    await gateway.close();
  }
}

/** A gateway and a real agent on it, drained afterwards. */
async function withAgent(test: (memory: Memory, pause: (epoch: number) => void) => Promise<void>) {
  await withGateway((memory, port, pause) =>
    withFolder(async (folder) => {
      const agent = await agentAt(port, folder, 'drain_grace_ms: 100');
      try {
        await test(memory, pause);
      } finally {
        await agent.drain();
      }
    }),
  );
}

/** Waits until the agent takes work, by giving it some. */
async function ready(memory: Memory): Promise<void> {
  memory.hand(jobNow('echo ready'));
  await ended(memory, 1);
  memory.reports.length = 0;
  memory.waiting.length = 0;
}

const kindsOf = (memory: Memory) =>
  memory.reports.map((report) => report.kind).filter((kind) => kind !== 'output');
const ended = (memory: Memory, count: number) =>
  until(`${count} outcomes`, () => memory.ends().length >= count);

describe('an agent and a gateway over TLS', () => {
  test('a job is run once, and exit code, size and output come back', () =>
    withAgent(async (memory) => {
      memory.hand(jobNow('echo hello; echo oops >&2; exit 3'));
      await ended(memory, 1);
      const finished = memory.ends()[0];
      expect(finished).toMatchObject({
        stepId: 's1',
        attempt: 1,
        exitCode: 3,
        signal: null,
        timedOut: false,
        bytes: 11,
      });
      memory.change();
      memory.hand(jobNow('echo second'));
      await ended(memory, 2);
      expect(kindsOf(memory)).toEqual(['started', 'finished', 'started', 'finished']);
    }));

  test('jobs that wait are handed out one after another, never more than the agent asks for', () =>
    withAgent(async (memory) => {
      memory.waiting.push(...['a', 'b', 'c'].map((name) => jobNow(`echo ${name}`)));
      memory.change();
      await ended(memory, 3);
      expect(kindsOf(memory)).toEqual(['started', 'finished', 'started', 'finished', 'started', 'finished']);
    }));

  test('the hello says where the agent stands and which profiles it has', () =>
    withAgent(async (memory) => {
      const hello = await until('the hello', () => memory.hellos[0]);
      expect(hello).toMatchObject({ agentId: 'agent-1', tenantId: 'T1', seqMark: 0, pausedBecause: '' });
      expect(hello.profiles).toEqual([jobWith().profile]);
    }));

  test('an envelope the agent refuses is reported with the check that refused it, and does not run', () =>
    withAgent(async (memory) => {
      memory.hand(jobNow('echo hello', { profile: { name: 'default', digest: HASH } }));
      await ended(memory, 1);
      expect(memory.ends()[0]).toMatchObject({ kind: 'rejected', code: 'profile' });
      expect(kindsOf(memory)).toEqual(['rejected']);
    }));

  test('a forged envelope is neither run nor answered, and the next good one is run', () =>
    withAgent(async (memory) => {
      memory.hand({ ...signJob(jobNow('echo forged')), sig: new Uint8Array(64) });
      memory.hand(jobNow('echo good'));
      await ended(memory, 1);
      expect(memory.ends()).toMatchObject([{ kind: 'finished', head: 'good\n' }]);
    }));

  test('a command above what its envelope says is stopped by the scanner of the agent', () =>
    withAgent(async (memory) => {
      memory.hand(jobNow('kubectl delete namespace production'));
      await ended(memory, 1);
      expect(memory.ends()[0]).toMatchObject({ kind: 'rejected', code: 'scanner' });
    }));

  test('a pause stops new starts at once, and a signed resume lets them start again', () =>
    withAgent(async (memory, pause) => {
      await ready(memory);
      pause(1);
      memory.pause = { epoch: 1, paused: true, resume: null };
      memory.hand(jobNow('echo too early'));
      await memory.afterLooks();
      expect(memory.reports).toEqual([]);
      memory.waiting.length = 0;
      memory.pause = { epoch: 1, paused: false, resume: resumeOf(1) };
      memory.hand(jobNow('echo again', { panic_epoch: 1 }));
      await ended(memory, 1);
      expect(memory.ends()).toMatchObject([{ kind: 'finished', head: 'again\n' }]);
    }));

  test('a pause lets what runs finish', () =>
    withAgent(async (memory, pause) => {
      memory.hand(jobNow('sleep 0.3; echo done'));
      await until('the start', () => kindsOf(memory).includes('started'));
      pause(1);
      await ended(memory, 1);
      expect(memory.ends()[0]).toMatchObject({ kind: 'finished', exitCode: 0, head: 'done\n' });
    }));

  test('a broadcast pause holds even while the tenant still says it is running', () =>
    withAgent(async (memory, pause) => {
      await ready(memory);
      pause(1);
      memory.hand(jobNow('echo too early'));
      await memory.afterLooks();
      expect(memory.reports).toEqual([]);
    }));

  test('a kill that was asked for ends a running step', () =>
    withAgent(async (memory) => {
      memory.hand(jobNow('sleep 60'));
      const started = await until('the start', () =>
        memory.reports.find((report) => report.kind === 'started'),
      );
      memory.kills = [started.envelopeId];
      memory.change();
      await ended(memory, 1);
      expect(memory.ends()[0]).toMatchObject({
        kind: 'finished',
        exitCode: null,
        signal: 'SIGTERM',
        timedOut: false,
      });
    }));

  test('what cannot be recorded is not acknowledged, and is recorded once when it can be', () =>
    withAgent(async (memory) => {
      await until('the agent', () => memory.hellos.length === 1);
      memory.isBroken = true;
      memory.hand(jobNow('echo kept'));
      await until('the agent to come back', () => memory.hellos.length >= 2);
      memory.isBroken = false;
      await ended(memory, 1);
      expect(memory.ends()).toMatchObject([{ kind: 'finished', head: 'kept\n' }]);
    }));
});

describe('a restart of the server', () => {
  test('between start and end of a step, the result is reported once to the new one', () =>
    withFolder(async (folder) => {
      const memory = enrolled();
      const first = await gatewayOver(memory);
      const agent = await agentAt(first.port, folder);
      memory.hand(jobNow('sleep 0.2; echo survived'));
      await until('the start', () => kindsOf(memory).includes('started'));
      await first.close();
      expect(memory.ends()).toEqual([]);
      const second = await gatewayOver(memory, first.port);
      await ended(memory, 1);
      await agent.drain();
      expect(memory.ends()).toMatchObject([{ kind: 'finished', head: 'survived\n' }]);
      const third = await agentAt(first.port, folder);
      await until('the third hello', () => memory.hellos.at(-1)?.seqMark === seq);
      await third.drain();
      expect(memory.ends().length).toBe(1);
      await second.close();
    }));
});

async function greeted(port: number): Promise<RawAgent> {
  const raw = new RawAgent(port);
  await raw.hello();
  await raw.welcome;
  return raw;
}

describe('the gateway refuses', () => {
  const refusals: readonly (readonly [string, Partial<RecordInput<'hello'>>, string])[] = [
    ['a hello for another challenge', { nonce: 'AAAA' }, 'another challenge'],
    ['a hello naming another tenant', { tenantId: 'T2' }, 'another tenant'],
    ['a hello naming another agent', { agentId: 'agent-2' }, 'another agent'],
    ['a hello of an earlier enrolment', { agentEpoch: 0 }, 'enrolled again'],
  ];
  test.each(refusals)('%s', (_, overrides, sentence) =>
    withGateway(async (memory, port) => {
      const raw = new RawAgent(port);
      await raw.hello(overrides);
      expect(await raw.refusal).toContain(sentence);
      expect(memory.hellos).toEqual([]);
    }),
  );

  test('a hello signed by another key', () =>
    withGateway(async (memory, port) => {
      const raw = new RawAgent(port, { key: keyFrom('thief') });
      await raw.hello();
      expect(await raw.refusal).toContain('No key');
      expect(memory.hellos).toEqual([]);
    }));

  test('an agent that is not enrolled', () =>
    withGateway(async (_, port) => {
      const raw = new RawAgent(port, { metadata: { [AGENT_ID_HEADER]: 'nobody' } });
      expect(await raw.refusal).toContain('not enrolled');
    }));

  test('a job-less first word: credit before a hello', () =>
    withGateway(async (memory, port) => {
      const raw = new RawAgent(port);
      await raw.challenge;
      raw.credit(1);
      expect(await raw.refusal).toContain('hello');
      expect(memory.hellos).toEqual([]);
    }));

  test('the older of two connections of one identity: it gives way at once', () =>
    withGateway(async (memory, port) => {
      const first = await greeted(port);
      const second = await greeted(port);
      expect(await first.refusal).toContain('connected anew since');
      await until('the older to be gone', () => memory.gone === 1);
      memory.hand(jobNow('echo for the newer one'));
      second.credit(1);
      await until('the job', () => second.jobs.length === 1);
      expect(first.jobs).toEqual([]);
      second.close();
    }));

  test('the older of two connections also when its lease is heard of last', () =>
    withGateway(async (memory, port) => {
      const connect = memory.connect.bind(memory);
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      memory.connect = async (id, hello) => {
        const granted = await connect(id, hello);
        if (memory.hellos.length === 1) await held;
        return granted;
      };
      const first = new RawAgent(port);
      await first.hello();
      await until('the first hello', () => memory.hellos.length === 1);
      const second = await greeted(port);
      letGo();
      expect(await first.refusal).toContain('connected anew since');
      second.credit(1);
      memory.hand(jobNow('echo for the newer one'));
      await until('the job', () => second.jobs.length === 1);
      second.close();
    }));

  test('the older of two connections at two gateways: it can neither renew nor hand out', () =>
    withGateway(async (memory, port) => {
      const other = await gatewayOver(memory);
      const first = await greeted(port);
      first.credit(5);
      const second = await greeted(other.port);
      memory.hand(jobNow('echo for the newer one'));
      await memory.afterLooks();
      expect(first.jobs).toEqual([]);
      first.renew(NONCE);
      expect(await first.refusal).toContain('connected anew since');
      expect(first.leases).toEqual([]);
      second.credit(5);
      await until('the job', () => second.jobs.length === 1);
      second.close();
      await other.close();
    }));

  test('a journal that was set back, in the words of the server', () =>
    withGateway(async (memory, port) => {
      memory.refusal = 'The journal of this agent is older than what was heard of it.';
      const raw = new RawAgent(port);
      await raw.hello({ seqMark: 3 });
      expect(await raw.refusal).toContain('older than what was heard');
      expect(memory.gone).toBe(0);
    }));

  test('a report the agent did not sign, or that is malformed', () =>
    withGateway(async (memory, port) => {
      const raw = await greeted(port);
      const about = { runId: 'run-1', stepId: 's1', attempt: 1, envelopeId: 'envelope-1' };
      const report = { kind: 'unknown' as const, ...about, sentence: 'Lost.' };
      raw.report(signRecord('report', report, keyFrom('thief')));
      raw.report({ ...signRecord('report', report, agentKey), payload: new TextEncoder().encode('{}') });
      raw.report(signRecord('hello', raw.helloRecord('AAAA'), agentKey));
      raw.report(signRecord('report', { ...report, envelopeId: 'envelope-2' }, agentKey));
      await until('the one good report', () => memory.reports.length > 0);
      expect(memory.reports).toEqual([{ ...report, envelopeId: 'envelope-2' }]);
      raw.close();
    }));

  test('to give a job to an agent that has not asked for one, or to give it twice', () =>
    withGateway(async (memory, port) => {
      const raw = await greeted(port);
      memory.hand(jobNow('echo one'));
      await memory.afterLooks();
      expect(raw.jobs).toEqual([]);
      raw.credit(5);
      await until('the job', () => raw.jobs.length === 1);
      memory.change();
      memory.change();
      memory.hand(jobNow('echo two'));
      await until('the second job', () => raw.jobs.length === 2);
      await memory.afterLooks();
      expect(raw.jobs.length).toBe(2);
      raw.close();
    }));
});

describe('the agent refuses', () => {
  test('a gateway whose certificate it has not pinned', () =>
    withGateway(async (memory, port) =>
      withFolder(async (folder) => {
        const said: string[] = [];
        const logger = pino({ level: 'warn' }, { write: (line: string) => said.push(line) });
        const caPem = (await selfSigned(['127.0.0.1'], Date.now())).certPem;
        const agent = await agentAt(port, folder, null, { caPem, logger });
        await until('two attempts', () => said.filter((line) => line.includes('Not connected')).length >= 2);
        expect(memory.hellos).toEqual([]);
        await agent.drain();
      }),
    ));

  test('a job that a person other than the requester has not approved', () =>
    withAgent(async (memory) => {
      const now = Date.now();
      const own = riskyJob(
        'danger',
        { iat: now, exp: now + 300_000, seq: 100, exec: bash('echo approved by itself') },
        { approver: 'U1', iat: now, start_by: now + 1000 },
      );
      memory.hand(own);
      await ended(memory, 1);
      expect(memory.ends()).toMatchObject([{ kind: 'rejected', code: 'approvals' }]);
    }));
});

describe('a journal that cannot be written', () => {
  /** A journal that takes entries until one of this kind comes. */
  const failingAt = (folder: string, kind: Entry['kind']): Journal => {
    const journal = openJournal(join(folder, 'journal'));
    let isBroken = false;
    const append = (entry: Entry) => {
      isBroken ||= entry.kind === kind;
      if (isBroken) throw new JournalError('EIO');
      journal.append(entry);
    };
    return { ...journal, append };
  };

  test.each(['verified', 'started'] as const)('at "%s" starts nothing, and nothing ever after', (kind) =>
    withGateway((memory, port) =>
      withFolder(async (folder) => {
        const agent = await agentAt(port, folder, null, { journal: failingAt(folder, kind) });
        memory.hand(jobNow('echo must not run'));
        await until('the agent to say why it stands still', () =>
          memory.hellos.at(-1)?.pausedBecause.includes('starts nothing'),
        );
        memory.hand(jobNow('echo must not run either'));
        await memory.afterLooks();
        await agent.drain();
        expect(kindsOf(memory).filter((kind) => kind !== 'missing')).toEqual([]);
      }),
    ),
  );

  test('at the end of a step leaves the outcome unreported, and the next start reports it as unknown', () =>
    withGateway((memory, port) =>
      withFolder(async (folder) => {
        const agent = await agentAt(port, folder, null, { journal: failingAt(folder, 'ended') });
        memory.hand(jobNow('echo done'));
        await until('the start', () => kindsOf(memory).includes('started'));
        await agent.drain();
        expect(memory.ends()).toEqual([]);
        await until('the agent to be gone', () => memory.gone === memory.hellos.length);
        const next = await agentAt(port, folder);
        await ended(memory, 1);
        expect(memory.ends()).toMatchObject([{ kind: 'unknown' }]);
        await next.drain();
      }),
    ));
});

describe('a self-signed certificate', () => {
  test('is for server use, names its hosts, and cannot sign for more than itself', async () => {
    const certificate = new X509Certificate(
      (await selfSigned(['127.0.0.1', 'localhost', '::1'], Date.now())).certPem,
    );
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBeDefined();
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 396 * 86_400_000);
    expect(tls.certPem).not.toBe(certificate.toString());
  });
});
