import type { Logger } from 'pino';
import { corePorts } from '../../handlers/grpc/core-ports.ts';
import type { GatewayPorts } from '../../handlers/grpc/ports.ts';
import { type Serving, serve } from '../../handlers/grpc/serve.ts';
import type { Session } from '../../handlers/grpc/session.ts';
import type { Change } from '../../src/audit/log.ts';
import { type Log, openLog } from '../../src/audit/log.ts';
import type { KeyService } from '../../src/audit/seal.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { nonce, shortId } from '../../src/platform/ids.ts';
import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import type { Report } from '../../src/protocol/index.ts';
import { LIVE_STATUSES, runKind } from '../../src/run/kind.ts';
import type { Scanner } from '../../src/run/plan.ts';
import type { RunDeps } from '../../src/run/service.ts';
import type { Directory } from '../../src/tenant/person.ts';
import type { TenantDeps } from '../../src/tenant/service.ts';
import type { TrustLevel } from '../../src/tenant/tenant.ts';
import { advanceStep } from '../../workers/step.ts';
import type { MachineClock } from './clock.ts';
import type { Keys } from './keys.ts';
import type { MemoryConnection, MemoryDatabase } from './memory-store.ts';
import { DatabaseFault } from './memory-store.ts';
import type { Network } from './network.ts';
import type { Agents, DueIndex, Parts } from './parts.ts';
import { forever, type Program, type Surroundings } from './program.ts';

/** What goes around between programs: hints and news, which may get lost. */
export interface Post {
  hint(ref: SubjectRef): void;
  news(tenant: TenantId, panicEpoch: number | null): void;
}

/** How the database is reached. */
export interface Weathered {
  isAway: boolean;
  /** The probabilities that a statement takes a while, and that its connection breaks; how long a while is on average (ms). */
  readonly slow: number;
  breaks: number;
  /** The same of a commit: whoever made it does not know whether it was. */
  breaksAtCommit: number;
  readonly delay: number;
}

export interface ServiceOptions {
  readonly program: Program;
  readonly around: Surroundings;
  readonly clock: MachineClock;
  readonly database: MemoryDatabase;
  readonly weather: Weathered;
  readonly keys: Keys;
  readonly scanner: Scanner;
  readonly trust: TrustLevel;
  readonly directory: Directory;
  readonly post: Post;
  readonly parts: Parts;
  readonly logger: Logger;
  readonly dataKeys: KeyService;
  /** How many times as long as usual it waits before it looks for itself: nights are long. */
  readonly patience: () => number;
  /** A report may be acknowledged now. */
  readonly acknowledged: (report: Report) => void;
}

const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 500;
const FAILED_WAIT_MS = 5_000;
const LOOK_MS = 1_000;

/** What servers and workers share, put together as src/system.ts does. */
export class Service {
  readonly program: Program;
  readonly deps: RunDeps & TenantDeps & { readonly clock: { now(): number } };
  readonly connection: MemoryConnection;
  readonly options: ServiceOptions;
  readonly agents: Agents;
  readonly due: DueIndex;

  constructor(options: ServiceOptions) {
    const { program, clock, database, keys, parts, post } = options;
    this.options = options;
    this.program = program;
    this.connection = database.connect({ link: (when, statement) => this.#link(when, statement) });
    program.onDeath(() => this.connection.kill());
    const random = { bytes: (count: number) => program.chance.bytes(count) };
    const log: Log = openLog({
      store: parts.store(this.connection.store, program),
      keys: options.dataKeys,
      clock,
      random,
      committed: (change) => this.#spread(change, log),
    });
    this.agents = parts.agents(this.connection.agents(clock));
    this.due = parts.due(this.connection.due);
    this.deps = {
      ...keys,
      log,
      clock,
      registry: this.agents,
      directory: options.directory,
      scanner: options.scanner,
      trust: options.trust,
      newId: () => shortId(random),
      nonce: () => nonce(random),
      onPause: (tenant, panicEpoch) => post.news(tenant, panicEpoch),
    };
  }

  /** The way to the database: slow, away, or the end of this program. */
  async #link(when: 'asked' | 'answered', statement: string): Promise<void> {
    const { program } = this;
    const { weather } = this.options;
    if (!program.survives(`${statement} ${when}`)) return forever();
    const breaks = statement === 'COMMIT' ? weather.breaksAtCommit : weather.breaks;
    if (weather.isAway || program.chance.happens(breaks)) throw new DatabaseFault('57P01');
    if (!program.chance.happens(weather.slow)) return;
    await program.sleep(program.chance.wait(weather.delay));
    if (weather.isAway) throw new DatabaseFault('57P01');
  }

  /** What follows a commit, as src/system.ts has it. */
  #spread({ ref, kind, status }: Change, log: Log): void {
    const { post } = this.options;
    if (!this.program.survives('telling of a commit')) return;
    if (kind === 'run') post.hint(ref);
    if (kind === 'tenant' || (kind === 'run' && status === 'under-way')) post.news(ref.tenant, null);
    if (kind !== 'tenant') return;
    log.list(runKind, ref.tenant, LIVE_STATUSES).then(
      (runs) => {
        for (const run of runs) post.hint(run.ref);
      },
      () => undefined,
    );
  }
}

/** A server: people's clicks come to it, and agents call it. */
export class Server extends Service {
  readonly #sessions = new Map<AgentId, Session>();
  readonly #listeners: ((tenant: TenantId) => void)[] = [];

  constructor(options: ServiceOptions, network: Network) {
    super(options);
    const { program, logger, parts, keys, clock } = options;
    const core = parts.ports(
      corePorts({
        ...keys,
        log: this.deps.log,
        agents: this.agents,
        clock,
        logger,
        onChange: (listener) => {
          this.#listeners.push(listener);
          return () => undefined;
        },
      }),
      program,
    );
    const ports: GatewayPorts = {
      ...core,
      record: async (agent, report, leaseEpoch) => {
        await core.record(agent, report, leaseEpoch);
        options.acknowledged(report);
      },
    };
    const serving: Serving = {
      sessions: this.#sessions,
      ports,
      logger,
      bytes: (count) => program.chance.bytes(count),
      after: (ms, action) => program.after(ms, action),
    };
    ports.onChange(() => this.#look());
    network.listeners.push({ program, serve: (stream) => void serve(stream, serving) });
    program.every(
      () => LOOK_MS * options.patience(),
      () => this.#look(),
    );
  }

  /** Something has changed in the tenant; with an epoch, it was paused. */
  hear(tenant: TenantId, panicEpoch: number | null): void {
    if (!this.program.isAlive) return;
    if (panicEpoch !== null) for (const session of this.#sessions.values()) session.pause(panicEpoch);
    for (const listener of this.#listeners) listener(tenant);
  }

  #look(): void {
    for (const session of this.#sessions.values()) session.look();
  }
}

/** A worker: moves runs on by hints, and sweeps up what was not hinted at. */
export class Worker extends Service {
  constructor(options: ServiceOptions) {
    super(options);
    this.program.every(
      () => SWEEP_MS * options.patience(),
      () => void this.#sweep(),
    );
  }

  /** Somebody says that this run wants to be looked at. */
  async look(ref: SubjectRef): Promise<void> {
    const { clock } = this.options;
    const defer = (subject: SubjectRef, until: number) => this.due.deferDue(subject, until);
    try {
      await advanceStep({ ...this.deps, defer }, ref);
    } catch {
      await defer(ref, clock.now() + FAILED_WAIT_MS).catch(() => undefined);
    }
  }

  async #sweep(): Promise<void> {
    const { clock, post } = this.options;
    const rows = await this.due.findDue(clock.now(), SWEEP_LIMIT).catch(() => []);
    for (const row of rows) if (row.due && row.kind === 'run') post.hint(row);
  }
}
