import type { Entry } from '../../agent/entry.ts';
import type { RunSpec } from '../../agent/supervisor.ts';
import type { Started } from './ledger.ts';
import type { Stand } from './oracle.ts';

/** Head of a record: length, its checksum, the checksum of the rest, and the chain value (agent/journal.ts). */
const HEAD_BYTES = 12 + 32;

/** The entries of a journal that is known to be whole, without the checks that a real reader makes. */
export function entriesOf(bytes: Uint8Array): Entry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  for (let at = 0; at + HEAD_BYTES <= buffer.byteLength; ) {
    const end = at + HEAD_BYTES + buffer.readUInt32BE(at);
    if (end > buffer.byteLength) break;
    entries.push(JSON.parse(buffer.toString('utf8', at + HEAD_BYTES, end)));
    at = end;
  }
  return entries;
}

/** What the journal says when a command begins: which envelope it is for, and whether anything may start at all. */
export function journaled(entries: readonly Entry[], spec: RunSpec): Pick<Started, 'envelopeId' | 'panic'> {
  const last = entries.at(-1);
  const isIt =
    last?.kind === 'started' &&
    last.about.runId === spec.env.DD0C_RUN &&
    last.about.stepId === spec.env.DD0C_STEP;
  return {
    envelopeId: isIt ? last.about.envelopeId : null,
    panic: entries.some(({ kind }) => kind === 'panic') ? standIn(entries) : null,
  };
}

/** What the journal says of pauses: the last word, or that there has been none. */
export function standIn(entries: readonly Entry[]): Stand {
  const last = entries.findLast((entry) => entry.kind === 'panic');
  return last?.kind === 'panic' ? { epoch: last.epoch, paused: last.paused } : { epoch: 0, paused: false };
}
