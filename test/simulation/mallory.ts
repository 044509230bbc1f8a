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
import { type Counters, FORGERIES, Forger } from './forging.ts';
import { type Keys, keyOf } from './keys.ts';
import type { Connection } from './network.ts';
import type { Surroundings } from './program.ts';
import type { Swarm } from './swarm.ts';

type Message = NonNullable<ToAgent['kind']>;

/** What he knows of one agent, from what was said to it. */
interface Victim {
  readonly agentId: string;
  readonly counters: Counters;
  /** Oldest first. */
  readonly jobs: { readonly envelope: Envelope; readonly signed: Signed; hasBegun: boolean }[];
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

/** After these more is known, and what was held back may do more harm. */
const TELLING: readonly unknown[] = ['welcome', 'pause', 'resume', 'job', 'ack'] satisfies Message['$case'][];
/** At these he makes something up. */
const INVITING: readonly unknown[] = ['job', 'ack', 'lease', 'pause'] satisfies Message['$case'][];
const OWN_KEY = keyOf('mallory');
/** Waits before something is said (ms, on average): at once, and when much has happened since. */
const SOON = [1, 50, 1_000];
const ANY_TIME = [1, 1_000, 20_000];
/** So long after its end an envelope comes too late for a clock that is right (ms). */
const TOO_LATE_MS = 35_000;

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
    const { repeats, holds, changes, forges } = this.#options.how;
    const victim = this.#victim(connection.agentId);
    this.#heard.push(message);
    this.#learn(victim, message);
    if (this.#chance.happens(repeats)) this.#repeat(message);
    if (message.kind?.$case === 'job' && this.#chance.happens(holds)) {
      this.#hold(connection, victim, message);
      return false;
    }
    if (TELLING.includes(message.kind?.$case)) this.#release(victim);
    if (!INVITING.includes(message.kind?.$case)) return true;
    const isForged = this.#chance.happens(forges) && this.#forge(victim);
    const isChanged = this.#chance.happens(changes) && this.#change(victim, message);
    return message.kind?.$case !== 'job' || (!isForged && !isChanged) || this.#chance.happens(0.5);
  }

  #victim(agentId: string): Victim {
    const counters = { seq: 0, leaseEpoch: 1, panicEpoch: 0 };
    const victim = this.#victims.get(agentId) ?? { agentId, counters, jobs: [], held: [] };
    this.#victims.set(agentId, victim);
    return victim;
  }

  #learn(victim: Victim, { kind }: ToAgent): void {
    const { counters, jobs } = victim;
    switch (kind?.$case) {
      case 'job': {
        const envelope: Envelope = JSON.parse(kind.value.payload.toString());
        jobs.push({ envelope, signed: kind.value, hasBegun: false });
        counters.seq = Math.max(counters.seq, envelope.seq);
        return;
      }
      case 'lease':
        learnLease(counters, kind.value);
        return;
      case 'welcome':
        if (kind.value.lease) learnLease(counters, kind.value.lease);
        return;
      case 'ack': {
        const { envelopeId, kind: said } = kind.value;
        const job = jobs.find(({ envelope }) => envelope.envelope_id === envelopeId);
        if (job && (said === 'started' || said === 'finished')) job.hasBegun = true;
      }
    }
  }

  #repeat(message: ToAgent): void {
    const again = this.#chance.happens(0.5) ? message : this.#chance.pick(this.#heard);
    this.#say(this.#anyone(), again, ANY_TIME);
  }

  #anyone(): Victim {
    return this.#chance.pick([...this.#victims.values()]);
  }

  /** Until something else is said to the agent, on a new connection perhaps, or until its time is over. */
  #hold(connection: Connection, victim: Victim, message: ToAgent): void {
    this.#around.note('mallory', `holds a job for ${victim.agentId} back`);
    const exp = victim.jobs.at(-1)?.envelope.exp ?? 0;
    if (this.#chance.happens(0.3)) {
      const late = exp - trueTime(this.#around.timeline) + TOO_LATE_MS;
      this.#around.timeline.after(late, () => this.#say(victim, message, SOON));
      return;
    }
    victim.held.push(message);
    if (this.#chance.happens(0.4)) connection.cut('mallory');
  }

  /** What was held back is said now, at times to another agent; some of it is kept, to be said once more. */
  #release(victim: Victim): void {
    for (const message of victim.held.splice(0)) {
      this.#say(this.#chance.happens(0.25) ? this.#anyone() : victim, message, SOON);
      if (this.#chance.happens(0.5)) victim.held.push(message);
    }
  }

  /** Another job in the place of one, signed with the stolen key. False when there has been none. */
  #forge(victim: Victim): boolean {
    if (victim.jobs.length === 0) return false;
    const { envelope, hasBegun } = this.#chance.pick(victim.jobs.slice(-3));
    const target = this.#chance.happens(0.3) ? this.#anyone() : victim;
    const forgeries = FORGERIES[envelope.authority.rule === 'auto' ? 'unasked' : 'approved'];
    const isAsItWas = target !== victim || (hasBegun && this.#chance.happens(0.2));
    // What has not begun where it belongs could begin there, once, as it was approved: that is what a stolen key can do.
    const forgery = isAsItWas ? 'as it was' : this.#chance.pick(forgeries);
    const record = this.#forger.forge(forgery, envelope, target.counters);
    this.#say(target, jobOf(signRecord('job', record, this.#options.keys.dispatchKey)), SOON);
    return true;
  }

  /** The end of a pause, or a job in another envelope: under a signature that was there, or under a key that does not count. */
  #change(victim: Victim, { kind }: ToAgent): boolean {
    if (kind?.$case === 'pause') {
      const resume = this.#forger.resume(this.#options.tenant, kind.value.panicEpoch);
      const value = wire(signRecord('resume', resume, this.#forger.falseApproveKey));
      this.#say(victim, { kind: { $case: 'resume', value } }, SOON);
      return true;
    }
    if (victim.jobs.length === 0) return false;
    const { envelope, signed } = this.#chance.pick(victim.jobs);
    const record = this.#forger.forge('as it was', envelope, victim.counters);
    const isOwn = this.#chance.happens(0.5);
    const changed = isOwn
      ? signRecord('job', record, OWN_KEY)
      : { ...signed, payload: canonicalBytes(record) };
    this.#say(victim, jobOf(changed), SOON);
    return true;
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
}

/** A lease names what an envelope has to name to be taken. */
function learnLease(counters: Counters, lease: Signed): void {
  const read = parseRecord('lease', lease.payload);
  if (!read.ok) return;
  const { lease_epoch, panic_epoch, seq_mark } = read.record;
  counters.leaseEpoch = lease_epoch;
  counters.panicEpoch = panic_epoch;
  counters.seq = Math.max(counters.seq, seq_mark);
}

const wire = ({ keyId, payload, sig }: Signed) => ({
  keyId,
  payload: Buffer.from(payload),
  sig: Buffer.from(sig),
});

const jobOf = (signed: Signed): ToAgent => ({ kind: { $case: 'job', value: wire(signed) } });
