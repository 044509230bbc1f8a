import { type Decision, events, refuse } from '../audit/subject.ts';
import { nextJob } from './plan.ts';
import {
  isReoffered,
  type NextJob,
  type RunCommand,
  type RunEvent,
  type RunState,
  type StepReport,
  type StepState,
} from './run.ts';
import { canMove, isUnderWay, STEP_TRANSITIONS } from './states.ts';

/**
 * Checks of the agent (agent/checks.ts, docs/agent.md) that refuse the moment and not the step: nothing ran, and asked again
 * it may pass. `not-started` is its word for a step that it had accepted when it was ended.
 */
const ASK_AGAIN_CODES: readonly string[] = ['not-started', 'time', 'panic', 'standstill', 'capacity'];
/** It says that an earlier attempt has ended there, or still runs: what is known of that is for a person to judge. */
const RERUN_CODE = 'rerun';

/**
 * Records what an agent says. Saying it twice changes nothing, and so does a word on an attempt that another one followed: the
 * agent's journal keeps it, and the agent refuses the later attempt when the earlier one has ended (check `rerun`), by a
 * sentence that is recorded. A word on an attempt that was never sent is refused.
 */
export function report(
  state: RunState,
  { step: id, attempt, report: said }: Extract<RunCommand, { type: 'report' }>,
  at: number,
): Decision<RunEvent> {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step || attempt < 1 || attempt > step.attempt)
    return refuse('no-such-attempt', 'No such attempt of that step was ever sent.');
  if (attempt < step.attempt || !isOpen(step)) return events();
  const event = reported(step, said, at);
  return canMove(STEP_TRANSITIONS, step.status, event.type) ? events(event) : events();
}

/** True while nobody has said how the newest attempt ended. */
const isOpen = (step: StepState): boolean =>
  isUnderWay(step.status) || step.status === 'unknown' || isReoffered(step);

function reported(step: StepState, said: StepReport, at: number): RunEvent {
  const about = { step: step.id, attempt: step.attempt };
  switch (said.kind) {
    case 'started':
      return { type: 'step.started', ...about, startedAt: said.startedAt, at };
    case 'printed':
      return { type: 'step.printed', ...about, tail: said.tail, bytes: said.bytes, at };
    case 'finished': {
      const succeeded = said.result.exitCode === 0 && !said.result.timedOut;
      return { type: succeeded ? 'step.succeeded' : 'step.failed', ...about, result: said.result, at };
    }
    case 'rejected': {
      const { code, sentence } = said;
      if (ASK_AGAIN_CODES.includes(code))
        return { type: 'step.not-started', ...about, code, sentence, next: nextOf(step), at };
      return { type: code === RERUN_CODE ? 'step.unknown' : 'step.rejected', ...about, code, sentence, at };
    }
    case 'unknown':
      return { type: 'step.unknown', ...about, code: 'agent-lost-it', sentence: said.sentence, at };
  }
}

/** What the attempt after this one would run, or null when the step is not an agent's. */
export const nextOf = ({ job, attempt }: StepState): NextJob | null => job && nextJob(job, attempt + 1);
