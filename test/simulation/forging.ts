import { stepId, userId } from '../../src/protocol/ids.ts';
import {
  type Envelope,
  encodeSigned,
  execSha256,
  idemKey,
  type RecordInput,
  type Signer,
  signRecord,
  toBase64url,
} from '../../src/protocol/index.ts';
import type { Risk } from '../../src/safety/verdict.ts';
import type { Chance } from './chance.ts';
import { COMMANDS } from './runbooks.ts';

/** What anybody knows of an agent's counters who hears all that is said to it. */
export interface Counters {
  seq: number;
  leaseEpoch: number;
  panicEpoch: number;
}

/** What can be made of a job by somebody with the dispatch key: each is refused by another check of the agent. */
export type Forgery =
  | 'another command'
  | 'called safe'
  | 'once more'
  | 'approved by nobody'
  /** The same in another envelope. */
  | 'as it was';

/** What there is to gain from a job that nobody was asked for, and from one that somebody has approved. */
export const FORGERIES = {
  unasked: ['another command', 'called safe', 'once more', 'once more'],
  approved: ['another command', 'called safe', 'once more', 'approved by nobody'],
} as const satisfies Record<string, readonly Forgery[]>;

/** An envelope lives this long when its forger is as careful as the service (ms). */
const LIFE_MS = 60_000;

/** Makes other jobs of those that were heard, with all that there is on the lines and the stolen dispatch key. */
export class Forger {
  readonly #chance: Chance;
  /** True time, in ms since 1970. */
  readonly #now: () => number;
  readonly #dispatchKey: Signer;
  readonly #approveKeyId: string;

  constructor(chance: Chance, now: () => number, dispatchKey: Signer, approveKeyId: string) {
    this.#chance = chance;
    this.#now = now;
    this.#dispatchKey = dispatchKey;
    this.#approveKeyId = approveKeyId;
  }

  /** The job in another envelope that fits the agent's counters as they stand: newest by its order, just signed. */
  forge(forgery: Forgery, heard: Envelope, counters: Counters): RecordInput<'job'> {
    const iat = this.#now();
    counters.seq += 1;
    const fresh: Envelope = {
      ...heard,
      envelope_id: `forged-${toBase64url(this.#chance.bytes(6))}`,
      nonce: toBase64url(this.#chance.bytes(16)),
      seq: counters.seq,
      lease_epoch: counters.leaseEpoch,
      panic_epoch: counters.panicEpoch,
      iat,
      exp: iat + LIFE_MS,
    };
    const changed = this.#change(forgery, fresh);
    return { ...changed, idem_key: idemKey(changed) };
  }

  /** An end of this pause that no approval key has signed. */
  resume(tenant: string, panicEpoch: number): RecordInput<'resume'> {
    return {
      v: 1,
      typ: 'resume',
      tenant_id: tenant,
      panic_epoch: panicEpoch,
      by: ['UALICE'],
      iat: this.#now(),
      nonce: toBase64url(this.#chance.bytes(16)),
    };
  }

  /** Signs under the name of the approval key, which is not his. */
  get falseApproveKey(): Signer {
    return { keyId: this.#approveKeyId, sign: (bytes) => this.#dispatchKey.sign(bytes) };
  }

  #change(forgery: Forgery, fresh: Envelope): Envelope {
    const { authority, verdict, attempt } = fresh;
    const env = { ...fresh.exec.env, DD0C_STEP: 'forged', DD0C_ATTEMPT: '1' };
    const unplanned = { ...fresh, step_id: stepId('forged'), attempt: 1, exec: { ...fresh.exec, env } };
    switch (forgery) {
      case 'another command':
        return withCommand(fresh, authority.rule === 'auto' ? 'danger' : verdict.risk);
      case 'called safe': {
        const unasked = { ...authority, rule: 'auto' as const, approvals: [] };
        return {
          ...withCommand(unplanned, 'danger'),
          verdict: { ...verdict, risk: 'safe' },
          authority: unasked,
        };
      }
      case 'once more':
        return { ...fresh, attempt: attempt + 1 };
      case 'approved by nobody':
        return this.#approved(withCommand(unplanned, 'danger'));
      case 'as it was':
        return fresh;
    }
  }

  #approved(envelope: Envelope): Envelope {
    const { authority, exec, verdict } = envelope;
    const iat = this.#now();
    const approval: RecordInput<'approval'> = {
      v: 1,
      typ: 'approval',
      approval_id: `forged-${toBase64url(this.#chance.bytes(6))}`,
      tenant_id: envelope.tenant_id,
      run_id: envelope.run_id,
      run_rev: envelope.run_rev,
      step_id: envelope.step_id,
      attempt: envelope.attempt,
      after: '',
      exec_sha256: execSha256(exec),
      risk: verdict.risk,
      agent_id: envelope.agent_id,
      agent_epoch: envelope.agent_epoch,
      profile: envelope.profile,
      decision: 'approve',
      approver: userId('UMALLORY'),
      requester: authority.requester,
      forced: '',
      displayed_sha256: execSha256(exec),
      iat,
      start_by: iat + LIFE_MS,
      nonce: toBase64url(this.#chance.bytes(16)),
    };
    const signed = encodeSigned(signRecord('approval', approval, this.falseApproveKey));
    return { ...envelope, authority: { ...authority, rule: 'other-than-requester', approvals: [signed] } };
  }
}

/** Another command of this risk, and called so. */
function withCommand(envelope: Envelope, risk: Risk): Envelope {
  const command_b64 = Buffer.from(`${COMMANDS[risk]} everything`).toString('base64url');
  const { cwd, env } = envelope.exec;
  return {
    ...envelope,
    exec: { mode: 'bash', command_b64, cwd, env },
    verdict: { ...envelope.verdict, risk },
  };
}
