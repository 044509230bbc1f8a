/** One workspace, one agent and one run over a real log, with what gateways and workers do to it. */
import { corePorts } from '../../handlers/grpc/core-ports.ts';
import type { Connection, GatewayPorts, Hello, Report } from '../../handlers/grpc/ports.ts';
import { type Change, openLog, TENANT_STREAM } from '../../src/audit/log.ts';
import type { LogStore } from '../../src/audit/store.ts';
import { runRef } from '../../src/audit/streams.ts';
import {
  type AgentId,
  type RunId,
  runId,
  type StepId,
  type TenantId,
  tenantId,
} from '../../src/protocol/ids.ts';
import { decodeSigned, type Envelope, parseRecord } from '../../src/protocol/index.ts';
import { runKind } from '../../src/run/kind.ts';
import type { Plan, RunCommand, RunState, StepState } from '../../src/run/run.ts';
import {
  type Act,
  actOnRun,
  advanceRun,
  approveStep,
  type RunDeps,
  resumeRun,
  settleStep,
} from '../../src/run/service.ts';
import { type TenantCommand, tenantKind } from '../../src/tenant/tenant.ts';
import { NONCE } from '../agent/world.ts';
import type { MemoryAgents } from '../simulation/memory-store.ts';
import {
  ABE,
  ADA,
  ALICE,
  admin,
  BOB,
  buildPlan,
  CHANNEL,
  command,
  member,
  type PlanSpec,
  RECORD,
  S1,
} from './builders.ts';
import {
  fakeDirectory,
  fakeLogger,
  fakeRandom,
  fakeScanner,
  openKeys,
  testBundle,
  testKey,
} from './fakes.ts';

const PEOPLE = [member(ALICE), member(BOB), admin(ADA), admin(ABE)];

/** What the parts of the system share. */
export interface Ground {
  readonly store: LogStore;
  readonly agents: MemoryAgents;
  readonly clock: { now(): number };
  /** Who signs, and which keys agents believe; those of the fakes when there are none. */
  readonly keys?: Pick<RunDeps, 'dispatchKey' | 'approveKey' | 'bundle'>;
  /** Told after each commit. */
  readonly committed?: (change: Change) => void;
  readonly onChange?: GatewayPorts['onChange'];
}

const FAKE_KEYS = { dispatchKey: testKey(1), approveKey: testKey(2), bundle: testBundle };

let count = 0;
/** Ids that no other test of the file has. */
export const freshTenant = (): TenantId => tenantId(`T${++count}`);

/** One process of ours: its own log and services, over the database that all share. */
export function processOn({
  store,
  agents,
  clock,
  keys = FAKE_KEYS,
  committed = () => undefined,
  onChange = () => () => undefined,
}: Ground) {
  const random = fakeRandom();
  const log = openLog({ store, keys: openKeys, clock, random, committed });
  let ids = 0;
  const own = ++count;
  const deps: RunDeps = {
    log,
    directory: fakeDirectory(PEOPLE, { members: 2, admins: 1 }),
    registry: agents,
    scanner: fakeScanner,
    ...keys,
    trust: 'copilot',
    newId: () => `P${own}-${++ids}`,
    nonce: () => Buffer.from(random.bytes(16)).toString('base64url'),
  };
  const { logger, lines } = fakeLogger();
  const ports = corePorts({ log, agents, ...keys, clock, logger, onChange });
  return { log, deps, ports, lines };
}

export type Process = ReturnType<typeof processOn>;

/** Where the agent says that its journal stands, in its hello. */
export type Stand = Partial<Pick<Hello, 'seqMark' | 'leaseEpoch' | 'agentEpoch'>>;

/** A run of one agent, and what people, workers and gateways can do to it through one process. */
export function runOn(
  { log, deps, ports }: Process,
  tenant: TenantId,
  agent: AgentId,
  run: RunId = runId('R1'),
) {
  const ref = runRef(tenant, run);
  const transact = (asked: RunCommand | ((state: RunState) => RunCommand)) =>
    log.transact(runKind, ref, asked);
  const ofTenant = (asked: TenantCommand) =>
    log.transact(tenantKind, { tenant, stream: TENANT_STREAM }, asked);
  const load = async (): Promise<RunState> => {
    const found = await log.load(runKind, ref);
    if (!found) throw new Error('There is no such run.');
    return found.state;
  };
  const step = async (id: StepId = S1): Promise<StepState> => {
    const found = (await load()).steps.find((candidate) => candidate.id === id);
    if (!found) throw new Error('There is no such step.');
    return found;
  };
  const place = { channel: CHANNEL, threadTs: null };
  return {
    tenant,
    agent,
    run,
    load,
    step,
    transact,
    start: (spec: PlanSpec = {}, overrides: Partial<Plan> = {}) =>
      transact(
        command.start({
          ...buildPlan(spec),
          tenantId: tenant,
          runId: run,
          agentId: agent,
          agentEpoch: 1,
          ...overrides,
        }),
      ),
    approve: async (id: StepId = S1, by = BOB) => {
      const { job } = await step(id);
      const shown = job?.execSha256 ?? '';
      return approveStep(deps, { tenant, run, step: id, by, shown, typed: job?.confirm ?? null });
    },
    advance: () => advanceRun(deps, tenant, run),
    act: (act: Act, by = BOB) => actOnRun(deps, tenant, run, by, act),
    resume: () => resumeRun(deps, tenant, run, ADA, 'resume'),
    settle: async (choice: 'succeeded' | 'failed' | 'rerun', id: StepId = S1) => {
      const { attempt } = await step(id);
      return settleStep(deps, { tenant, run, step: id, by: BOB, attempt, choice, reason: 'I looked.' });
    },
    panic: () => ofTenant({ type: 'pause', by: member(BOB), way: 'command', place }),
    calm: () =>
      ofTenant({
        type: 'resume',
        by: admin(ADA),
        typed: 'resume',
        census: { members: 2, admins: 1 },
        record: RECORD,
      }),
    ofTenant,
    connect: async (stand: Stand = {}): Promise<Connection> => {
      const connecting = await ports.connect(agent, helloOf(tenant, agent, stand));
      if (!connecting.ok) throw new Error(connecting.sentence);
      return connecting.connection;
    },
    /** The envelope that is on record for a step. */
    envelope: async (id: StepId = S1): Promise<Envelope> => {
      const parsed = parseRecord('job', decodeSigned((await step(id)).dispatch?.envelope).payload);
      if (!parsed.ok) throw new Error(parsed.sentence);
      return parsed.record;
    },
    /** What the agent says of an envelope of the first step's first attempt. */
    sayOf: (envelopeId: string, said: object, leaseEpoch: number) =>
      ports.record(agent, { runId: run, stepId: S1, attempt: 1, envelopeId, ...said } as Report, leaseEpoch),
    /** What the agent says of the envelope that is on record. */
    say: async (said: object, leaseEpoch: number, id: StepId = S1) => {
      const { attempt, dispatch } = await step(id);
      const about = { runId: run, stepId: id, attempt, envelopeId: dispatch?.envelopeId ?? 'E0' };
      await ports.record(agent, { ...about, ...said } as Report, leaseEpoch);
    },
  };
}

export type Run = ReturnType<typeof runOn>;

export function helloOf(tenant: TenantId, agent: AgentId, stand: Stand = {}): Hello {
  return {
    v: 1,
    typ: 'hello',
    agentId: agent,
    tenantId: tenant,
    agentEpoch: 1,
    nonce: NONCE,
    leaseNonce: NONCE,
    seqMark: 0,
    leaseEpoch: 0,
    bundleVersion: 1,
    journalHead: '',
    panicEpoch: 0,
    paused: false,
    pausedBecause: '',
    policySha256: '',
    rulesetVersion: '1',
    rulesetSha256: 'a'.repeat(64),
    version: '1',
    hostName: 'host',
    profiles: [{ name: 'default', digest: 'b'.repeat(64) }],
    ...stand,
  };
}
