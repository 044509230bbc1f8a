import { createHash } from 'node:crypto';
import type { Bench } from '../../agent/checks.ts';
import type { Asked } from '../../agent/lease.ts';
import { type Policy, readPolicy } from '../../agent/policy.ts';
import type { HeldLease } from '../../agent/state.ts';
import { type AgentState, initialState } from '../../agent/state.ts';
import { agentId, tenantId } from '../../src/protocol/ids.ts';
import {
  canonicalBytes,
  type Exec,
  encodeSigned,
  execSha256,
  generateKey,
  loadVerifyKey,
  MAX_BUNDLE_LIFE_MS,
  openTrust,
  type RecordInput,
  type Signed,
  type SigningKey,
  sha256Hex,
  signRecord,
  type Trust,
  toBase64url,
  type VerifyKey,
} from '../../src/protocol/index.ts';
import type { Risk, Verdict } from '../../src/safety/verdict.ts';

/** A fixed time for every test: 2026-01-01T00:00:00Z in ms, and what the monotonic clock says then. */
export const T0 = 1_767_225_600_000;
export const M0 = 1_000_000;
export const HASH = 'a'.repeat(64);
export const NONCE = toBase64url(new Uint8Array(16).fill(7));

/** The same name always gives the same key. */
export function keyFrom(name: string): SigningKey {
  return generateKey(() => createHash('sha256').update(name).digest());
}

/** The public half of a key. */
export function publicOf(key: SigningKey): VerifyKey {
  const loaded = loadVerifyKey(key.publicKey);
  if (!loaded.ok) throw new Error(loaded.sentence);
  return loaded.key;
}

export const rootKey = keyFrom('root');
export const dispatchKey = keyFrom('dispatch');
export const approveKey = keyFrom('approve');
export const agentKey = keyFrom('agent');
export const root = publicOf(rootKey);

export const roleKey = (key: SigningKey) => ({ key_id: key.keyId, public_key: key.publicKey });

/** A trust bundle; it lives as long as a bundle may. */
export function bundleWith(overrides: Partial<RecordInput<'bundle'>> = {}, key = rootKey): Signed {
  const iat = overrides.iat ?? T0;
  const roles = { dispatch: [roleKey(dispatchKey)], approve: [roleKey(approveKey)], revoked: [] };
  const life = { version: 1, iat, exp: iat + MAX_BUNDLE_LIFE_MS };
  return signRecord('bundle', { v: 1, typ: 'bundle', ...life, ...roles, ...overrides }, key);
}

export const bundle = bundleWith();
export const trust = trustOf(bundle);

export function trustOf(signed: Signed): Trust {
  const opened = openTrust(signed, root);
  if (!opened.ok) throw new Error(opened.sentence);
  return opened.trust;
}

/** What an agent asked for a lease at M0. */
export const asked: Asked = { nonce: NONCE, at: M0 };

/** A lease in answer to `asked`, made at T0. */
export function leaseWith(overrides: Partial<RecordInput<'lease'>> = {}, key = dispatchKey): Signed {
  const to = { tenant_id: 'T1', agent_id: 'agent-1', agent_epoch: 1, lease_epoch: 1, nonce: NONCE };
  const says = { now: T0, ttl_ms: 10_000, panic_epoch: 0, bundle_version: 1, seq_mark: 0 };
  return signRecord('lease', { v: 1, typ: 'lease', ...to, ...says, ...overrides }, key);
}

/** What an agent holds of such a lease. */
export function held(overrides: Partial<HeldLease> = {}): HeldLease {
  return { until: M0 + 10_000, bundleVersion: 1, heardAt: M0, wallAt: T0, drift: 0, ...overrides };
}

export function policyOf(text: string | null = null): Policy {
  return readPolicy({ text, home: '/home/agent', readEnvFile: () => 'TOKEN=planted-secret-value\n' });
}

const identity = { agentId: agentId('agent-1'), tenantId: tenantId('T1'), agentEpoch: 1 };

/** An agent in its first connection, with a lease that it heard at M0. */
export function stateWith(overrides: Partial<AgentState> = {}): AgentState {
  const fresh = initialState(identity, root, trust, policyOf());
  return { ...fresh, connected: true, lease: held(), leaseEpoch: 1, ...overrides };
}

/** An agent that was enrolled at `now` and has journaled nothing: what a real one starts with. */
export function enrolledAt(now: number, policy: Policy = policyOf()): AgentState {
  return initialState(identity, root, trustOf(bundleWith({ iat: now })), policy);
}

export function verdictOf(risk: Risk): Verdict {
  return {
    risk,
    reasons: [{ rule: 'test', risk, sentence: 'As the test says.' }],
    traits: [],
    rulesetVersion: '1',
    rulesetSha256: HASH,
  };
}

/** What an envelope says of its command: judged by the rules that `verdictOf` judges by. */
export function judged(risk: Risk): RecordInput<'job'>['verdict'] {
  return { risk, ruleset_version: '1', ruleset_sha256: HASH };
}

/** A host on which everything is there, and a scanner that finds everything safe. */
export function benchWith(overrides: Partial<Bench> = {}): Bench & { readonly rulesetSha256: string } {
  return {
    state: stateWith(),
    now: T0,
    mono: M0,
    host: { isDirectory: () => true, isExecutable: () => true },
    classify: () => verdictOf('safe'),
    rulesetSha256: HASH,
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
    step_kind: 'forward',
    attempt: 1,
    idem_key: HASH,
    seq: 1,
    lease_epoch: 1,
    panic_epoch: 0,
    nonce: NONCE,
    iat: T0,
    exp: T0 + 300_000,
    exec: bash('echo hello'),
    limits: { timeout_ms: 10_000, kill_grace_ms: 200, output_head_bytes: 4096, output_tail_bytes: 4096 },
    verdict: judged('safe'),
    profile: { name: 'default', digest: policyOf().profiles.get('default')?.digest ?? '' },
    authority: { requester: 'U1', rule: 'auto', approvals: [], declarations: [] },
    flags: { used: [] },
    ...overrides,
  };
  return { ...job, idem_key: overrides.idem_key ?? idemOf(job) };
}

export function idemOf(job: Job): string {
  return sha256Hex(canonicalBytes([job.tenant_id, job.agent_id, job.run_id, job.step_id, job.attempt]));
}

/** A declaration of these programs for exactly this job. */
export function declarationFor(
  job: Job,
  names: readonly string[],
  overrides: Partial<RecordInput<'declaration'>> = {},
  key: SigningKey = approveKey,
): Signed {
  return signRecord(
    'declaration',
    {
      v: 1,
      typ: 'declaration',
      tenant_id: job.tenant_id,
      agent_id: job.agent_id,
      agent_epoch: job.agent_epoch,
      run_id: job.run_id,
      step_id: job.step_id,
      attempt: job.attempt,
      exec_sha256: execSha256(job.exec),
      version: 1,
      programs: names.map((name) => ({ name, by: ['U1', 'U2'], forced: '' })),
      iat: job.iat,
      exp: job.exp,
      nonce: NONCE,
      ...overrides,
    },
    key,
  );
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
      attempt: job.attempt,
      after: job.attempt === 1 ? '' : 'unknown',
      exec_sha256: execSha256(job.exec),
      risk: job.verdict.risk,
      agent_id: job.agent_id,
      agent_epoch: job.agent_epoch,
      profile: job.profile,
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
  return { ...job, authority: { ...job.authority, rule, approvals: approvals.map(encodeSigned) } };
}

/** A job of this risk, with an approval by another person. */
export function riskyJob(risk: Risk, overrides: Partial<Job> = {}, approval: Partial<Approval> = {}): Job {
  const job = jobWith({ verdict: judged(risk), ...overrides });
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
