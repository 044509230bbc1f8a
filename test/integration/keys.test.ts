/** Keys change under a server, a worker and an agent that run: over real gRPC and Postgres, in this process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from '../../agent/agent.ts';
import { systemClock as agentClock } from '../../agent/clock.ts';
import { enrol, openEnrolment } from '../../agent/enrol.ts';
import { realHost } from '../../agent/host.ts';
import { openJournal } from '../../agent/journal-file.ts';
import { connectClient, Link } from '../../agent/link.ts';
import { initialState } from '../../agent/state.ts';
import { run } from '../../agent/supervisor.ts';
import { selfSigned, type TlsPair } from '../../handlers/grpc/tls.ts';
import { runRef } from '../../src/audit/streams.ts';
import { type Running, type Server, startServer, startWorker } from '../../src/main.ts';
import { systemClock, systemRandom } from '../../src/platform/clock.ts';
import { KeyFolder } from '../../src/platform/key-folder.ts';
import { openKeyFolder } from '../../src/platform/keys.ts';
import { type AgentId, type RunId, runId } from '../../src/protocol/ids.ts';
import { generateKey, type KeyRole } from '../../src/protocol/index.ts';
import { runKind } from '../../src/run/kind.ts';
import type { RunState } from '../../src/run/run.ts';
import { actOnRun, approveStep, findRun, settleStep } from '../../src/run/service.ts';
import { classify, RULESET_SHA256, RULESET_VERSION } from '../../src/safety/index.ts';
import { openSystem, type System } from '../../src/system.ts';
import { pauseTenant, resumeTenant } from '../../src/tenant/service.ts';
import { policyOf } from '../agent/world.ts';
import { admin, BOB, buildPlan, command, hashOf, member, S1, S2, S3, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { fakeDirectory, fakeLogger } from '../support/fakes.ts';

let tls: TlsPair;
let database: TestDatabase;
let folder: string;
let system: System;
let server: Server;
let worker: Running;
const policy = policyOf('max_running: 8');
const directory = fakeDirectory([member(BOB), admin()], { members: 2, admins: 1 });

beforeAll(async () => {
  tls = await selfSigned(['127.0.0.1'], Date.now());
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'dd0c-rotation-'));
  const { logger } = fakeLogger();
  system = await openSystem({
    databaseUrl: database.appUrl,
    queues: { kind: 'postgres', url: database.appUrl },
    ...openKeyFolder(join(folder, 'keys'), systemRandom, systemClock, logger),
    trust: 'copilot',
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  await system.log.open(TENANT);
  const anywhere = { host: '127.0.0.1', port: 0 };
  server = await startServer(system, { http: anywhere, slack: {}, gateway: { ...anywhere, tls } });
  worker = await startWorker(system, {});
}, 60_000);

afterAll(async () => {
  await server.close();
  await worker.close();
  await system.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** One agent on one host; its program can be ended and started again. */
interface Host {
  readonly id: AgentId;
  start(): void;
  stop(): Promise<void>;
  /** What its program has written to its log. */
  said(): string;
}

const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

/** Enrols a new agent, or once more one that is there, and starts its program. */
async function newHost(again?: AgentId): Promise<Host> {
  const path = mkdtempSync(join(folder, 'agent-'));
  const signer = generateKey(systemRandom.bytes);
  const address = `127.0.0.1:${server.gatewayPort}`;
  const introduction = { ...(await system.invite(TENANT)), token: await system.agents.invite(TENANT, again) };
  const invite = { address, ca_pem: tls.certPem, ...introduction };
  const { identity, root, trust } = openEnrolment(await enrol(invite, signer.publicKey, 'host', Date.now()));
  const { logger, lines } = fakeLogger();
  let agent: Agent | null = null;
  const host: Host = {
    id: identity.agentId,
    start() {
      const link = {
        client: () => connectClient(address, tls.certPem),
        agentId: identity.agentId,
        signer,
        clock: agentClock,
        random: Math.random,
        nonce: () => Buffer.from(systemRandom.bytes(16)).toString('base64url'),
      };
      agent = new Agent({
        initial: initialState(identity, root, trust, policy),
        journal: openJournal(join(path, 'journal'), undefined, 1024 * 1024),
        connect: (events) => new Link(link, events),
        run,
        clock: agentClock,
        host: realHost,
        hostName: 'host',
        scanner: { classify, version: RULESET_VERSION, sha256: RULESET_SHA256 },
        logger,
      });
    },
    async stop() {
      await agent?.drain();
      agent = null;
    },
    said: () => JSON.stringify(lines),
  };
  host.start();
  hosts.push(host);
  await isConnected(host, true);
  return host;
}

const isConnected = (host: Host, wanted: boolean) =>
  eventually(
    async () => (await system.agents.agentsOf(TENANT)).find(({ agentId: id }) => id === host.id)?.online,
    (online) => online === wanted,
  );

/** A running step waits until somebody writes to its pipe. */
class Gate {
  readonly path = join(mkdtempSync(join(folder, 'gate-')), 'pipe');
  constructor() {
    execFileSync('mkfifo', [this.path]);
  }
  open(): void {
    writeFileSync(this.path, 'open');
  }
}

let count = 0;

/** Starts a run of these commands on the host. */
async function startOn(host: Host, ...commands: readonly string[]): Promise<RunId> {
  const id = runId(`RUN${++count}`);
  const digest = policy.profiles.get('default')?.digest ?? '';
  const profile = { name: 'default', digest };
  const steps = commands.map((text) => ({ command: text }));
  const agentEpoch = (await system.agents.find(host.id))?.agentEpoch ?? 0;
  const plan = { ...buildPlan({ steps }), runId: id, agentId: host.id, agentEpoch, profile };
  const started = await system.log.transact(runKind, runRef(TENANT, id), command.start(plan));
  if (!started.ok) throw new Error(started.refusal.sentence);
  return id;
}

const deps = () => ({ ...system.core, directory });

async function runOf(id: RunId): Promise<RunState> {
  const state = await findRun(system.log, TENANT, id);
  if (!state) throw new Error(`There is no run ${id}.`);
  return state;
}

const becomes = (id: RunId, step: number, status: string) =>
  eventually(
    () => runOf(id),
    ({ steps }) => steps[step]?.status === status,
    10_000,
    `step ${step + 1} of ${id} to be ${status}`,
  );

/** Bob approves what the run asks for. */
async function approve(id: RunId, step = S1): Promise<void> {
  const at = Number(step.slice(1)) - 1;
  const state = await becomes(id, at, 'awaiting-approval');
  const outcome = await approveStep(deps(), {
    tenant: TENANT,
    run: id,
    step,
    by: BOB,
    shown: hashOf(state, step),
    typed: null,
  });
  if (!outcome.ok) throw new Error(outcome.refusal.sentence);
}

const keys = () => new KeyFolder(join(folder, 'keys'));
const rotate = (role: KeyRole) => keys().rotate(keys().loadRoot(), role, systemRandom, Date.now());
const revoke = (keyId: string) => keys().revoke(keys().loadRoot(), keyId, systemRandom, Date.now());
const signing = (role: KeyRole) => keys().signer(keys().newest().ring, role).keyId;
/** Resolves when every process here has taken up the newest bundle, which takes a second at most. */
const isTakenUp = () =>
  eventually(
    () => system.options.bundle().version,
    (version) => version === keys().newest().version,
    2_000,
  );
/** Which keys signed the newest envelope of a step, and its approval. */
const signedBy = (state: RunState, step: number) => ({
  dispatch: state.steps[step]?.dispatch?.envelope.keyId,
  approve: state.steps[step]?.approval?.record?.keyId,
});

describe('a rotation', () => {
  test('under load stops nothing: every run ends well, and the last steps are signed by the new keys', async () => {
    const host = await newHost();
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => startOn(host, 'echo one', 'echo two', 'echo three')),
    );
    for (const step of [0, 1, 2]) {
      if (step > 0) for (const role of ['approve', 'dispatch'] as const) expect(rotate(role).ok).toBe(true);
      await Promise.all(runs.map((id) => approve(id, [S1, S2, S3][step])));
    }
    for (const id of runs) {
      const { status, steps } = await eventually(
        () => runOf(id),
        ({ status }) => status !== 'running',
      );
      expect([status, steps.map(({ attempt }) => attempt)]).toEqual(['succeeded', [1, 1, 1]]);
    }
    await isTakenUp();
    const last = await startOn(host, 'echo last');
    await approve(last);
    const state = await becomes(last, 0, 'succeeded');
    expect(signedBy(state, 0)).toEqual({ dispatch: signing('dispatch'), approve: signing('approve') });
  }, 40_000);

  test('reaches an agent that was away when it comes back, with a lease by the new key', async () => {
    const host = await newHost();
    await host.stop();
    expect([revoke(signing('dispatch')).ok, revoke(signing('approve')).ok]).toEqual([true, true]);
    await isTakenUp();
    host.start();
    const id = await startOn(host, 'echo back');
    await approve(id);
    await becomes(id, 0, 'succeeded');
  }, 30_000);
});

describe('a revocation', () => {
  test('lets finish what runs; the agent hears of it within 5 s, and what starts next is by the new key', async () => {
    const host = await newHost();
    const gate = new Gate();
    const id = await startOn(host, `cat ${gate.path}`, 'echo after');
    await approve(id);
    await becomes(id, 0, 'running');
    const old = signing('dispatch');
    expect(revoke(old).ok).toBe(true);
    const { version } = keys().newest();
    await eventually(host.said, (said) => said.includes(`Trusts the keys of bundle ${version}.`), 5_000);
    gate.open();
    await becomes(id, 0, 'succeeded');
    await approve(id, S2);
    const { dispatch } = signedBy(await becomes(id, 1, 'succeeded'), 1);
    expect(dispatch).not.toBe(old);
    expect(dispatch).toBe(signing('dispatch'));
  }, 30_000);

  test('voids an approval that was not used yet, says so, and asks again', async () => {
    const host = await newHost();
    const id = await startOn(host, 'echo void');
    await host.stop();
    await isConnected(host, false);
    await approve(id);
    const { approve: old = '' } = signedBy(await becomes(id, 0, 'approved'), 0);
    expect(revoke(old).ok).toBe(true);
    await isTakenUp();
    host.start();
    const stalled = await becomes(id, 0, 'stalled');
    expect(stalled.steps[0]).toMatchObject({ attempt: 0, trouble: expect.stringContaining('was revoked') });
    await actOnRun(deps(), TENANT, id, BOB, { type: 'ask-again', step: S1 });
    await approve(id);
    await becomes(id, 0, 'succeeded');
  }, 30_000);

  test('of the key that ended a pause keeps no agent paused that comes later', async () => {
    const tenantDeps = { ...deps(), log: system.log };
    const place = { channel: 'C1', threadTs: null };
    const paused = await pauseTenant(tenantDeps, { tenant: TENANT, by: BOB, way: 'command', place });
    expect(paused.ok).toBe(true);
    const resumed = await resumeTenant(tenantDeps, { tenant: TENANT, by: admin().user, typed: 'resume' });
    expect(resumed.ok).toBe(true);
    expect(revoke(signing('approve')).ok).toBe(true);
    await isTakenUp();
    const host = await newHost();
    const id = await startOn(host, 'echo later');
    await approve(id);
    await becomes(id, 0, 'succeeded');
  }, 30_000);
});

describe('an agent that enrols again while a step runs', () => {
  test('makes its outcome unknown, since the new journal proves nothing, and the old program is turned away', async () => {
    const before = await newHost();
    const gate = new Gate();
    const id = await startOn(before, `cat ${gate.path}`, 'echo after');
    await approve(id);
    await becomes(id, 0, 'running');
    const after = await newHost(before.id);
    expect(after.id).toBe(before.id);
    const halted = await becomes(id, 0, 'unknown');
    expect(halted.steps[0]).toMatchObject({ attempt: 1, trouble: expect.stringContaining('enrolled again') });
    gate.open();

    const ruling = { step: S1, attempt: 1, choice: 'succeeded', reason: 'Looked at the host.' } as const;
    await settleStep(deps(), { tenant: TENANT, run: id, by: BOB, ...ruling });
    await approve(id, S2);
    const stalled = await becomes(id, 1, 'stalled');
    expect(stalled.steps[1]).toMatchObject({ attempt: 0, trouble: expect.stringContaining('start it anew') });

    const anew = await startOn(after, 'echo anew');
    await approve(anew);
    await becomes(anew, 0, 'succeeded');
    await eventually(before.said, (said) => said.includes('UNAUTHENTICATED'));
  }, 40_000);
});
