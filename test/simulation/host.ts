import type { Logger } from 'pino';
import { Agent } from '../../agent/agent.ts';
import type { Host as Place } from '../../agent/checks.ts';
import type { Clock } from '../../agent/clock.ts';
import type { Disk } from '../../agent/disk.ts';
import type { Entry } from '../../agent/entry.ts';
import { readJournal } from '../../agent/journal.ts';
import { openJournal } from '../../agent/journal-file.ts';
import { type LineEvents, Link } from '../../agent/link.ts';
import { type Policy, readPolicy } from '../../agent/policy.ts';
import { type Identity, initialState } from '../../agent/state.ts';
import type { RunEvents, Running, RunSpec } from '../../agent/supervisor.ts';
import { parseRecord, type Signed, type SigningKey } from '../../src/protocol/index.ts';
import type { Scanner } from '../../src/run/plan.ts';
import type { Chance } from './chance.ts';
import { type MachineClock, trueTime } from './clock.ts';
import { VirtualDisk } from './disk.ts';
import { entriesOf, journaled, standIn } from './journal-view.ts';
import { firstTrust, rootKey } from './keys.ts';
import type { Ledger, Started } from './ledger.ts';
import type { Network } from './network.ts';
import type { Stand } from './oracle.ts';
import type { Parts } from './parts.ts';
import { Program, type Surroundings } from './program.ts';
import { type Manners, outcomeOf, Process } from './supervisor.ts';

/** What a host is made of. */
export interface HostOptions {
  readonly identity: Identity;
  readonly key: SigningKey;
  readonly around: Surroundings;
  readonly chance: Chance;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly scanner: Scanner;
  readonly manners: Manners;
  readonly parts: Parts;
  readonly logger: Logger;
  readonly clock: MachineClock;
  readonly maxRunning: number;
  /** The probability that the agent dies at any one effect. */
  readonly deathAtEffect: () => number;
  /** The highest `seq` that the server has heard this agent name. */
  readonly heardSeq: (agent: string) => number;
  /** A command really begins. */
  readonly started: (it: Started) => void;
  /** A life of the agent has ended. */
  readonly ended: (host: Host) => void;
}

const JOURNAL = 'journal';
/** A whole reserve of 16 MiB would only cost time. */
const RESERVE_BYTES = 4 * 1024;
const PLACE: Place = { isDirectory: () => true, isExecutable: () => true };
const POLICIES = [1, 2].map((count) =>
  readPolicy({ text: `max_running: ${count}`, home: '/home/agent', readEnvFile: () => '' }),
);

interface Life {
  readonly program: Program;
  readonly agent: Agent;
  readonly isDamaged: boolean;
}

/** What one life of the agent was told. */
interface Tidings {
  isConnected: boolean;
  isDraining: boolean;
  /** The pause it was told of after the last word that it may go on. */
  pause: number | null;
  /** The server's time: how far off the host's clock was by it, and ahead of the one that counts up (ms). */
  time: { readonly off: number; readonly lead: number } | null;
}

const NO_TIDINGS: Tidings = { isConnected: false, isDraining: false, pause: null, time: null };

/** One host with an agent on it, through all the agent's lives. */
export class Host {
  readonly name: string;
  readonly clock: MachineClock;
  readonly disk: VirtualDisk;
  #options: HostOptions;
  readonly #processes = new Set<Process>();
  #lives = 0;
  #life: Life | null = null;
  #told: Tidings = { ...NO_TIDINGS };
  #isBroken = false;
  #rots = false;

  constructor(options: HostOptions) {
    this.name = options.identity.agentId;
    this.#options = options;
    this.clock = options.clock;
    this.disk = new VirtualDisk(options.chance.fork(`disk ${this.name}`));
  }

  get program(): Program | null {
    return this.#life?.program ?? null;
  }

  /** A command runs here. */
  get isRunning(): boolean {
    return this.#processes.size > 0;
  }

  get isUp(): boolean {
    return this.#life?.program.isAlive ?? false;
  }

  /** What the agent has written down of pauses, or null when it is not connected or cannot write. */
  get stand(): Stand | null {
    const canWrite = this.isUp && !this.#life?.isDamaged && !this.disk.hasFailed;
    return canWrite && this.#told.isConnected ? standIn(this.journal()) : null;
  }

  get identity(): Identity {
    return this.#options.identity;
  }

  /** Starts the agent, as agent/main.ts does, unless it runs. */
  start(): void {
    if (this.isUp || this.#isBroken) return;
    const { identity, around, chance, parts, scanner, logger, maxRunning, deathAtEffect } = this.#options;
    this.#lives += 1;
    this.#told = { ...NO_TIDINGS };
    this.disk.hasFailed = false;
    if (this.#rots) this.disk.rot(JOURNAL);
    this.#rots = false;
    const name = `${this.name}.${this.#lives}`;
    const program = new Program(name, around, chance.fork(name), deathAtEffect);
    program.onDeath(() => this.#options.ended(this));
    try {
      const journal = parts.journal(
        openJournal(JOURNAL, parts.disk(diskOf(this.disk, program)), RESERVE_BYTES),
      );
      const isDamaged = journal.reading.condition === 'damaged';
      around.note(name, `starts, its journal is ${journal.reading.condition}`);
      const fresh = initialState(identity, rootKey, parts.trust(firstTrust), policyOf(maxRunning));
      const faults = isDamaged ? ['The journal of this agent is damaged.'] : [];
      const agent = new Agent({
        initial: { ...fresh, faults: [...fresh.faults, ...faults] },
        journal,
        connect: (events) => this.#connect(program, this.#overheard(parts.events(events, program))),
        run: (spec, clock, events) => this.#run(program, spec, clock, events),
        clock: clockOf(this.clock, program),
        host: PLACE,
        hostName: this.name,
        scanner: { classify: scanner.classify, version: '1', sha256: 'a'.repeat(64) },
        logger,
      });
      this.#life = { program, agent, isDamaged };
    } catch (error) {
      // As with a real one: it says why it cannot start, and somebody starts it again.
      program.die(`it could not start: ${error}`);
    }
  }

  /** The agent is killed; what it runs goes on. */
  kill(why: string): void {
    this.#life?.program.die(why);
  }

  /** The agent is told to end in order. */
  drain(): void {
    const life = this.#life;
    if (!life?.program.isAlive) return;
    this.#options.around.note(life.program.name, 'drains');
    this.#told.isDraining = true;
    void life.agent.drain().then(() => life.program.die('it has drained'));
  }

  /** The power goes: agent, processes, and what the disk has not made durable. */
  powerOff(): void {
    this.kill('the power is off');
    for (const process of this.#processes) process.kill();
    this.#processes.clear();
    this.disk.loseUnsynced();
  }

  /** The host is set back to an older picture of its disk. */
  restore(picture: ReadonlyMap<string, Buffer>): void {
    this.powerOff();
    this.disk.restore(picture);
  }

  /** Its agent is started no more. */
  retire(): void {
    this.kill('the host is retired');
    this.#isBroken = true;
  }

  /** The agent's journal is as it would be after it was enrolled again: empty, under another identity. */
  enrolledAgain(identity: Identity, key: SigningKey): void {
    this.powerOff();
    this.disk.restore(new Map());
    this.#options = { ...this.#options, identity, key };
  }

  /** What is durable in the journal: its newest facts count. */
  journal(): readonly Entry[] {
    return entriesOf(this.disk.durable(JOURNAL));
  }

  /** A bit of the journal changes, and is read at the next start. */
  rot(): void {
    this.#rots = true;
  }

  /** The highest `seq` in a picture of the disk. */
  static seqIn(picture: ReadonlyMap<string, Buffer>): number {
    return seqOf(readJournal(picture.get(JOURNAL) ?? new Uint8Array()).entries);
  }

  #connect(program: Program, events: LineEvents) {
    const { network, key, parts, identity } = this.#options;
    const options = {
      client: () => network.client(program, identity.agentId),
      agentId: identity.agentId,
      signer: key,
      clock: clockOf(this.clock, program),
      random: () => program.chance.next(),
      nonce: () => Buffer.from(program.chance.bytes(16)).toString('base64url'),
    };
    return parts.line(new Link(options, events));
  }

  /** Notes what the agent is told of pauses and of the time, before it hears it. */
  #overheard(events: LineEvents): LineEvents {
    return {
      ...events,
      lease: (signed, asked) => {
        this.#hearTime(signed, asked.nonce);
        events.lease(signed, asked);
      },
      disconnected: (sentence) => {
        this.#told.isConnected = false;
        events.disconnected(sentence);
      },
      connected: (welcome) => {
        this.#told.isConnected = true;
        this.#hearTime(welcome.lease, welcome.asked.nonce);
        if (welcome.paused) this.#told.pause = welcome.epoch;
        else if (welcome.resume !== null) this.#toldToGoOn(welcome.resume);
        events.connected(welcome);
      },
      pause: (epoch) => {
        this.#told.pause = Math.max(this.#told.pause ?? 0, epoch);
        events.pause(epoch);
      },
      resume: (signed) => {
        this.#toldToGoOn(signed);
        events.resume(signed);
      },
    };
  }

  #hearTime({ payload }: Signed, nonce: string): void {
    const told = parseRecord('lease', payload);
    if (!told.ok || told.record.nonce !== nonce) return;
    const off = this.clock.now() - trueTime(this.#options.around.timeline);
    this.#told.time = { off, lead: this.clock.lead };
  }

  #toldToGoOn({ payload }: Signed): void {
    const told = parseRecord('resume', payload);
    if (told.ok && told.record.panic_epoch >= (this.#told.pause ?? 0)) this.#told.pause = null;
  }

  #run(program: Program, spec: RunSpec, clock: Clock, events: RunEvents): Running {
    const { chance, manners, around, ledger } = this.#options;
    if (!program.survives('the start of a command')) throw new Error('The agent is dead.');
    const entries = this.journal();
    const known = journaled(entries, spec);
    // The last two are of this very command.
    const journaledSeq = seqOf(entries.slice(0, -2));
    if (known.envelopeId !== null) ledger.tried.add(known.envelopeId);
    if (chance.happens(manners.notStarted / 2)) throw new Error('EAGAIN: no process can be made');
    if (chance.happens(manners.notStarted / 2)) {
      program.after(1, () => events.failed('ENOENT: there is no such program'));
      return { stop: () => undefined };
    }
    const started: Started = {
      host: this.name,
      run: spec.env.DD0C_RUN ?? '',
      step: spec.env.DD0C_STEP ?? '',
      attempt: Number(spec.env.DD0C_ATTEMPT),
      spec,
      at: trueTime(around.timeline),
      toldOfPause: this.#told.pause,
      clock: {
        now: this.clock.now(),
        wasOff: this.#told.time?.off ?? 0,
        jumped: this.clock.lead - (this.#told.time?.lead ?? this.clock.lead),
      },
      isDraining: this.#told.isDraining,
      seqs: { journal: journaledSeq, heard: this.#options.heardSeq(this.name) },
      ...known,
      end: null,
    };
    around.note(this.name, `STARTS ${started.run} ${started.step} attempt ${started.attempt}`);
    ledger.write(started);
    this.#options.started(started);
    const startedAt = clock.now();
    const process = new Process(
      { timeline: around.timeline, chance, manners, spec },
      () => program.isAlive && events.output('half\n', 5),
      (ending, timedOut) => {
        this.#processes.delete(process);
        started.end = ending;
        around.note(this.name, `ends ${started.run} ${started.step}: ${ending.exitCode ?? ending.signal}`);
        if (program.isAlive) events.exited(outcomeOf(ending, timedOut, startedAt, this.clock));
      },
    );
    this.#processes.add(process);
    program.survives('having started a command');
    return process;
  }
}

const seqOf = (entries: readonly Entry[]): number =>
  Math.max(0, ...entries.map((entry) => ('seq' in entry ? entry.seq : 0)));

function policyOf(maxRunning: number): Policy {
  const policy = POLICIES[maxRunning - 1];
  if (policy === undefined) throw new RangeError('There is no such policy.');
  return policy;
}

function clockOf(clock: MachineClock, program: Program): Clock {
  return {
    now: () => clock.now(),
    mono: () => clock.mono(),
    after: (ms, action) => program.after(ms, action),
  };
}

/** The disk as one life of the agent has it: a dead one writes nothing more. */
function diskOf(disk: Disk, program: Program): Disk {
  const alive = <Args extends unknown[], T>(name: string, call: (...args: Args) => T) => {
    return (...args: Args): T => {
      if (!program.survives(name)) throw new Error('The agent is dead.');
      return call(...args);
    };
  };
  return {
    open(path) {
      const file = disk.open(path);
      return {
        ...file,
        append: alive(`writing ${path}`, file.append),
        truncate: alive(`cutting ${path}`, file.truncate),
        sync: alive(`syncing ${path}`, file.sync),
      };
    },
  };
}
