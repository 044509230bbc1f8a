import { CLOCK_SKEW_MS } from '../../agent/clock.ts';
import { type Exec, execSha256, LEASE_TTL_MS } from '../../src/protocol/index.ts';
import type { Started } from './ledger.ts';
import type { Finding } from './oracle.ts';
import type { Sent } from './sending.ts';

/** What the log says, so far, that bears on whether a command may begin. */
export interface Known {
  /** What was sent in this envelope, or undefined. */
  readonly sent: Sent | undefined;
  /** The word by which the log has said that the envelope started nothing, or undefined. */
  readonly writtenOff: string | undefined;
  /** Everything of the same step that has begun before. */
  readonly before: readonly Started[];
  /** The newest envelope by which something has begun on the same agent before, by its `seq`; 0 when none has. */
  readonly newestSeq: number;
  /** Somebody asked for a further attempt when this one was of unknown outcome. */
  wasReopened(attempt: number): boolean;
  /** People have ended the pause of this epoch. */
  wasResumed(epoch: number): boolean;
  /** When the pause of this epoch was committed (ms since 1970), or undefined. */
  pausedAt(epoch: number): number | undefined;
}

/** A host's clock may be 30 s off, and the agent forgives 30 s more; the rest is for the clocks of servers (ms). */
const SLACK_MS = 70_000;
/** What the agent forgives, the life of a lease that was long on its way, and what servers' clocks are off (ms). */
const CLOCK_OFF_MS = CLOCK_SKEW_MS + LEASE_TTL_MS + 5_000;

/** A command begins: everything that is wrong about it. */
export function judgeStart(it: Started, known: Known): Finding[] {
  const what = `${it.run} ${it.step} attempt ${it.attempt}`;
  const findings = known.before.flatMap((earlier) => judgeAgain(earlier, it, known, what));
  const unrecorded = (sentence: string) =>
    void findings.push({ harm: 'unrecorded', sentence: `${what} ${sentence}` });
  if (it.panic?.paused) unrecorded('began on an agent whose journal says that it is paused.');
  if (it.panic && !it.panic.paused && !known.wasResumed(it.panic.epoch))
    unrecorded(`began on an agent that went on after pause ${it.panic.epoch}, and nobody has resumed.`);
  if (it.toldOfPause !== null) unrecorded(`began after the agent was told of pause ${it.toldOfPause}.`);
  if (it.seqs.journal < it.seqs.heard)
    unrecorded('began on an agent whose journal is older than what was heard of it.');
  if (it.isDraining) unrecorded('began on an agent that was told to end.');
  if (Math.abs(it.clock.wasOff) > CLOCK_OFF_MS)
    unrecorded(`began on a host whose clock was ${Math.round(it.clock.wasOff)} ms off.`);
  if (Math.abs(it.clock.jumped) > CLOCK_SKEW_MS)
    unrecorded(`began after the clock of its host had jumped by ${Math.round(it.clock.jumped)} ms.`);
  if (known.writtenOff !== undefined)
    findings.push({ harm: 'lost', sentence: `${what} began, and the log said of it: ${known.writtenOff}.` });
  if (it.envelopeId === null) unrecorded('began before its start was durable.');
  else if (known.sent === undefined) unrecorded('began, and the log never sent it.');
  else for (const sentence of compareToSent(it, known.sent, known)) unrecorded(sentence);
  return findings;
}

/** Whatever runs a second time needs somebody's word that it may, given after the first. */
function judgeAgain(earlier: Started, later: Started, known: Known, what: string): Finding[] {
  const between = Array.from({ length: Math.max(0, later.attempt - earlier.attempt) });
  if (between.some((_, more) => known.wasReopened(earlier.attempt + more))) return [];
  return [{ harm: 'doubles', sentence: `${what} began, after attempt ${earlier.attempt} had.` }];
}

function* compareToSent(it: Started, sent: Sent, known: Known): Generator<string> {
  const { envelope } = sent;
  if (sent.run !== it.run || sent.step !== it.step || sent.attempt !== it.attempt)
    yield 'began by an envelope for something else.';
  if (execSha256(execOf(it, envelope.exec)) !== sent.approvedSha256) yield 'is not what was approved.';
  if (it.at > sent.until + SLACK_MS || it.clock.now > sent.until + CLOCK_SKEW_MS)
    yield 'began when its time was over.';
  if (envelope.agent_id !== it.host) yield `began on ${it.host}, and was sent to ${envelope.agent_id}.`;
  if (envelope.seq <= known.newestSeq) yield 'began out of turn: something newer had begun there before.';
  if (it.panic && envelope.panic_epoch < it.panic.epoch)
    yield `began, and was sent before pause ${it.panic.epoch}, which the agent knew.`;
  const paused = known.pausedAt(envelope.panic_epoch + 1);
  if (paused !== undefined && it.at > paused + LEASE_TTL_MS)
    yield `began ${Math.round(it.at - paused)} ms after a pause that its sender did not know.`;
}

/** The exec block that what really began adds up to; of its environment, what the envelope set. */
function execOf({ spec }: Started, exec: Exec): Exec {
  const env = Object.fromEntries(Object.keys(exec.env).map((name) => [name, spec.env[name] ?? '']));
  const command = spec.argv.at(-1) ?? '';
  return { mode: 'bash', command_b64: Buffer.from(command).toString('base64url'), cwd: spec.cwd, env };
}
