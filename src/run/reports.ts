import { type Decision, events } from '../audit/subject.ts';
import { nextJob } from './plan.ts';
import { noSuchStep } from './refusals.ts';
import {
  isOpen,
  isReoffered,
  type NextJob,
  type RunCommand,
  type RunEvent,
  type RunState,
  type StepReport,
  type StepResult,
  type StepState,
} from './run.ts';
import { canMove, isUnderWay, STEP_TRANSITIONS } from './states.ts';

/**
 * Checks of the agent (agent/checks.ts, docs/agent.md) that refuse the moment and not the step: nothing ran, and asked again
 * it may pass. `not-started` is its word for a step that it had accepted when it was ended.
 */
const ASK_AGAIN_CODES: readonly string[] = ['not-started', 'time', 'seq', 'panic', 'standstill', 'capacity'];
/** The lease had run out, or another one had begun, when the envelope came. */
const LEASE_CODE = 'lease';
/** They say that the step is known there already: what became of it is for a person to judge. */
const KNOWN_THERE_CODES: readonly string[] = ['rerun', 'duplicate'];

/** Records what an agent says. Saying it twice changes nothing. */
export function report(
  state: RunState,
  { step: id, attempt, envelopeId, report: said }: Extract<RunCommand, { type: 'report' }>,
  at: number,
): Decision<RunEvent> {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step || attempt < 1) return noSuchStep();
  if (attempt !== step.attempt || isStrange(step, envelopeId) || !isOpen(step))
    return events(...unexpected(step, attempt, said, at));
  const event = reported(state, step, said, at);
  return event && canMove(STEP_TRANSITIONS, step.status, event.type) && !isOld(step, event)
    ? events(event)
    : events();
}

/** A step that was offered once more stays open, so the word that its last attempt never started may come again. */
const isOld = (step: StepState, event: RunEvent): boolean =>
  event.type === 'step.not-started' && isReoffered(step) && step.trouble === event.sentence;

/** True when the report is about another envelope than the one on record. A recovered attempt has none on record. */
const isStrange = ({ dispatch, status }: StepState, envelopeId: string): boolean =>
  dispatch ? dispatch.envelopeId !== envelopeId : status === 'unknown';

/**
 * The agent says that something ran of which another thing is recorded, or nothing: our records were set back, or its own
 * were. A step that could still start waits for a person to look; of any other the record stays, and what was said is kept
 * beside it.
 */
function unexpected(step: StepState, attempt: number, said: StepReport, at: number): RunEvent[] {
  if (said.kind !== 'started' && said.kind !== 'finished' && said.kind !== 'unknown') return [];
  const sentence = `The agent says that attempt ${attempt} of this step ${wordsOf(said)}, and that is not what is recorded. Look at the host before anything else.`;
  const about = { step: step.id, attempt: Math.max(attempt, step.attempt), sentence, at };
  const isPast = attempt < step.attempt && isUnderWay(step.status);
  if (!isPast && canMove(STEP_TRANSITIONS, step.status, 'step.recovered'))
    return [{ type: 'step.recovered', ...about }];
  if (said.kind !== 'finished' || (attempt === step.attempt && isSame(step, said.result))) return [];
  if (step.trouble === sentence || step.contradiction === sentence) return [];
  return [{ type: 'step.contradicted', ...about }];
}

/** What is recorded of the end of a step says the same. */
function isSame({ status, result }: StepState, said: StepResult): boolean {
  if (result === null) return status === (isSuccess(said) ? 'succeeded' : 'failed');
  return (
    result.exitCode === said.exitCode &&
    result.signal === said.signal &&
    result.sha256 === said.sha256 &&
    result.finishedAt === said.finishedAt
  );
}

const isSuccess = ({ exitCode, timedOut }: StepResult): boolean => exitCode === 0 && !timedOut;

function wordsOf(said: StepReport): string {
  if (said.kind !== 'finished') return 'may have run';
  const { exitCode, signal, timedOut } = said.result;
  if (timedOut) return 'ran out of time';
  return signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
}

function reported(state: RunState, step: StepState, said: StepReport, at: number): RunEvent | null {
  const about = { step: step.id, attempt: step.attempt };
  switch (said.kind) {
    case 'started':
      return { type: 'step.started', ...about, startedAt: said.startedAt, at };
    case 'printed':
      return { type: 'step.printed', ...about, tail: said.tail, bytes: said.bytes, at };
    case 'finished': {
      const type = isSuccess(said.result) ? 'step.succeeded' : 'step.failed';
      return { type, ...about, result: said.result, at };
    }
    case 'rejected': {
      const { code, sentence } = said;
      if (code === LEASE_CODE) return undelivered(state, step, at);
      if (ASK_AGAIN_CODES.includes(code))
        return { type: 'step.not-started', ...about, code, sentence, next: nextOf(step), at };
      return {
        type: KNOWN_THERE_CODES.includes(code) ? 'step.unknown' : 'step.rejected',
        ...about,
        code,
        sentence,
        at,
      };
    }
    case 'unknown':
      return { type: 'step.unknown', ...about, code: 'agent-lost-it', sentence: said.sentence, at };
    case 'missing': {
      // Only a newer connection fences the envelope: until then it may still be on its way.
      const { seq = 0, leaseEpoch = 0 } = step.dispatch ?? {};
      if (said.leaseEpoch <= leaseEpoch) return null;
      return said.seqMark < seq && isUnheard(step)
        ? undelivered(state, step, at)
        : { type: 'step.unknown', ...about, code: 'journal-gap', sentence: GAP, at };
    }
    case 'withheld':
      return isUnheard(step) && step.dispatch?.leaseEpoch === said.leaseEpoch
        ? undelivered(state, step, at)
        : null;
  }
}

/** True when the agent has never said a word of the newest attempt. */
const isUnheard = ({ status, attempt, unheard }: StepState): boolean =>
  status === 'dispatched' || (status === 'unknown' && unheard === attempt);

const GAP =
  'The agent has had this step and its journal has no record of it. It may have run: look at the host before anything else.';

/** The envelope is dead and started nothing. While the run goes on the attempt is made anew; else somebody asks again. */
function undelivered(state: RunState, step: StepState, at: number): RunEvent {
  const about = { step: step.id, attempt: step.attempt };
  if (state.status === 'running' && step.status === 'dispatched')
    return { type: 'step.not-delivered', ...about, at };
  const sentence = 'This step did not reach the agent, so nothing ran.';
  return {
    type: 'step.not-started',
    ...about,
    code: 'not-delivered',
    sentence,
    next: nextOf(step),
    at,
  };
}

/** What the attempt after this one would run, or null when the step is not an agent's. */
export const nextOf = ({ job, attempt }: StepState): NextJob | null => job && nextJob(job, attempt + 1);
