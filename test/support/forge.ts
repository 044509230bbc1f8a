import { step } from '../../agent/core.ts';
import { encodeEntry, GENESIS } from '../../agent/journal.ts';
import { type AgentState, evolve } from '../../agent/state.ts';
import { type Dice, dice } from '../../dev/random.ts';
import { runId, stepId } from '../../src/protocol/ids.ts';
import {
  canonicalBytes,
  decodeSigned,
  type Exec,
  encodeSigned,
  type RecordInput,
  type Signed,
  type SigningKey,
  signRecord,
} from '../../src/protocol/index.ts';
import { signPayload } from '../../src/protocol/signed.ts';
import {
  agentKey,
  approvalFor,
  approvedJob,
  approveKey,
  bash,
  benchWith,
  declarationFor,
  dispatchKey,
  HASH,
  idemOf,
  jobWith,
  judged,
  keyFrom,
  rootKey,
  signJob,
  stateWith,
  T0,
  verdictOf,
} from '../agent/world.ts';

type Job = RecordInput<'job'>;
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An approved envelope, and an agent that would start it. */
export interface Victim {
  readonly job: Job;
  readonly signed: Signed;
  readonly state: AgentState;
}

const EXECS: readonly Exec[] = [
  bash('kubectl rollout restart deploy/web'),
  bash('systemctl restart nginx', { DD0C_RUN: 'run-1', LANG: 'C' }, '/srv'),
  { mode: 'argv', argv: ['psql', '-c', "delete from jobs where state = 'stuck'"], cwd: '/', env: {} },
  bash('echo "größer" > /tmp/Ω', { TZ: 'UTC' }, '/tmp'),
];

/** The highest `seq` that the agents of the victims have seen. */
const SEEN = 9;

/** The n-th victim: another run, command, risk, rule, and every third time a second attempt. */
export function victim(n: number): Victim {
  const attempt = n % 3 === 2 ? 2 : 1;
  const exec = EXECS[n % EXECS.length] ?? bash('true');
  const risk = n % 2 === 0 ? 'danger' : 'caution';
  const bare = jobWith({
    run_id: `run-${n}`,
    envelope_id: `envelope-${n}`,
    seq: SEEN + 1 + n,
    attempt,
    exec,
    verdict: judged(risk),
  });
  const approval = approvalFor(bare, { approval_id: `approval-${n}-${attempt}` });
  const job = approvedJob(bare, [approval], n % 4 === 1 ? 'one' : 'other-than-requester');
  return { job, signed: signJob(job), state: attempt === 1 ? stateWith({ seqMark: SEEN }) : afterLoss(bare) };
}

/** The first attempt of this step was started and nobody knows how it ended. */
function afterLoss({ run_id, step_id }: Job): AgentState {
  const about = { runId: runId(run_id), stepId: stepId(step_id), attempt: 1, envelopeId: 'lost' };
  return evolve(stateWith(), [
    { kind: 'verified', at: T0, about, seq: SEEN, idemKey: HASH, approvals: ['approval-0'] },
    { kind: 'started', at: T0, about },
    { kind: 'ended', at: T0, report: { kind: 'unknown', ...about, sentence: 'Lost.' } },
  ]);
}

/** On this host no command is safe, so that whatever starts has been approved. */
const bench = benchWith({ classify: () => verdictOf('caution') });

/**
 * Hands an envelope to an agent: true when it starts something. What is journaled and sent is made in full, so that bytes
 * that cannot be answered for throw here as they would there.
 */
export function starts(state: AgentState, signed: Signed): boolean {
  const { effects, state: next } = step(state, { kind: 'job', signed }, bench);
  if (next !== state && !effects.some(({ kind }) => kind === 'append'))
    throw new Error('The state changed and the journal did not.');
  for (const effect of effects) {
    if (effect.kind === 'append') encodeEntry(effect.entry, GENESIS);
    if (effect.kind === 'send') signRecord('report', effect.report, agentKey);
  }
  return effects.some(({ kind }) => kind === 'spawn');
}

/** The agent after it was handed this envelope. */
export function after(state: AgentState, signed: Signed): AgentState {
  return step(state, { kind: 'job', signed }, bench).state;
}

export interface Forgery {
  readonly kind: string;
  readonly signed: Signed;
  readonly state: AgentState;
}

/** Forged envelopes without end, the same for the same seed. */
export function* forgeries(seed: number): Generator<Forgery> {
  const chance = dice(seed);
  const victims = Array.from({ length: 24 }, (_, n) => victim(n));
  const ran = new Map(victims.map((one) => [one, after(one.state, one.signed)]));
  const ways: readonly Way[] = [spoilBytes, spoilText, spoilText, stealField, stealField, stealApprovals];
  while (true) {
    const target = chance.pick(victims);
    const way = chance.pick(ways);
    const signed = way(target, chance, chance.pick(victims));
    if (chance.between(0, 10) < 1)
      yield { kind: 'replay', signed: target.signed, state: ran.get(target) ?? target.state };
    if (isForged(target, signed)) yield { kind: way.name, signed, state: target.state };
  }
}

/** Makes something of a genuine envelope, and of `other`, another one. */
type Way = (target: Victim, chance: Dice, other: Victim) => Signed;

/** The bytes change on the way; nobody signs them again. */
function spoilBytes({ signed }: Victim, chance: Dice, other: Victim): Signed {
  const part = chance.pick(['payload', 'sig', 'keyId', 'mixed'] as const);
  switch (part) {
    case 'keyId':
      return {
        ...signed,
        keyId: new TextDecoder().decode(edited(new TextEncoder().encode(signed.keyId), chance)),
      };
    case 'mixed':
      return { ...signed, payload: other.signed.payload };
    default:
      return { ...signed, [part]: edited(signed[part], chance) };
  }
}

const ODD = [
  'null',
  'true',
  '-1',
  '0',
  '-0',
  '1.5',
  '1e3',
  '9007199254740993',
  '"x"',
  '""',
  '[]',
  '{}',
  '"\\ud800"',
  '01',
];

/** The text of the record is spoiled, and the thief of the dispatch key signs what comes out. */
function spoilText({ signed }: Victim, chance: Dice): Signed {
  const text = new TextDecoder().decode(signed.payload);
  const members = [...text.matchAll(/"[a-z_0-9]+":(?:"[^"]*"|-?\d+|\[\]|\{\})/gi)];
  const { 0: member = '', index = 0 } = chance.pick(members);
  const [name = ''] = member.split(':');
  const put = (instead: string) => text.slice(0, index) + instead + text.slice(index + member.length);
  const spoiled = chance.pick([
    () => put(`${member},${member}`),
    () => put(`${name}:${chance.pick(ODD)},${member}`),
    () => put(`${name}:${chance.pick(ODD)}`),
    () => put(`${name}: ${member.slice(name.length + 1)}`),
    () => put(`"__proto__":${chance.pick(ODD)},${member}`),
    () => put(`"${name.slice(1, -1)}2":1,${member}`),
    () => put('').replace(/,,|,(?=[}\]])|(?<=[{[]),/, (found) => (found === ',,' ? ',' : '')),
    () => put(`${name}:[${member.slice(name.length + 1)}]`),
    () =>
      chance.pick([`\ufeff${text}`, `${text}\n`, ` ${text}`, `[${text}]`, `${text}${text}`, text.slice(1)]),
  ])();
  const bytes = new TextEncoder().encode(spoiled);
  return signPayload('job', chance.between(0, 4) < 1 ? edited(bytes, chance) : bytes, dispatchKey);
}

/** The thief of the dispatch key changes a field and signs the new envelope by the book. */
function stealField({ job }: Victim, chance: Dice, other: Victim): Signed {
  const leaves = leavesOf(job as Json);
  const [path, value] = chance.pick(leaves);
  const elsewhere = leavesOf(other.job as Json).find(([at]) => at.join() === path.join())?.[1];
  const instead = chance.pick<Json>([elsewhere ?? null, ...neighbours(value, chance)]);
  const stolen = replaced(job as Json, path, instead) as Job;
  const keyed = chance.between(0, 3) < 2 ? { ...stolen, idem_key: idemOf(stolen) } : stolen;
  return signPayload('job', canonicalBytes(keyed), dispatchKey);
}

/** The thief of the dispatch key makes up the approvals, and declarations too. */
function stealApprovals({ job }: Victim, chance: Dice, other: Victim): Signed {
  const genuine = job.authority.approvals.map((one) => decodeSigned(one));
  const strangers = [dispatchKey, agentKey, rootKey, keyFrom('stranger')];
  const under = (key: SigningKey): Signed => approvalFor(job, {}, key);
  const approvals = chance.pick<() => readonly Signed[]>([
    () => [],
    () => other.job.authority.approvals.map((one) => decodeSigned(one)),
    () => genuine.map((one) => ({ ...one, payload: edited(one.payload, chance) })),
    () => genuine.map((one) => ({ ...one, sig: edited(one.sig, chance) })),
    () => [under(chance.pick(strangers))],
    () => [{ ...under(chance.pick(strangers)), keyId: approveKey.keyId }],
    () => [...genuine, under(chance.pick(strangers))],
    () => [signPayload('approval', other.signed.payload, dispatchKey)],
    () => [approvalFor({ ...job, exec: other.job.exec, run_id: 'run-x' })],
  ])();
  const rule = chance.pick(['auto', 'one', 'other-than-requester'] as const);
  const risk = chance.pick(['safe', 'caution', 'danger'] as const);
  const verdict = chance.between(0, 2) < 1 ? { ...job.verdict, risk } : job.verdict;
  const made = declarationFor(job, ['cloudctl'], {}, chance.pick(strangers));
  const declarations = chance.between(0, 4) < 1 ? [encodeSigned(made)] : job.authority.declarations;
  const authority = { ...job.authority, rule, declarations, approvals: approvals.map(encodeSigned) };
  return signPayload('job', canonicalBytes({ ...job, verdict, authority }), dispatchKey);
}

/**
 * False when what came out is the victim's own approved command after all: an envelope whose dispatcher signed another
 * nonce or a shorter timeout is no forgery.
 */
function isForged(target: Victim, signed: Signed): boolean {
  if (!isSignedAnew(target, signed)) return true;
  try {
    const record = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(signed.payload),
    );
    const isCanonical = Buffer.compare(canonicalBytes(record), signed.payload) === 0;
    return !isCanonical || Buffer.compare(boundBytes(record), boundBytes(target.job)) !== 0;
  } catch {
    return true;
  }
}

function isSignedAnew(target: Victim, { keyId, payload, sig }: Signed): boolean {
  const again = signPayload('job', payload, dispatchKey);
  return keyId === target.signed.keyId && Buffer.compare(again.sig, sig) === 0;
}

/** What an approval and the state of the agent bind of an envelope. */
function boundBytes(job: Job): Uint8Array {
  const {
    envelope_id,
    runbook_sha256,
    step_kind,
    nonce,
    limits,
    iat,
    exp,
    seq,
    verdict,
    authority,
    ...bound
  } = job;
  const { rule, ...rest } = authority;
  return canonicalBytes({ ...bound, ...rest, risk: verdict.risk, auto: rule === 'auto', old: seq <= SEEN });
}

/** One to four bytes are flipped, put in, or taken out. */
function edited(bytes: Uint8Array, chance: Dice): Uint8Array {
  const out = [...bytes];
  for (let edits = Math.floor(chance.between(1, 5)); edits > 0; edits -= 1) {
    const at = Math.floor(chance.between(0, out.length));
    const byte = Math.floor(chance.between(0, 256));
    chance.pick([
      () => out.splice(at, 1, (out[at] ?? 0) ^ (1 << Math.floor(chance.between(0, 8)))),
      () => out.splice(at, 1, byte),
      () => out.splice(at, 0, byte),
      () => out.splice(at, 1),
    ])();
  }
  return new Uint8Array(out);
}

type Path = readonly (string | number)[];

/** Every value that holds no other, with the way to it. */
function leavesOf(value: Json, path: Path = []): (readonly [Path, Json])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const members = Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
  return members.length > 0 ? members : [[path, value]];
}

/** Values that look like this one. */
function neighbours(value: Json, chance: Dice): readonly Json[] {
  if (typeof value === 'number') return [value + 1, value - 1, 0, 1, value * 2, 2 ** 53 - 1, T0, -value];
  if (typeof value !== 'string') return [[], {}, null, ['x'], { X: 'y' }];
  const words = [
    'safe',
    'caution',
    'danger',
    'auto',
    'one',
    'bash',
    'argv',
    'T2',
    'agent-2',
    'U1',
    'U2',
    'rollback',
    '',
  ];
  return [chance.pick(words), `${value}x`, value.slice(1), HASH, [...value].reverse().join('')];
}

function replaced(value: Json, path: Path, instead: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return instead;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, Json> = { ...(value as Record<string, Json>) };
  copy[key] = replaced(copy[key] ?? null, rest, instead);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** The envelope with one bit flipped: bit `bit` of byte `at`, counted over payload, signature and key id. */
export function flipped({ payload, sig, keyId }: Signed, at: number, bit: number): Signed {
  const parts = [payload, sig, new TextEncoder().encode(keyId)].map((part) => new Uint8Array(part));
  let rest = at;
  for (const part of parts) {
    if (rest < part.byteLength) part[rest] = (part[rest] ?? 0) ^ (1 << bit);
    rest -= part.byteLength;
    if (rest < 0) break;
  }
  const [p = payload, s = sig, k = new Uint8Array()] = parts;
  return { payload: p, sig: s, keyId: new TextDecoder().decode(k) };
}

/** How many bytes `flipped` counts over. */
export function sizeOf({ payload, sig, keyId }: Signed): number {
  return payload.byteLength + sig.byteLength + keyId.length;
}
