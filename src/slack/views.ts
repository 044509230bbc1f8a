import type { View } from '@slack/types';
import { z } from 'zod';
import { type IncidentId, incidentId, type RunbookId, runbookId, runId, stepId } from '../protocol/ids.ts';
import { CHOICES, type Choice, REASON_LENGTH, type StepState } from '../run/run.ts';
import { parseSha256 } from '../runbook/edit.ts';
import type { Parse, Variable } from '../runbook/runbook.ts';
import { MAX_TEXT } from '../runbook/value.ts';
import { inputsOf } from '../runbook/variables.ts';
import { RESUME_WORD } from '../tenant/resume.ts';
import { truncateHead } from '../text/truncate.ts';
import { type StepTarget, VIEWS } from './actions.ts';
import { code, context, input, modal, section } from './blocks.ts';
import { LIMITS } from './limits.ts';
import { startsIn } from './render-step.ts';
import { clip, plain, reasons } from './words.ts';

/** What a person types to confirm, and a secret, are no longer than this. */
const MAX_TYPED = 253;
const MAX_COMMAND = 2_500;
const MAX_EXAMPLE = 80;

const inChannel = z.strictObject({ channel: z.string().min(1) });

/** What the modals carry in their metadata. It names things and grants nothing. */
export const aboutNew = inChannel;
export const aboutStart = z.strictObject({
  channel: z.string().min(1),
  runbook: z.string().transform(runbookId),
  /** Hash of the steps that the form was opened for. */
  shown: z.string(),
  /** The page that it is started from, if it is. */
  incident: z.string().transform(incidentId).optional(),
});
export const aboutConfirm = z.strictObject({
  channel: z.string().min(1),
  threadTs: z.string(),
  target: z.string(),
});
export const aboutPagerDuty = inChannel;
export const aboutResume = z.strictObject({ channel: z.string().min(1), run: z.string().nullable() });

/** A box for a short runbook. Longer ones come as a message: Slack's boxes hold 3,000 characters. */
export function newRunbookView(channel: string): View {
  return modal({
    view: VIEWS.newRunbook,
    title: 'New runbook',
    submit: 'Read it',
    about: JSON.stringify({ channel }),
    blocks: [
      input({
        id: 'text',
        label: 'Runbook',
        hint: 'Markdown or plain text, up to 3,000 characters.',
        multiline: true,
      }),
      context('Longer? Post it as a message and choose “Turn into runbook” from the message’s menu.'),
    ],
  });
}

/** What is known of the inputs before anybody is asked: defaults that a person sees and can change. */
export interface Given {
  /** The page that the run is started from, and that the values come from. */
  readonly incident?: IncidentId | undefined;
  readonly values: ReadonlyMap<string, string>;
  /** The form is asked anew, because the steps are not those that it was opened for. */
  readonly isAskedAnew?: boolean;
}

/** The inputs that the form asks for: as many as a form has room for. */
const askedOf = (parse: Parse): readonly Variable[] => inputsOf(parse).slice(0, LIMITS.modalBlocks - 4);

/** Asks for the values of a run, or just whether to start when there are none. */
export function startRunView(runbook: RunbookId, parse: Parse, channel: string, given?: Given): View {
  const { incident, values = new Map<string, string>(), isAskedAnew = false } = given ?? {};
  const fields = askedOf(parse).map(({ name, type, example, default: preset }) =>
    input({
      id: name,
      label: name,
      hint: example
        ? `${type.replaceAll('-', ' ')}, for example ${clip(example, MAX_EXAMPLE)}`
        : type.replaceAll('-', ' '),
      max: MAX_TEXT,
      initial: values.get(name) ?? preset ?? '',
    }),
  );
  return modal({
    view: VIEWS.startRun,
    title: 'Start run',
    submit: 'Start run',
    about: JSON.stringify({ channel, runbook, shown: parseSha256(parse), ...(incident ? { incident } : {}) }),
    blocks: [
      section(`*${plain(parse.title)}*`),
      ...(isAskedAnew
        ? [
            section(
              '*The steps have changed since this form was opened.* Look at them in the preview, then start.',
            ),
          ]
        : []),
      ...fields,
      ...(incident && values.size > 0 ? [context('Some values come from the page. Check them.')] : []),
      context('Every command is judged again with these values before anything is offered.'),
    ],
  });
}

/** Typed confirmation of a dangerous step, with everything that is about to run on the screen. */
export function confirmStepView(
  step: StepState,
  target: StepTarget,
  encoded: string,
  channel: string,
  threadTs: string,
): View {
  const { job } = step;
  return modal({
    view: VIEWS.confirmStep,
    title: `Approve step ${step.number}`,
    submit: 'Approve',
    about: JSON.stringify({ channel, threadTs, target: encoded }),
    blocks: [
      section(`*This step is dangerous.*\n${job ? reasons(job.verdict) : ''}`),
      code(truncateHead(job?.command ?? '', MAX_COMMAND)),
      ...(job ? startsIn(job) : []),
      input({ id: 'typed', label: `Type ${job?.confirm ?? ''} to approve`, max: MAX_TYPED }),
      context(`Run ${target.run} · approval is bound to these bytes: ${target.shown.slice(0, 8)}`),
    ],
  });
}

/** Typed confirmation to go on after a pause, of one run or of everything. */
export function resumeView(channel: string, run: string | null): View {
  return modal({
    view: VIEWS.resume,
    title: 'Resume',
    submit: 'Resume',
    about: JSON.stringify({ channel, run }),
    blocks: [
      section(
        run
          ? `Run ${run} goes on from the step it stands at.`
          : 'All runs of this workspace go on. Approvals that were not used before the pause have to be given again.',
      ),
      input({ id: 'typed', label: `Type ${RESUME_WORD} to go on`, max: MAX_TYPED }),
    ],
  });
}

/** Where PagerDuty has to send its webhook, and a box for the secret that it signs with. The secret is never shown. */
export function pagerDutyView(channel: string, url: string, secrets: number): View {
  const known =
    secrets === 0
      ? 'No secret is set yet, so every webhook is refused.'
      : 'A secret is set. A new one is taken beside it, so that you can replace it without losing a page; the one before the two newest is forgotten.';
  return modal({
    view: VIEWS.pagerDuty,
    title: 'Connect PagerDuty',
    submit: 'Save secret',
    about: JSON.stringify({ channel }),
    blocks: [
      section(
        '*1.* In PagerDuty, under Integrations, Generic Webhooks (v3), make a webhook with this address and the incident events:',
      ),
      code(url),
      section('*2.* PagerDuty then shows a secret, once. Paste it here.'),
      input({ id: 'secret', label: 'Signing secret', hint: known, max: MAX_TYPED }),
      context('*3.* In the channel that pages belong to, type `/runbook pages`.'),
    ],
  });
}

/** What the form about an unknown outcome carries: the attempt it is about, so that an old form says nothing of a newer one. */
export const aboutOutcome = z.strictObject({
  channel: z.string().min(1),
  threadTs: z.string(),
  run: z.string().transform(runId),
  step: z.string().transform(stepId),
  attempt: z.int().positive(),
  choice: z.enum(CHOICES),
});

const OUTCOME = {
  succeeded: {
    title: 'Mark as succeeded',
    submit: 'Mark succeeded',
    means: 'The run goes on with what comes after it.',
  },
  failed: { title: 'Mark as failed', submit: 'Mark failed', means: 'The run ends. Nothing else starts.' },
  rerun: {
    title: 'Run again',
    submit: 'Ask for approval',
    means:
      'The step is offered again and needs a new approval. If it ran the first time, it will have run twice.',
  },
} as const satisfies Record<Choice, { title: string; submit: string; means: string }>;

/** Asks how somebody knows how a step ended, or why it is to run once more. */
export function outcomeView(
  step: StepState,
  { run }: Pick<StepTarget, 'run'>,
  choice: Choice,
  channel: string,
  threadTs: string,
): View {
  const { title, submit, means } = OUTCOME[choice];
  const about = { channel, threadTs, run, step: step.id, attempt: step.attempt, choice };
  return modal({
    view: VIEWS.outcome,
    title,
    submit,
    about: JSON.stringify(about),
    blocks: [
      section(`*Step ${step.number}, whose outcome nobody can know.* ${means}`),
      code(truncateHead(step.job?.command ?? '', MAX_COMMAND)),
      input({
        id: 'reason',
        label: choice === 'rerun' ? 'Why run it again' : 'How you know',
        hint: 'A sentence. It is kept in the log and shown in the thread.',
        multiline: true,
        max: REASON_LENGTH.max,
      }),
    ],
  });
}
