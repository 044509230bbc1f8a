import type { ToAgent } from '../../src/protocol/generated/agent.ts';
import {
  canonicalBytes,
  type Envelope,
  parseRecord,
  type Signed,
  signRecord,
} from '../../src/protocol/index.ts';
import type { Chance } from './chance.ts';
import { trueTime } from './clock.ts';
import { type Counters, FORGERIES, Forger, type Forgery } from './forging.ts';
import { type Keys, keyOf } from './keys.ts';
import type { Connection } from './network.ts';
import type { Surroundings } from './program.ts';
import type { Swarm } from './swarm.ts';

/** A message with its kind, as it goes to an agent. */
type Job = Extract<NonNullable<ToAgent['kind']>, { $case: 'job' }>['value'];

/** What he knows of one agent, from what was said to it. */
interface Victim {
  readonly agentId: string;
  readonly counters: Counters;
  /** By envelope id. */
  readonly jobs: Map<string, Envelope>;
  /** What has not reached it yet. */
  held: ToAgent[];
}

export interface MalloryOptions {
  readonly tenant: string;
  readonly how: Swarm['mallory'];
  /** Of these he has stolen the dispatch key, and only that one. */
  readonly keys: Keys;
  /** The connections that there are, oldest first. */
  readonly lines: () => Iterable<Connection>;
}

const OWN_KEY = keyOf('mallory');
/** Waits before something is said (ms, on average): at once, and when much has happened since. */
const SOON = [1, 50, 1_000];
const ANY_TIME = [1, 1_000, 20_000];
/** So long after its end an envelope comes too late for a clock that is right (ms). */
const TOO_LATE_MS = 31_000;

/**
 * Somebody who sits on the lines: says again what was said, there or elsewhere; holds a job back until other things have
 * been said; changes it; or makes new ones with the dispatch key. He has neither the approval key nor the root.
 */
export class Mallory {
  readonly #options: MalloryOptions;
  readonly #chance: Chance;
  readonly #around: Surroundings;
  readonly #forger: Forger;
  readonly #heard: ToAgent[] = [];
  readonly #victims = new Map<string, Victim>();

  constructor(options: MalloryOptions, chance: Chance, around: Surroundings) {
    const { dispatchKey, approveKey } = options.keys;
    this.#options = options;
    this.#chance = chance;
    this.#around = around;
    this.#forger = new Forger(chance, () => trueTime(around.timeline), dispatchKey, approveKey.keyId);
  }

  /** Hears a message, and says what comes to mind. False when it goes no further. */
  letsPass(connection: Connection, message: ToAgent): boolean {
    const { repeats, changes } = this.#options.how;
    const victim = this.#victim(connection.agentId);
    this.#heard.push(message);
    if (this.#chance.happens(repeats)) this.#repeat(message);
    switch (message.kind?.$case) {
      case 'job':
        return this.#onJob(connection, victim, message, message.kind.value);
      case 'lease':
        learn(victim, message.kind.value);
        return true;
      case 'ack':
        this.#onAck(victim, message.kind.value);
        return true;
      case 'welcome':
        if (message.kind.value.lease) learn(victim, message.kind.value.lease);
        this.#release(victim);
        return true;
      case 'pause':
        if (this.#chance.happens(changes))
          this.#say(victim, this.#resumeOf(message.kind.value.panicEpoch), SOON);
        this.#release(victim);
        return true;
      case 'resume':
        this.#release(victim);
        return true;
      default:
        return true;
    }
  }

  #victim(agentId: string): Victim {
    const counters = { seq: 0, leaseEpoch: 1, panicEpoch: 0 };
    const victim = this.#victims.get(agentId) ?? { agentId, counters, jobs: new Map(), held: [] };
    this.#victims.set(agentId, victim);
    return victim;
  }

  /** What has begun cannot begin again, whoever signs it. What was refused could, once, as it was approved. */
  #onAck(victim: Victim, { envelopeId, kind }: { envelopeId: string; kind: string }): void {
    const begun = kind === 'started' || kind === 'finished' ? victim.jobs.get(envelopeId) : undefined;
    if (!begun || !this.#chance.happens(this.#options.how.forges)) return;
    const forgery = this.#chance.pick(['as it was', 'once more'] as const);
    this.#say(victim, this.#forged(forgery, begun, victim), SOON);
  }

  #onJob(connection: Connection, victim: Victim, message: ToAgent, job: Job): boolean {
    const { holds, changes, forges } = this.#options.how;
    const envelope: Envelope = JSON.parse(job.payload.toString());
    victim.jobs.set(envelope.envelope_id, envelope);
    victim.counters.seq = Math.max(victim.counters.seq, envelope.seq);
    this.#release(victim);
    if (this.#chance.happens(holds)) {
      this.#hold(connection, victim, message, envelope);
      return false;
    }
    const { rule } = envelope.authority;
    const forgery = this.#chance.pick(FORGERIES[rule === 'auto' ? 'unasked' : 'approved']);
    const isForged = this.#chance.happens(forges);
    const isChanged = this.#chance.happens(changes);
    if (isForged) this.#say(victim, this.#forged(forgery, envelope, victim), SOON);
    if (isChanged) this.#say(victim, this.#changed(job, envelope, victim), SOON);
    return (!isForged && !isChanged) || this.#chance.happens(0.5);
  }

  #repeat(message: ToAgent): void {
    const victims = [...this.#victims.values()];
    const again = this.#chance.happens(0.5) ? message : this.#chance.pick(this.#heard);
    this.#say(this.#chance.pick(victims), again, ANY_TIME);
  }

  /** Until something else is said to the agent, on a new connection perhaps, or until its time is over. */
  #hold(connection: Connection, victim: Victim, message: ToAgent, { exp }: Envelope): void {
    this.#around.note('mallory', `holds a job for ${victim.agentId} back`);
    if (this.#chance.happens(0.3)) {
      const late = exp - trueTime(this.#around.timeline) + TOO_LATE_MS;
      this.#around.timeline.after(late, () => this.#say(victim, message, SOON));
      return;
    }
    victim.held.push(message);
    if (this.#chance.happens(0.5)) connection.cut('mallory');
  }

  #release(victim: Victim): void {
    for (const message of victim.held.splice(0)) this.#say(victim, message, SOON);
  }

  /** On the newest connection to the agent that there is by then. */
  #say({ agentId }: Victim, message: ToAgent, waits: readonly number[]): void {
    this.#around.timeline.after(this.#chance.wait(this.#chance.pick(waits)), () => {
      const line = [...this.#options.lines()].findLast((one) => one.agentId === agentId);
      if (line === undefined) return;
      this.#around.note('mallory', `says ${message.kind?.$case} to ${agentId}`);
      line.atGateway.send(message);
    });
  }

  /** Another job in the place of one, under the signature that was there or under his own key. */
  #changed(job: Job, envelope: Envelope, victim: Victim): ToAgent {
    const record = this.#forger.forge('as it was', envelope, victim.counters);
    if (this.#chance.happens(0.5)) return jobOf(signRecord('job', record, OWN_KEY));
    return jobOf({ ...job, payload: canonicalBytes(record) });
  }

  /** Another job in the place of one, signed with the stolen key. */
  #forged(forgery: Forgery, envelope: Envelope, { counters }: Victim): ToAgent {
    const record = this.#forger.forge(forgery, envelope, counters);
    return jobOf(signRecord('job', record, this.#options.keys.dispatchKey));
  }

  #resumeOf(panicEpoch: number): ToAgent {
    const record = this.#forger.resume(this.#options.tenant, panicEpoch);
    const value = wire(signRecord('resume', record, this.#forger.falseApproveKey));
    return { kind: { $case: 'resume', value } };
  }
}

/** A lease names what an envelope has to name to be taken. */
function learn({ counters }: Victim, lease: Signed): void {
  const read = parseRecord('lease', lease.payload);
  if (!read.ok) return;
  const { lease_epoch, panic_epoch, seq_mark } = read.record;
  Object.assign(counters, {
    leaseEpoch: lease_epoch,
    panicEpoch: panic_epoch,
    seq: Math.max(counters.seq, seq_mark),
  });
}

const wire = ({ keyId, payload, sig }: Signed): Job => ({
  keyId,
  payload: Buffer.from(payload),
  sig: Buffer.from(sig),
});

const jobOf = (signed: Signed): ToAgent => ({ kind: { $case: 'job', value: wire(signed) } });
