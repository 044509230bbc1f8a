import type { Log } from '../src/audit/log.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import type { Parse } from '../src/runbook/runbook.ts';
import { runbookKind } from '../src/runbook/stream.ts';

export interface ParseDeps {
  readonly log: Log;
  readonly extract: (text: string) => Parse;
}

/** Turns a received text into steps. Looking again at a runbook that is already parsed changes nothing. */
export async function parseRunbook({ log, extract }: ParseDeps, ref: SubjectRef): Promise<void> {
  const loaded = await log.load(runbookKind, ref);
  if (loaded?.state.status !== 'received' || !loaded.state.source) return;
  await log.transact(runbookKind, ref, { type: 'parsed', parse: extract(loaded.state.source.text) });
}
