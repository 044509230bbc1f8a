/** What is signed by a new key never comes before the bundle that names it. */
import { expect, test } from '@jest/globals';
import { corePorts } from '../../../handlers/grpc/core-ports.ts';
import { Session } from '../../../handlers/grpc/session.ts';
import type { ToAgent } from '../../../src/protocol/generated/agent.ts';
import { agentId, tenantId } from '../../../src/protocol/ids.ts';
import { encodeSigned, openSigned, type SigningKey, signRecord } from '../../../src/protocol/index.ts';
import { tenantKind } from '../../../src/tenant/tenant.ts';
import { agentKey, bundleWith, jobWith, keyFrom, NONCE, publicOf, resumeOf } from '../../agent/world.ts';
import { TENANT, tenantState } from '../../support/builders.ts';
import { fakeClock, fakeLogger, memoryLog, tenantRef, testBundle, testKey } from '../../support/fakes.ts';
import { Memory } from './memory.ts';

/** A session with an agent that has this bundle; the server has the first. */
async function welcomed(bundleVersion: number) {
  const memory = new Memory();
  const said: string[] = [];
  const { logger, lines } = fakeLogger();
  const line = {
    isOpen: true,
    send: ({ kind }: ToAgent) => void said.push(kind?.$case ?? ''),
    end: () => undefined,
  };
  const hello = { leaseNonce: NONCE, leaseEpoch: 0, seqMark: 0 };
  const connecting = await memory.connect('agent-1', hello as never);
  if (!connecting.ok) throw new Error(connecting.sentence);
  const agent = { agentId: agentId('agent-1'), tenantId: tenantId('T1'), key: publicOf(agentKey) };
  const session = new Session(agent, connecting.connection, line, memory, logger);
  await session.welcome(bundleVersion);
  return { memory, session, said, lines };
}

/** The same, where the server hears of a second bundle at the last moment: while it answers `question`. */
async function hearingOfItAt(question: 'waitingJobs' | 'renew' | 'tenantPause') {
  const at = await welcomed(1);
  const answer = at.memory[question].bind(at.memory) as (...asked: never[]) => Promise<unknown>;
  Object.assign(at.memory, {
    [question]: async (...asked: never[]) => {
      at.memory.trust = { version: 2, signed: bundleWith({ version: 2, iat: Date.now() }) };
      return answer(...asked);
    },
  });
  const look = async () => {
    at.session.look();
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  };
  return { ...at, look };
}

test('a job', async () => {
  const { memory, session, said, look } = await hearingOfItAt('waitingJobs');
  memory.waiting.push(jobWith());
  await session.take({ kind: { $case: 'credit', value: { jobs: 1 } } });
  await look();
  expect(said).toEqual(['welcome', 'bundle', 'job']);
});

test('a lease', async () => {
  const { session, said } = await hearingOfItAt('renew');
  await session.take({ kind: { $case: 'renew', value: { nonce: NONCE, seqMark: 0 } } });
  expect(said).toEqual(['welcome', 'bundle', 'lease']);
});

test('the end of a pause', async () => {
  const { memory, session, said, look } = await hearingOfItAt('tenantPause');
  session.pause(1);
  memory.pause = { epoch: 1, paused: false, resume: resumeOf(1) };
  await look();
  expect(said).toEqual(['welcome', 'pause', 'bundle', 'resume']);
});

test('an agent that has a newer bundle than the server is told in the log, with what to do', async () => {
  const { lines } = await welcomed(2);
  expect(lines.at(-1)).toMatchObject({ its: 2, ours: 1, msg: expect.stringContaining('dd0c keys renew') });
});

/** How a workspace stands whose last pause was ended by a record of this key. */
async function endedBy(key: SigningKey) {
  const { log, put } = memoryLog();
  const said = { v: 1, typ: 'resume', tenant_id: TENANT, panic_epoch: 3, iat: 1, nonce: NONCE } as const;
  const resume = signRecord('resume', { ...said, by: ['UADA', 'UABE'] }, key);
  put(tenantKind, tenantRef(TENANT), tenantState({ panicEpoch: 3, resume: encodeSigned(resume) }));
  const ports = corePorts({
    log,
    agents: {} as never,
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    bundle: testBundle,
    clock: fakeClock(),
    logger: fakeLogger().logger,
    onChange: () => () => undefined,
  });
  return { resume, told: (await ports.tenantPause(TENANT)).resume };
}

test('the end of a pause is handed on as it was signed while its key counts', async () => {
  const { resume, told } = await endedBy(testKey(2));
  expect(told).toEqual(resume);
});

test('the end of a pause whose key counts no more says the same, by the key that signs now', async () => {
  const { resume, told } = await endedBy(keyFrom('earlier'));
  if (told === null) throw new Error('Nothing was told.');
  const keyOf = (keyId: string) => (keyId === testKey(2).keyId ? publicOf(testKey(2)) : undefined);
  expect(openSigned('resume', told, keyOf)).toMatchObject({ ok: true });
  expect(Buffer.from(told.payload)).toEqual(Buffer.from(resume.payload));
});
