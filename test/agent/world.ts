import { createHash } from 'node:crypto';
import type { Bench } from '../../agent/checks.ts';
import { type Policy, readPolicy } from '../../agent/policy.ts';
import { type AgentState, initialState } from '../../agent/state.ts';
import { agentId, tenantId } from '../../src/protocol/ids.ts';
import {
  canonicalBytes,
  type Exec,
  encodeSigned,
  execSha256,
  generateKey,
  openTrust,
  type RecordInput,
  type Signed,
  type SigningKey,
  sha256Hex,
  signRecord,
  toBase64url,
} from '../../src/protocol/index.ts';
import type { Risk, Verdict } from '../../src/safety/verdict.ts';

/** A fixed time for every test: 2026-01-01T00:00:00Z in ms. */
export const T0 = 1_767_225_600_000;
export const HASH = 'a'.repeat(64);
export const NONCE = toBase64url(new Uint8Array(16).fill(7));

/** The same name always gives the same key. */
export function keyFrom(name: string): SigningKey {
  return generateKey(() => createHash('sha256').update(name).digest());
}

export const dispatchKey = keyFrom('dispatch');
export const approveKey = keyFrom('approve');
export const agentKey = keyFrom('agent');

const roleKey = (key: SigningKey) => ({ key_id: key.keyId, public_key: key.publicKey });
export const bundle = { tenant_id: 'T1', dispatch: [roleKey(dispatchKey)], approve: [roleKey(approveKey)] };

const opened = openTrust(bundle);
if (!opened.ok) throw new Error(opened.sentence);
export const trust = opened.trust;

export function policyOf(text: string | null = null): Policy {
  return readPolicy({ text, home: '/home/agent', readEnvFile: () => 'TOKEN=planted-secret-value\n' });
}

export function stateWith(overrides: Partial<AgentState> = {}): AgentState {
  const identity = { agentId: agentId('agent-1'), tenantId: tenantId('T1'), agentEpoch: 1 };
  return { ...initialState(identity, trust, policyOf()), ...overrides };
}

export function verdictOf(risk: Risk): Verdict {
  return {
    risk,
    reasons: [{ rule: 'test', risk, sentence: 'As the test says.' }],
    traits: [],
    rulesetVersion: '1',
  };
}

/** A host on which everything is there, and a scanner that finds everything safe. */
export function benchWith(overrides: Partial<Bench> = {}): Bench {
  return {
    state: stateWith(),
    now: T0,
    host: { isDirectory: () => true, isExecutable: () => true },
    classify: () => verdictOf('safe'),
    ...overrides,
  };
}

export function bash(command: string, env: Record<string, string> = {}, cwd = '/'): Exec {
  return { mode: 'bash', command_b64: toBase64url(new TextEncoder().encode(command)), cwd, env };
}

type Job = RecordInput<'job'>;
type Approval = RecordInput<'approval'>;

/** An envelope that every check lets through; its idem key follows its fields unless it is given. */
export function jobWith(overrides: Partial<Job> = {}): Job {
  const job: Job = {
    v: 1,
    typ: 'job',
    envelope_id: 'envelope-1',
    tenant_id: 'T1',
    agent_id: 'agent-1',
    agent_epoch: 1,
    run_id: 'run-1',
    run_rev: 1,
    runbook_sha256: HASH,
    step_id: 's1',
    attempt: 1,
    idem_key: HASH,
    seq: 1,
    panic_epoch: 0,
    nonce: NONCE,
    iat: T0,
    exp: T0 + 300_000,
    exec: bash('echo hello'),
    limits: { timeout_ms: 10_000, kill_grace_ms: 200, output_head_bytes: 4096, output_tail_bytes: 4096 },
    verdict: { risk: 'safe', ruleset_version: '1' },
    profile: { name: 'default', digest: policyOf().profiles.get('default')?.digest ?? '' },
    authority: { requester: 'U1', rule: 'auto', approvals: [] },
    flags: { used: [] },
    ...overrides,
  };
  return { ...job, idem_key: overrides.idem_key ?? idemOf(job) };
}

export function idemOf(job: Job): string {
  return sha256Hex(canonicalBytes([job.tenant_id, job.agent_id, job.run_id, job.step_id, job.attempt]));
}

/** An approval of exactly this job by somebody who did not ask for it. */
export function approvalFor(
  job: Job,
  overrides: Partial<Approval> = {},
  key: SigningKey = approveKey,
): Signed {
  return signRecord(
    'approval',
    {
      v: 1,
      typ: 'approval',
      approval_id: 'approval-1',
      tenant_id: job.tenant_id,
      run_id: job.run_id,
      run_rev: job.run_rev,
      step_id: job.step_id,
      exec_sha256: execSha256(job.exec),
      risk: job.verdict.risk,
      agent_id: job.agent_id,
      decision: 'approve',
      approver: 'U2',
      requester: job.authority.requester,
      forced: '',
      displayed_sha256: HASH,
      iat: T0,
      start_by: T0 + 600_000,
      nonce: NONCE,
      ...overrides,
    },
    key,
  );
}

/** The job with these approvals, under this rule. */
export function approvedJob(
  job: Job,
  approvals: readonly Signed[] = [approvalFor(job)],
  rule: Job['authority']['rule'] = 'other-than-requester',
): Job {
  const { requester } = job.authority;
  return { ...job, authority: { requester, rule, approvals: approvals.map(encodeSigned) } };
}

/** A job of this risk, with an approval by another person. */
export function riskyJob(risk: Risk, overrides: Partial<Job> = {}, approval: Partial<Approval> = {}): Job {
  const job = jobWith({ verdict: { risk, ruleset_version: '1' }, ...overrides });
  return approvedJob(job, [approvalFor(job, approval)]);
}

export function signJob(job: Job, key: SigningKey = dispatchKey): Signed {
  return signRecord('job', job, key);
}

export function resumeOf(
  epoch: number,
  overrides: Partial<RecordInput<'resume'>> = {},
  key = approveKey,
): Signed {
  const record = {
    v: 1 as const,
    typ: 'resume' as const,
    tenant_id: 'T1',
    panic_epoch: epoch,
    by: ['U1'],
    iat: T0,
  };
  return signRecord('resume', { ...record, nonce: NONCE, ...overrides }, key);
}
