import type { Log } from '../src/audit/log.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import type { Refine } from '../src/platform/model-refine.ts';
import { answerBy, runbookKind } from '../src/runbook/stream.ts';

export interface RefineDeps {
  readonly log: Log;
  /** Null when no model is set up here: a process may have settings that another has not. */
  readonly refine: Refine | null;
  readonly defer: (ref: SubjectRef, until: number) => Promise<void>;
}

/** Asks the model for a draft that waits for it. Whatever comes of it is recorded once; a late answer changes nothing. */
export async function refineRunbook({ log, refine, defer }: RefineDeps, ref: SubjectRef): Promise<void> {
  const loaded = await log.load(runbookKind, ref);
  if (loaded?.state.status !== 'refining') return;
  const { source, parse } = loaded.state;
  if (!source || !parse || !refine) return void (await log.transact(runbookKind, ref, ABSENT));
  const deadline = answerBy(source);
  // The sweep leaves it to this process until the time is over: then whoever sees it lets the structural result stand.
  await defer(ref, deadline);
  const answer = await refine({ tenant: ref.tenant, source, parse, deadline });
  await log.transact(
    runbookKind,
    ref,
    answer.ok ? { type: 'refined', refined: answer.refined } : { type: 'unrefined', why: answer.why },
  );
}

const ABSENT = { type: 'unrefined', why: 'absent' } as const;
