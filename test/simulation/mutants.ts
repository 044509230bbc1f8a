import { type Candidate, type Check, DELIVERY_CHECKS, ENVELOPE_CHECKS } from '../../agent/checks.ts';
import type { Disk } from '../../agent/disk.ts';
import { readJournal } from '../../agent/journal.ts';
import type { Journal } from '../../agent/journal-file.ts';
import type { LogStore } from '../../src/audit/store.ts';
import type { Decision, Facts } from '../../src/audit/subject.ts';
import { runKind } from '../../src/run/kind.ts';
import type { RunCommand, RunEvent, RunState } from '../../src/run/run.ts';
import { type Agents, type Parts, REAL } from './parts.ts';

/** A bug that somebody might well have made: one part put together wrongly, or one check that is not there. */
export interface Mutant {
  readonly name: string;
  readonly parts: Parts;
  /** Changes a table that is not handed over as a part; returns what undoes it. */
  readonly plant?: () => () => void;
}

const wrong = (name: string, parts: Partial<Parts>): Mutant => ({ name, parts: { ...REAL, ...parts } });

/** The agent without one of its checks. */
function unchecked(name: string): Mutant {
  const others = <S>(check: Check<S>) => (check.name === name ? [] : [check]);
  return {
    name: `the agent does not check: ${name}`,
    parts: REAL,
    plant: () => {
      const undo = [changed(DELIVERY_CHECKS, others), changed(ENVELOPE_CHECKS, others)];
      return () => {
        for (const one of undo) one();
      };
    },
  };
}

/** Either of the two checks is enough against what has begun, and what has not may begin: without one nothing happens. */
const FIRST_IS_NEW: Mutant = {
  name: 'a first attempt counts as new, and its key is not looked at',
  parts: REAL,
  plant: () =>
    changed(ENVELOPE_CHECKS, (check) => {
      if (check.name === 'duplicate') return [];
      const { refuse } = check;
      const isNew = ({ envelope }: Candidate) => envelope.attempt === 1;
      return check.name === 'rerun'
        ? [{ ...check, refuse: (candidate) => (isNew(candidate) ? null : refuse(candidate)) }]
        : [check];
    }),
};

/** Puts others in the place of the checks of a table; returns what puts them back. */
function changed<S>(
  checks: readonly Check<S>[],
  change: (check: Check<S>) => readonly Check<S>[],
): () => void {
  const table = checks as Check<S>[];
  const real = [...table];
  table.splice(0, table.length, ...real.flatMap(change));
  return () => void table.splice(0, table.length, ...real);
}

type Decide = (state: RunState, command: RunCommand, facts: Facts) => Decision<RunEvent>;

/** A run that decides otherwise; `real` is how it really does. */
function misjudged(name: string, decide: (real: Decide) => Decide): Mutant {
  return {
    name,
    parts: REAL,
    plant: () => {
      const kind = runKind as { decide: Decide };
      const real = kind.decide;
      kind.decide = decide(real);
      return () => {
        kind.decide = real;
      };
    },
  };
}

/** Other events in the place of those that are decided. */
const instead =
  (change: (event: RunEvent, state: RunState) => readonly RunEvent[]) =>
  (real: Decide): Decide =>
  (state, command, facts) => {
    const decision = real(state, command, facts);
    return decision.ok
      ? { ok: true, events: decision.events.flatMap((event) => change(event, state)) }
      : decision;
  };

/** The same decision on other facts of the tenant. */
const blindTo =
  (change: (facts: Facts, state: RunState, command: RunCommand) => Facts) =>
  (real: Decide): Decide =>
  (state, command, facts) =>
    real(state, command, change(facts, state, command));

const OPEN = { paused: null } as const;

const RUN_MUTANTS: readonly Mutant[] = [
  misjudged(
    'an unknown outcome counts as not started',
    instead((event, state) => {
      if (event.type !== 'step.unknown') return [event];
      const { step, attempt, code, sentence, at } = event;
      const job = state.steps.find(({ id }) => id === step)?.job ?? null;
      return [{ type: 'step.not-started', step, attempt, code, sentence, next: job, at }];
    }),
  ),
  misjudged(
    'an agent that is silent is sent the step again',
    instead((event) =>
      event.type === 'step.unknown' && event.code === 'agent-silent'
        ? [{ type: 'step.not-delivered', step: event.step, attempt: event.attempt, at: event.at }]
        : [event],
    ),
  ),
  misjudged(
    'a silent agent is waited for without end',
    instead((event) => (event.type === 'step.unknown' && event.code === 'agent-silent' ? [] : [event])),
  ),
  misjudged(
    'whoever asks again has approved by that',
    instead((event, state) => {
      const step = 'step' in event && state.steps.find(({ id }) => id === event.step);
      if (event.type !== 'step.offered' || !step || !step.job || step.attempt === 0) return [event];
      const { at, expiresAt } = event;
      const approval = { by: null, at, startBy: expiresAt, forced: '' as const, record: null };
      return [event, { type: 'step.approved', step: step.id, approval, execSha256: step.job.execSha256, at }];
    }),
  ),
  misjudged(
    'the pause of the workspace is not looked at',
    blindTo((facts) => ({ ...facts, tenant: { ...facts.tenant, ...OPEN } })),
  ),
  misjudged('an approval outlives a pause', (real) => (state, command, facts) => {
    const epoch = state.steps.find(({ status }) => status === 'approved')?.approval?.panicEpoch;
    if (epoch === undefined || facts.tenant.paused) return real(state, command, facts);
    const panicEpoch = { panicEpoch: epoch };
    const asked = command.type === 'dispatch' ? { ...command, ...panicEpoch } : command;
    return real(state, asked, { ...facts, tenant: { ...facts.tenant, ...panicEpoch } });
  }),
  misjudged(
    'an approval outlives the role of who gave it',
    blindTo((facts, _state, command) =>
      command.type === 'dispatch' || command.type === 'tick'
        ? { ...facts, tenant: { ...facts.tenant, members: {} } }
        : facts,
    ),
  ),
  misjudged(
    'whoever asks for danger may approve it',
    (real) => (state, command, facts) =>
      real(
        state,
        command.type === 'approve' ? { ...command, census: { members: 1, admins: 1 } } : command,
        facts,
      ),
  ),
  misjudged(
    'a step that failed counts as a success',
    instead((event) =>
      event.type === 'step.failed'
        ? [{ ...event, type: 'step.succeeded', result: { ...event.result, exitCode: 0, signal: null } }]
        : [event],
    ),
  ),
];

/** Every statement is a transaction by itself. */
function piecemeal(store: LogStore): LogStore {
  const inTenant: LogStore['inTenant'] = store.inTenant;
  return {
    ...store,
    insertEvent: (_tx, link, hash) =>
      inTenant(link.tenant as never, (tx) => store.insertEvent(tx, link, hash)),
    writeSubject: (_tx, ref, row) => inTenant(ref.tenant, (tx) => store.writeSubject(tx, ref, row)),
  };
}

/** A commit that is not answered counts as made. */
function hopeful(store: LogStore): LogStore {
  return {
    ...store,
    async inTenant(tenant, work) {
      let done: { readonly result: Awaited<ReturnType<typeof work>> } | null = null;
      try {
        return await store.inTenant(tenant, async (tx) => {
          const result = await work(tx);
          done = { result };
          return result;
        });
      } catch (error) {
        const hoped = done as { readonly result: Awaited<ReturnType<typeof work>> } | null;
        if (hoped === null || store.isConflict(error)) throw error;
        return hoped.result;
      }
    },
  };
}

/** All connections of an agent have lease 1. */
function onOneLease(agents: Agents): Agents {
  const granted = new Map<string, number>();
  return {
    ...agents,
    async connect(agent, stand) {
      const answer = await agents.connect(agent, stand);
      if (answer.kind !== 'granted') return answer;
      granted.set(agent, answer.leaseEpoch);
      return { ...answer, leaseEpoch: 1 };
    },
    renew: (agent, _lease, seqMark) => agents.renew(agent, granted.get(agent) ?? 0, seqMark),
    release: (agent) => agents.release(agent, granted.get(agent) ?? 0),
    async nextSeq(tx, agent) {
      const slot = await agents.nextSeq(tx, agent);
      return slot && { ...slot, leaseEpoch: 1 };
    },
  };
}

const SERVICE_MUTANTS: readonly Mutant[] = [
  wrong('the tenant is read without FOR SHARE', {
    store: (store) => ({ ...store, readSubject: (tx, ref) => store.readSubject(tx, ref) }),
  }),
  wrong('every statement is a transaction by itself', { store: piecemeal }),
  wrong('a commit that is not answered counts as made', { store: hopeful }),
  wrong('a report is acknowledged before it is recorded', {
    ports: (ports, program) => ({
      ...ports,
      record: async (...said) => {
        program.after(20, () => void ports.record(...said).catch(() => undefined));
      },
    }),
  }),
  wrong('a report that could not be recorded is acknowledged', {
    ports: (ports) => ({ ...ports, record: (...said) => ports.record(...said).catch(() => undefined) }),
  }),
  wrong('agents are told that nothing is paused', {
    ports: (ports) => ({ ...ports, tenantPause: async () => ({ epoch: 0, paused: false, resume: null }) }),
  }),
  wrong('a journal that was set back is let in', {
    agents: (agents) => ({
      ...agents,
      async connect(agent, stand) {
        const granted = await agents.connect(agent, stand);
        if (granted.kind !== 'rolled-back') return granted;
        const again = await agents.connect(agent, { ...stand, seqMark: granted.seqMark });
        return again.kind === 'granted' ? { ...again, seqMark: stand.seqMark } : again;
      },
    }),
  }),
  wrong('a new connection has the lease of the one before', { agents: onOneLease }),
  wrong('nothing is swept up, hints are trusted to come', {
    due: (due) => ({ ...due, findDue: async () => [] }),
  }),
  wrong('what waits is looked at again tomorrow', {
    due: (due) => ({ ...due, deferDue: (ref, until) => due.deferDue(ref, until + 86_400_000) }),
  }),
];

/** Starts are written down when they have been made. */
function late(journal: Journal): Journal {
  let held: Parameters<Journal['append']>[0] | null = null;
  const flush = () => {
    const entry = held;
    held = null;
    if (entry !== null) journal.append(entry);
  };
  return {
    ...journal,
    append(entry) {
      flush();
      if (entry.kind === 'started') held = entry;
      else journal.append(entry);
    },
  };
}

/** Damage anywhere counts as a torn tail: everything from there on is cut. */
function cuttingDamage(disk: Disk): Disk {
  return {
    open(path) {
      const file = disk.open(path);
      const { condition, wholeBytes } = readJournal(file.read());
      if (condition === 'damaged') file.truncate(wholeBytes);
      return file;
    },
  };
}

const AGENT_MUTANTS: readonly Mutant[] = [
  ...[
    'key',
    'signature',
    'addressee',
    'seq',
    'lease',
    'panic',
    'standstill',
    'approvals',
    'rerun',
    'scanner',
    'time',
  ].map(unchecked),
  FIRST_IS_NEW,
  wrong('fsync is skipped', { journal: (journal) => ({ ...journal, sync: () => undefined }) }),
  wrong('a start is journaled after it was made', { journal: late }),
  wrong('damage of the journal is cut like a torn tail', { disk: cuttingDamage }),
  wrong('a torn tail is kept', {
    disk: (disk) => ({ open: (path) => ({ ...disk.open(path), truncate: () => undefined }) }),
  }),
  wrong('the agent does not hear a pause', {
    events: (events) => ({
      ...events,
      connected: (welcome) => events.connected({ ...welcome, paused: false }),
      pause: () => undefined,
    }),
  }),
  wrong('the agent hears a pause a second later', {
    events: (events, program) => ({
      ...events,
      pause: (epoch) => void program.after(1_000, () => events.pause(epoch)),
    }),
  }),
  wrong('approvals and resumes count by their key id', {
    trust: (trust) => ({
      ...trust,
      approve: new Map([...trust.approve].map(([id, key]) => [id, { ...key, verify: () => true }])),
    }),
  }),
];

export const MUTANTS: readonly Mutant[] = [...RUN_MUTANTS, ...SERVICE_MUTANTS, ...AGENT_MUTANTS];
