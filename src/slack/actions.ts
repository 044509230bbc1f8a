import { z } from 'zod';
import {
  type IncidentId,
  incidentId,
  type RunbookId,
  type RunId,
  runbookId,
  runId,
  type StepId,
  stepId,
} from '../protocol/ids.ts';
import type { LineAt } from '../runbook/flatten.ts';

/** Everything a person can press, by the id that Slack sends back. */
export const ACTIONS = {
  startRun: 'start_run',
  saveRunbook: 'save_runbook',
  discardRunbook: 'discard_runbook',
  editLines: 'edit_lines',
  adoptLine: 'adopt_line',
  approveStep: 'approve_step',
  confirmStep: 'confirm_step',
  skipStep: 'skip_step',
  doneStep: 'done_step',
  askAgain: 'ask_again',
  killStep: 'kill_step',
  killAll: 'kill_all',
  pauseRun: 'pause_run',
  resumeRun: 'resume_run',
  abortRun: 'abort_run',
  pauseAll: 'pause_all',
  resumeAll: 'resume_all',
  startFromPage: 'start_from_page',
  seeSteps: 'see_steps',
  chooseRunbook: 'choose_runbook',
  markSucceeded: 'mark_succeeded',
  markFailed: 'mark_failed',
  runAgain: 'run_again',
} as const;

/** The modals, by callback id. */
export const VIEWS = {
  newRunbook: 'new_runbook',
  startRun: 'start_run',
  confirmStep: 'confirm_step',
  resume: 'resume',
  steps: 'steps',
  chooseRunbook: 'choose_runbook',
  pagerDuty: 'pagerduty',
  outcome: 'outcome',
  members: 'members',
  programs: 'programs',
  chooseLine: 'choose_line',
  editLine: 'edit_line',
} as const;

/** The message shortcut, by callback id. */
export const SHORTCUT = 'turn_into_runbook';

/** What a button or modal is about. It names things and grants nothing: every right is looked up when it is used. */
export interface StepTarget {
  readonly run: RunId;
  readonly step: StepId;
  /** Hash of the exec block that was on the screen. */
  readonly shown: string;
}

/** A runbook, from the page that asks for one. */
export interface PageTarget {
  readonly incident: IncidentId;
  readonly runbook: RunbookId;
}

/** One line of a runbook. */
export interface LineTarget {
  readonly runbook: RunbookId;
  readonly at: LineAt;
  /** Hash of the line that was on the screen. */
  readonly shown: string;
}

/** A runbook, and what was shown of it. */
export interface RunbookTarget {
  readonly runbook: RunbookId;
  /** Hash of the steps that were on the screen; null where none were, which is enough for a saved runbook. */
  readonly shown: string | null;
}

/** The lines of one page of a preview, by their numbers. */
export interface LineRange {
  readonly runbook: RunbookId;
  readonly first: number;
  readonly last: number;
}

const ID = '[0-9A-Z]{4,32}';
const stepPattern = new RegExp(`^v1\\.(${ID})\\.(s[0-9]{1,5})\\.([0-9a-f]{64}|-)$`);
const pagePattern = new RegExp(`^v1\\.(${ID})\\.(${ID})$`);
const linePattern = new RegExp(`^v1\\.(${ID})\\.([0-9]{1,5})\\.([0-9]{1,5}|-)\\.([0-9a-f]{64})$`);
const rangePattern = new RegExp(`^v1\\.(${ID})\\.([0-9]{1,5})\\.([0-9]{1,5})$`);
const runbookPattern = new RegExp(`^v1\\.(${ID})(?:\\.([0-9a-f]{64}))?$`);
const idPattern = new RegExp(`^v1\\.(${ID})$`);

export const encodeStep = ({ run, step, shown }: StepTarget): string => `v1.${run}.${step}.${shown || '-'}`;
export const encodePage = ({ incident, runbook }: PageTarget): string => `v1.${incident}.${runbook}`;
export const encodeLine = ({ runbook, at, shown }: LineTarget): string =>
  `v1.${runbook}.${at.step}.${at.command ?? '-'}.${shown}`;
export const encodeRange = ({ runbook, first, last }: LineRange): string => `v1.${runbook}.${first}.${last}`;
export const encodeRunbook = ({ runbook, shown }: RunbookTarget): string =>
  shown === null ? `v1.${runbook}` : `v1.${runbook}.${shown}`;
export const encodeId = (id: RunId | IncidentId): string => `v1.${id}`;

/** A button's value as a step, or a ZodError. */
export const stepTarget = z.string().transform((value, ctx): StepTarget => {
  const [, run, step, shown] = stepPattern.exec(value) ?? [];
  if (run && step && shown) return { run: runId(run), step: stepId(step), shown: shown === '-' ? '' : shown };
  ctx.addIssue({ code: 'custom', message: 'names no step' });
  return z.NEVER;
});

/** A button's value as a page and a runbook, or a ZodError. */
export const pageTarget = z.string().transform((value, ctx): PageTarget => {
  const [, incident, runbook] = pagePattern.exec(value) ?? [];
  if (incident && runbook) return { incident: incidentId(incident), runbook: runbookId(runbook) };
  ctx.addIssue({ code: 'custom', message: 'names no page' });
  return z.NEVER;
});

/** A button's value as a line of a runbook, or a ZodError. */
export const lineTarget = z.string().transform((value, ctx): LineTarget => {
  const [, id, step, command, shown] = linePattern.exec(value) ?? [];
  if (id && step && command && shown) {
    const at = { step: Number(step), command: command === '-' ? null : Number(command) };
    return { runbook: runbookId(id), at, shown };
  }
  ctx.addIssue({ code: 'custom', message: 'names no line' });
  return z.NEVER;
});

/** A button's value as lines of a runbook, or a ZodError. */
export const lineRange = z.string().transform((value, ctx): LineRange => {
  const [, id, first, last] = rangePattern.exec(value) ?? [];
  if (id && first && last) return { runbook: runbookId(id), first: Number(first), last: Number(last) };
  ctx.addIssue({ code: 'custom', message: 'names no lines' });
  return z.NEVER;
});

/** A button's value as a runbook, or a ZodError. */
export const runbookTarget = z.string().transform((value, ctx): RunbookTarget => {
  const [, id, shown] = runbookPattern.exec(value) ?? [];
  if (id) return { runbook: runbookId(id), shown: shown ?? null };
  ctx.addIssue({ code: 'custom', message: 'names no runbook' });
  return z.NEVER;
});

const oneId = <T>(brand: (id: string) => T) =>
  z.string().transform((value, ctx): T => {
    const [, id] = idPattern.exec(value) ?? [];
    if (id) return brand(id);
    ctx.addIssue({ code: 'custom', message: 'names nothing' });
    return z.NEVER;
  });

/** A button's value as a run, or a ZodError. */
export const runTarget = oneId(runId);
/** A button's value as an incident, or a ZodError. */
export const incidentTarget = oneId(incidentId);
