/** Stand-ins for what is outside: time, chance, Slack, the log's storage. Each is as small as its port. */
import type { PoolClient } from 'pg';
import { type Logger, pino } from 'pino';
import type { Log, Prepare } from '../../src/audit/log.ts';
import { TENANT_STREAM } from '../../src/audit/log.ts';
import type { KeyService } from '../../src/audit/seal.ts';
import type { Kind, SubjectRef, Typed } from '../../src/audit/subject.ts';
import type { SlackClient, SlackMessage } from '../../src/platform/slack-client.ts';
import { MAX_BUNDLE_LIFE_MS } from '../../src/protocol/bundle.ts';
import { streamId, type UserId } from '../../src/protocol/ids.ts';
import { generateKey, type SigningKey } from '../../src/protocol/keys.ts';
import { signRecord } from '../../src/protocol/records.ts';
import type { Bundle } from '../../src/protocol/trust.ts';
import type { Scanner } from '../../src/run/plan.ts';
import type { AgentRegistry } from '../../src/run/service.ts';
import type { Directory, Person } from '../../src/tenant/person.ts';
import { type TenantState, tenantKind } from '../../src/tenant/tenant.ts';
import type { Shown, ShownMessages } from '../../workers/render.ts';
import { AGENT, MANY, NOW, verdict } from './builders.ts';

/** A clock that stands still until it is moved. */
export function fakeClock(now = NOW) {
  const advance = (ms: number): void => {
    now += ms;
  };
  return { now: () => now, advance };
}

/** Bytes that differ every time and are the same in every run. */
export function fakeRandom() {
  let count = 0;
  return {
    bytes(size: number): Uint8Array {
      count += 1;
      return Buffer.from(
        Array.from({ length: size }, (_, index) => (count * 31 + index * 7 + (count >> 8)) & 255),
      );
    },
  };
}

/** A logger that keeps its lines. */
export function fakeLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}

/** Keys kept in the clear: what a key service does is its own test. */
export const openKeys: KeyService = { wrap: async (_, key) => key, unwrap: async (_, key) => key };

/** Whom the workspace vouches for; whoever is not listed is an outsider. */
export function fakeDirectory(people: readonly Person[], census = MANY): Directory {
  return {
    person: async (user) =>
      people.find((person) => person.user === user) ?? { user, standing: 'outsider', admin: false },
    census: async () => census,
  };
}

/** A scanner that knows risks by a word in the command. */
export const fakeScanner: Scanner = {
  classify: (command) => {
    const traits = command.startsWith('vim') ? (['interactive'] as const) : [];
    if (command.startsWith('drop')) return verdict('danger', traits);
    return verdict(command.startsWith('show') ? 'safe' : 'caution', traits);
  },
  plannedInvocations: (command) => [command.split(' ')],
};

export function fakeRegistry(online = true): AgentRegistry {
  let seq = 0;
  return {
    agentsOf: async () => [{ agentId: AGENT, online }],
    nextSeq: async () => (online ? { seq: ++seq, leaseEpoch: 1, agentEpoch: 1 } : null),
  };
}

export const testKey = (fill: number): SigningKey => generateKey((size) => Buffer.alloc(size, fill));

/** The root key of tests. */
export const testRoot = testKey(9);

/** A trust bundle of tests: by default `testKey(1)` dispatches and `testKey(2)` approves. */
export function testBundle({
  version = 1,
  iat = NOW,
  dispatch = [testKey(1)],
  approve = [testKey(2)],
  revoked = [],
}: {
  version?: number;
  iat?: number;
  dispatch?: readonly SigningKey[];
  approve?: readonly SigningKey[];
  revoked?: readonly string[];
} = {}): Bundle {
  const bare = (keys: readonly SigningKey[]) =>
    keys.map(({ keyId, publicKey }) => ({ key_id: keyId, public_key: publicKey }));
  const life = { version, iat, exp: iat + MAX_BUNDLE_LIFE_MS };
  const roles = { dispatch: bare(dispatch), approve: bare(approve), revoked: [...revoked] };
  return { version, signed: signRecord('bundle', { v: 1, typ: 'bundle', ...life, ...roles }, testRoot) };
}

/** The log's promise without its storage: one process, nothing sealed, nothing kept. */
export function memoryLog(clock: { now(): number } = fakeClock()) {
  const subjects = new Map<
    string,
    { kind: string; state: unknown; version: number; status: string; ref: SubjectRef }
  >();
  const noTransaction = Object.freeze({}) as unknown as PoolClient;
  const keyOf = ({ tenant, stream }: SubjectRef) => `${tenant}/${stream}`;
  const read = <S>(kind: { initial: S }, ref: SubjectRef) => {
    const found = subjects.get(keyOf(ref));
    return { state: (found?.state ?? kind.initial) as S, version: found?.version ?? 0 };
  };
  const log: Log = {
    async transact<S, C, E extends Typed>(kind: Kind<S, C, E>, ref: SubjectRef, command: C | Prepare<S, C>) {
      const { state: before, version: from } = read(kind, ref);
      const tenant = read<TenantState>(tenantKind, { tenant: ref.tenant, stream: TENANT_STREAM }).state;
      const facts = { now: clock.now(), tenant };
      const make = command as Prepare<S, C>;
      const ready = typeof command === 'function' ? await make(before, facts, noTransaction) : command;
      const decision = kind.decide(before, ready, facts);
      if (!decision.ok) return decision;
      const state = decision.events.reduce((folded, event) => kind.evolve(folded, event), before);
      const version = from + decision.events.length;
      if (version > from)
        subjects.set(keyOf(ref), { kind: kind.kind, state, version, status: kind.status(state), ref });
      return { ok: true, state, version, events: decision.events };
    },
    async load(kind, ref) {
      return subjects.has(keyOf(ref)) ? { ref, ...read(kind, ref) } : null;
    },
    async list(kind, tenant, statuses) {
      return [...subjects.values()]
        .filter(
          (row) =>
            row.kind === kind.kind && row.ref.tenant === tenant && (statuses?.includes(row.status) ?? true),
        )
        .map(({ ref }) => ({ ref, ...read(kind, ref) }));
    },
    async open(tenant) {
      await log.transact(tenantKind, { tenant, stream: TENANT_STREAM }, { type: 'open' });
    },
  };
  /** Puts a subject there as if it had come to be. */
  const put = <S, C, E extends Typed>(kind: Kind<S, C, E>, ref: SubjectRef, state: S, version = 1) => {
    subjects.set(keyOf(ref), { kind: kind.kind, state, version, status: kind.status(state), ref });
  };
  return { log, put, size: () => subjects.size };
}

export type SlackCall =
  | { readonly method: 'post'; readonly message: SlackMessage; readonly threadTs: string | null }
  | { readonly method: 'update'; readonly message: SlackMessage; readonly ts: string }
  | { readonly method: 'whisper'; readonly channel: string; readonly user: UserId; readonly text: string }
  | {
      readonly method: 'view';
      readonly view: { readonly callback_id?: string; readonly private_metadata?: string };
    };

/** Slack as a list of what it was asked; `answers` are taken first, one a post or update. */
export function fakeSlack(directory: Directory) {
  const calls: SlackCall[] = [];
  const answers: (Awaited<ReturnType<SlackClient['post']>> | Error)[] = [];
  let posted = 0;
  const answer = (call: SlackCall, ts: () => string) => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    calls.push(call);
    return next ?? { kind: 'shown' as const, ts: ts() };
  };
  const slack: SlackClient = {
    ...directory,
    post: async (message, threadTs) => answer({ method: 'post', message, threadTs }, () => `${++posted}.0`),
    update: async (message, ts) => answer({ method: 'update', message, ts }, () => ts),
    whisper: async (channel, user, text) => void calls.push({ method: 'whisper', channel, user, text }),
    openView: async (_, view) => void calls.push({ method: 'view', view }),
  };
  return { slack, calls, answers };
}

/** The index of shown messages in memory. */
export function memoryShown(): ShownMessages & { readonly kept: Map<string, Shown> } {
  const kept = new Map<string, Shown>();
  const prefix = ({ tenant, stream }: SubjectRef) => `${tenant}/${stream}/`;
  return {
    kept,
    of: async (ref) => {
      const own = [...kept].filter(([key]) => key.startsWith(prefix(ref)));
      return new Map(own.map(([key, shown]) => [key.slice(prefix(ref).length), shown]));
    },
    put: async (ref, key, shown) => void kept.set(prefix(ref) + key, shown),
  };
}

export const tenantRef = (tenant: SubjectRef['tenant']): SubjectRef => ({
  tenant,
  stream: streamId('tenant'),
});
