import { createHash } from 'node:crypto';
import { type Logger, pino } from 'pino';
import type { KeyService } from '../../src/audit/seal.ts';
import { agentRef, runbookRef } from '../../src/audit/streams.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { agentId, runbookId, type TenantId, tenantId } from '../../src/protocol/ids.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { Chance } from './chance.ts';
import { MachineClock, trueTime } from './clock.ts';
import { Host } from './host.ts';
import { KeyRing, keyOf } from './keys.ts';
import { Ledger } from './ledger.ts';
import { Mallory } from './mallory.ts';
import { type MemoryDatabase, memoryDatabase } from './memory-store.ts';
import { FAIR, Network } from './network.ts';
import { Oracle } from './oracle.ts';
import type { Parts } from './parts.ts';
import { Crowd, directoryOf, HELPFUL, type ShownRunbook } from './people.ts';
import { Program, type Surroundings } from './program.ts';
import { draftRunbook, scanner } from './runbooks.ts';
import { type Post, Server, Service, type ServiceOptions, type Weathered, Worker } from './service.ts';
import type { Swarm } from './swarm.ts';
import { Timeline } from './timeline.ts';

export const TENANT: TenantId = tenantId('T1');

/** Somebody starts a dead program again after this long, on average (ms). */
const RESTART_MS = 1_500;
/** At the beginning of the night every program looks once more as usual. */
const FIRST_LOOKS_MS = 5_000;
/** How much longer than usual programs wait after that before they look for themselves. */
const NIGHT_PATIENCE = 40;
/** So often at night somebody looks which agents have nothing to do any more and may as well sleep (ms). */
const WATCH_MS = 20_000;

/** Everything of one seed, put together: real code at the core, and a virtual world around it. */
export class World {
  readonly swarm: Swarm;
  readonly timeline = new Timeline();
  readonly chance: Chance;
  readonly ledger = new Ledger();
  readonly oracle: Oracle;
  readonly database: MemoryDatabase;
  readonly weather: Weathered;
  readonly network: Network;
  readonly ring: KeyRing;
  readonly servers: Server[] = [];
  readonly workers: Worker[] = [];
  readonly hosts: Host[] = [];
  readonly crowd: Crowd;
  readonly trace: string[] = [];
  readonly note: Surroundings['note'];
  /** How many commits there were before anything happened. */
  foundation = 0;
  #phase: 'trouble' | 'evening' | 'night' = 'trouble';
  #nightfall = 0;
  readonly #parts: Parts;
  readonly #around: Surroundings;
  readonly #logger: Logger;
  #births = 0;

  constructor(seed: number, swarm: Swarm, parts: Parts, logger: Logger = pino({ level: 'silent' })) {
    this.swarm = swarm;
    this.chance = new Chance(seed, 'world');
    this.#parts = parts;
    this.#logger = logger;
    this.note = (who, what) => void this.trace.push(`${this.timeline.now.toFixed(1)} ${who}: ${what}`);
    this.#around = { timeline: this.timeline, note: this.note };
    this.oracle = new Oracle(
      TENANT,
      this.ledger,
      () => trueTime(this.timeline),
      (what) => this.note('log', what),
    );
    this.database = memoryDatabase(this.oracle);
    this.weather = { isAway: false, ...swarm.database };
    this.network = new Network(this.#around, this.chance.fork('network'));
    Object.assign(this.network.weather, swarm.weather);
    this.ring = new KeyRing(this.timeline);
    if (Object.values(swarm.mallory).some((often) => often > 0)) {
      const mallory = new Mallory(
        {
          tenant: TENANT,
          how: swarm.mallory,
          keys: this.ring.seenBy(0),
          lines: () => this.network.connections,
        },
        this.chance.fork('mallory'),
        this.#around,
      );
      this.network.eavesdropper = (connection, message) =>
        !this.#isTrouble() || mallory.letsPass(connection, message);
    }
    this.crowd = new Crowd({
      tenant: TENANT,
      around: this.#around,
      chance: this.chance.fork('people'),
      servers: () => this.servers,
      temper: () => (this.#isTrouble() ? swarm.temper : HELPFUL),
      isHome: () => this.#phase === 'night',
      isAsked: () => this.oracle.asksPeople,
    });
  }

  /** Lays the ground, starts every program, and lets people begin. */
  async begin(): Promise<void> {
    const { swarm, crowd, timeline } = this;
    const runbooks = await this.#layGround();
    for (let count = 0; count < swarm.servers; count++)
      this.#keepUp(this.servers, count, () => this.#server());
    for (let count = 0; count < swarm.workers; count++)
      this.#keepUp(this.workers, count, () => this.#worker());
    for (const host of this.hosts) host.start();
    for (const which of swarm.runs) {
      const runbook = runbooks[which];
      if (runbook) timeline.after(100 + this.chance.wait(1_000), () => void crowd.start(runbook));
    }
    crowd.begin();
    this.oracle.tell = (event, run) => crowd.sees(event, run);
  }

  /** The saboteur is gone: the network is fair and what can be started is. */
  becomeEvening(): void {
    this.note('world', 'evening');
    this.#phase = 'evening';
    Object.assign(this.network.weather, FAIR);
    Object.assign(this.weather, { breaks: 0, breaksAtCommit: 0 });
    for (const host of this.hosts) if (this.chance.happens(0.85)) host.start();
  }

  /** People go home. Programs go on, and agents as long as there is something to do there. */
  becomeNight(): void {
    this.note('world', 'night');
    this.#phase = 'night';
    this.#nightfall = this.timeline.now;
    this.#watch();
  }

  #watch(): void {
    this.timeline.after(WATCH_MS, () => {
      const idle = this.hosts.filter((host) => !host.isRunning && !this.oracle.waitsFor(host.name));
      for (const host of idle) if (!this.isDeaf(host)) host.retire();
      this.#watch();
    });
  }

  /**
   * True for an agent that is connected and stands otherwise than the workspace does: it has not heard of a pause or of its
   * end. Where somebody on the line may pause an agent, or lose what it is told, nothing is asked of it.
   */
  isDeaf(host: Host): boolean {
    const { drop, twice, overtake } = this.swarm.weather;
    const isHonest = this.network.eavesdropper === null && drop + twice + overtake === 0;
    return isHonest && host.stand !== null && !this.oracle.agrees(host.stand);
  }

  /** A person gives the host's agent a new identity, because its journal is not believed any more. */
  enrolAgain(host: Host): void {
    const agentEpoch = host.identity.agentEpoch + 1;
    const identity = { ...host.identity, agentEpoch };
    const key = keyOf(`${host.name} ${agentEpoch}`);
    this.database.enrol(identity.agentId, { tenantId: TENANT, publicKey: key.publicKey, agentEpoch });
    host.enrolledAgain(identity, key);
    const server = this.servers.find(({ program }) => program.isAlive);
    void server?.deps.log
      .transact(agentKind, agentRef(TENANT, identity.agentId), {
        type: 'enrol',
        agentId: identity.agentId,
        epoch: agentEpoch,
        publicKey: key.publicKey,
        hostName: host.name,
      })
      .catch((error: unknown) => this.note('world', `${error}`));
    host.start();
  }

  /** The hash of everything that happened. */
  hash(): string {
    return createHash('sha256').update(this.trace.join('\n')).digest('hex');
  }

  #patience(): number {
    const isLate = this.#phase === 'night' && this.timeline.now > this.#nightfall + FIRST_LOOKS_MS;
    return isLate ? NIGHT_PATIENCE : this.swarm.patience;
  }

  #isTrouble(): boolean {
    return this.#phase === 'trouble';
  }

  async #layGround(): Promise<ShownRunbook[]> {
    const program = new Program('founder', this.#around, this.chance.fork('founder'), () => 0);
    const fair = { isAway: false, slow: 0, breaks: 0, breaksAtCommit: 0, delay: 0 };
    const service = new Service({ ...this.#options(program), weather: fair });
    const { log } = service.deps;
    await log.open(TENANT);
    const runbooks: ShownRunbook[] = [];
    for (const [index, steps] of this.swarm.runbooks.entries()) {
      const runbook = runbookId(`B${index}`);
      runbooks.push({ runbook, shown: await draftRunbook(log, runbookRef(TENANT, runbook), steps) });
    }
    for (let count = 1; count <= this.swarm.hosts; count++) await this.#raise(service, `a${count}`);
    program.die('the ground is laid');
    this.foundation = this.database.commits();
    return runbooks;
  }

  async #raise({ deps }: Service, name: string): Promise<void> {
    const { swarm, chance, timeline } = this;
    const identity = { agentId: agentId(name), tenantId: TENANT, agentEpoch: 1 };
    const key = keyOf(`${name} 1`);
    const { publicKey } = key;
    this.database.enrol(identity.agentId, { tenantId: TENANT, publicKey, agentEpoch: 1 });
    const enrol = { type: 'enrol', agentId: identity.agentId, epoch: 1, publicKey, hostName: name } as const;
    await deps.log.transact(agentKind, agentRef(TENANT, identity.agentId), enrol);
    const { hosts, drift } = swarm.skew;
    this.hosts.push(
      new Host({
        identity,
        key,
        around: this.#around,
        chance: chance.fork(name),
        network: this.network,
        ledger: this.ledger,
        scanner,
        manners: swarm.manners,
        parts: this.#parts,
        logger: this.#logger,
        clock: new MachineClock(timeline, chance.between(-hosts, hosts), chance.between(-drift, drift)),
        maxRunning: swarm.maxRunning,
        deathAtEffect: () => (this.#isTrouble() ? swarm.deathOfAgent : 0),
        heardSeq: (agent) => this.database.agent(agentId(agent))?.seenSeq ?? 0,
        started: (it) => this.oracle.started(it),
        ended: (host) =>
          this.#isTrouble() && timeline.after(this.chance.wait(RESTART_MS), () => host.start()),
      }),
    );
  }

  /** Has a program at this place, and another one whenever it has died. */
  #keepUp<S extends Service>(places: S[], at: number, make: () => S): void {
    const service = make();
    places[at] = service;
    service.program.onDeath(() =>
      this.timeline.after(this.chance.wait(RESTART_MS), () => this.#keepUp(places, at, make)),
    );
  }

  #server(): Server {
    return new Server(this.#options(this.#program('server')), this.network);
  }

  #worker(): Worker {
    return new Worker(this.#options(this.#program('worker')));
  }

  #program(kind: string): Program {
    this.#births += 1;
    const name = `${kind} ${this.#births}`;
    const death = () => (this.#isTrouble() ? this.swarm.deathOfService : 0);
    return new Program(name, this.#around, this.chance.fork(name), death);
  }

  #options(program: Program): ServiceOptions {
    const { chance, swarm, timeline, database, weather, ring } = this;
    const { services, drift } = swarm.skew;
    const fails = () => (this.#isTrouble() ? swarm.directoryFails : 0);
    return {
      program,
      around: this.#around,
      clock: new MachineClock(
        timeline,
        chance.between(-services, services),
        chance.between(-drift, drift) / 10,
      ),
      database,
      weather,
      keys: ring.seenBy(chance.between(0, 2_000)),
      scanner,
      trust: swarm.trust,
      directory: directoryOf(program.chance, fails, { members: 2, admins: swarm.admins }),
      post: this.#post,
      parts: this.#parts,
      logger: this.#logger,
      dataKeys: this.#dataKeys,
      patience: () => this.#patience(),
      acknowledged: (report) => this.oracle.acknowledged(report),
    };
  }

  /** Keys in the clear: how they are wrapped is another test's. */
  readonly #dataKeys: KeyService = {
    wrap: async (_tenant, key) => {
      this.oracle.dataKey ??= key;
      return key;
    },
    unwrap: async (_tenant, key) => key,
  };

  readonly #post: Post = {
    hint: (ref) => this.#hint(ref),
    news: (tenant, panicEpoch) => {
      for (const server of this.servers) {
        if (this.#isTrouble() && this.chance.happens(this.swarm.hints.lost / 2)) continue;
        this.timeline.after(this.chance.wait(5), () => server.hear(tenant, panicEpoch));
      }
    },
  };

  #hint(ref: SubjectRef): void {
    const { lost, twice, stalled } = this.#isTrouble() ? this.swarm.hints : { lost: 0, twice: 0, stalled: 0 };
    if (this.chance.happens(lost)) return;
    const copies = this.chance.happens(twice) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delay = this.chance.wait(this.chance.happens(stalled) ? 10_000 : 5);
      this.timeline.after(delay, () => {
        const alive = this.workers.filter(({ program }) => program.isAlive);
        if (alive.length > 0) void this.chance.pick(alive).look(ref);
      });
    }
  }
}
