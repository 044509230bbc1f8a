import type { ToAgent } from '../../src/protocol/generated/agent.ts';
import {
  canonicalBytes,
  type Envelope,
  type RecordInput,
  type Signer,
  signRecord,
  toBase64url,
} from '../../src/protocol/index.ts';
import type { Chance } from './chance.ts';
import type { Keys } from './keys.ts';
import type { Connection } from './network.ts';
import type { Surroundings } from './program.ts';
import type { Swarm } from './swarm.ts';

/** A message with its kind, as it goes to an agent. */
type Job = Extract<NonNullable<ToAgent['kind']>, { $case: 'job' }>['value'];

const FORGED = Buffer.from('drop everything').toString('base64url');
const HARMLESS = Buffer.from('show everything').toString('base64url');

/** Somebody who sits on the lines, and may have stolen the dispatch key: never the approval key, nor the root. */
export class Mallory {
  readonly #chance: Chance;
  readonly #around: Surroundings;
  readonly #how: Swarm['mallory'];
  readonly #tenant: string;
  readonly #stolen: Signer;
  readonly #approveKeyId: string;
  readonly #heard: ToAgent[] = [];

  constructor(chance: Chance, around: Surroundings, tenant: string, how: Swarm['mallory'], keys: Keys) {
    this.#chance = chance;
    this.#around = around;
    this.#tenant = tenant;
    this.#how = how;
    this.#stolen = keys.dispatchKey;
    this.#approveKeyId = keys.approveKey.keyId;
  }

  /** Hears a message, and says what comes to mind. False when it goes no further. */
  letsPass(connection: Connection, message: ToAgent): boolean {
    const { repeats, changes, forges } = this.#how;
    this.#heard.push(message);
    if (this.#chance.happens(repeats)) this.#say(connection, this.#chance.pick(this.#heard), 'again');
    switch (message.kind?.$case) {
      case 'pause':
        if (this.#chance.happens(changes))
          this.#say(connection, this.#resume(message.kind.value.panicEpoch), 'forged');
        return true;
      case 'job': {
        const job = message.kind.value;
        const forged = this.#chance.happens(forges) ? this.#forged(job) : null;
        const changed = this.#chance.happens(changes) ? this.#changed(job) : null;
        if (forged) this.#say(connection, jobOf(forged), 'forged');
        if (changed) this.#say(connection, jobOf(changed), 'changed');
        return (!forged && !changed) || this.#chance.happens(0.5);
      }
      default:
        return true;
    }
  }

  #say(connection: Connection, message: ToAgent, how: string): void {
    this.#around.timeline.after(this.#chance.wait(this.#chance.pick([1, 1_000, 20_000])), () => {
      this.#around.note('mallory', `says ${message.kind?.$case} ${how} to ${connection.agentId}`);
      connection.atGateway.send(message);
    });
  }

  /** Another command, or another place in the order, under the signature that was there. */
  #changed(job: Job): Job {
    const envelope: Envelope = JSON.parse(job.payload.toString());
    const harmless = { ...envelope, exec: { ...envelope.exec, command_b64: HARMLESS } };
    const changed = this.#chance.happens(0.5) ? harmless : this.#variant(envelope, 3);
    return { ...job, payload: Buffer.from(canonicalBytes(changed)) };
  }

  /** The same, signed with the stolen key. */
  #forged(job: Job): Job {
    const envelope: Envelope = JSON.parse(job.payload.toString());
    const { keyId, payload, sig } = signRecord('job', this.#variant(envelope, 2), this.#stolen);
    return { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) };
  }

  /** An end of this pause that nobody has signed. */
  #resume(panicEpoch: number): ToAgent {
    const record = {
      v: 1 as const,
      typ: 'resume' as const,
      tenant_id: this.#tenant,
      panic_epoch: panicEpoch,
      by: ['UALICE'],
      iat: 0,
      nonce: toBase64url(this.#chance.bytes(16)),
    } satisfies RecordInput<'resume'>;
    const { keyId, payload, sig } = signRecord('resume', record, {
      keyId: this.#approveKeyId,
      sign: (bytes) => this.#stolen.sign(bytes),
    });
    return {
      kind: { $case: 'resume', value: { keyId, payload: Buffer.from(payload), sig: Buffer.from(sig) } },
    };
  }

  /** Something else in the place of what was approved; the last variant is the same in another envelope, which only the signature tells. */
  #variant(envelope: Envelope, most: 2 | 3): RecordInput<'job'> {
    const fresh = {
      ...envelope,
      envelope_id: `forged-${toBase64url(this.#chance.bytes(6))}`,
      seq: envelope.seq + this.#chance.int(1, 5),
    };
    const exec = { ...envelope.exec, mode: 'bash' as const, command_b64: FORGED };
    switch (this.#chance.int(0, most)) {
      case 0:
        return { ...fresh, exec };
      case 1:
        return {
          ...fresh,
          exec,
          verdict: { ...envelope.verdict, risk: 'safe' },
          authority: { ...envelope.authority, rule: 'auto', approvals: [] },
        };
      case 2:
        return { ...fresh, attempt: envelope.attempt + 1 };
      default:
        return fresh;
    }
  }
}

const jobOf = (value: Job): ToAgent => ({ kind: { $case: 'job', value } });
