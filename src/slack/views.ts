import type { View } from '@slack/types';
import { z } from 'zod';
import { type RunbookId, runbookId } from '../protocol/ids.ts';
import type { StepState } from '../run/run.ts';
import type { Parse } from '../runbook/runbook.ts';
import { RESUME_WORD } from '../tenant/resume.ts';
import { truncateHead } from '../text/truncate.ts';
import { type StepTarget, VIEWS } from './actions.ts';
import { code, context, input, modal, section } from './blocks.ts';
import { LIMITS } from './limits.ts';
import { clip, plain, reasons } from './words.ts';

/** Values of a run are at most this long; see bind. */
const MAX_VALUE = 253;
const MAX_COMMAND = 2_500;
const MAX_EXAMPLE = 80;

const inChannel = z.strictObject({ channel: z.string().min(1) });

/** What the modals carry in their metadata. It names things and grants nothing. */
export const aboutNew = inChannel;
export const aboutStart = z.strictObject({
  channel: z.string().min(1),
  runbook: z.string().transform(runbookId),
});
export const aboutConfirm = z.strictObject({
  channel: z.string().min(1),
  threadTs: z.string(),
  target: z.string(),
});
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

/** Asks for the values of a run, or just whether to start when there are none. */
export function startRunView(runbook: RunbookId, parse: Parse, channel: string): View {
  const fields = parse.variables.slice(0, LIMITS.modalBlocks - 2).map(({ name, type, example }) =>
    input({
      id: name,
      label: name,
      hint: example
        ? `${type.replaceAll('-', ' ')}, for example ${clip(example, MAX_EXAMPLE)}`
        : type.replaceAll('-', ' '),
      max: MAX_VALUE,
    }),
  );
  return modal({
    view: VIEWS.startRun,
    title: 'Start run',
    submit: 'Start run',
    about: JSON.stringify({ channel, runbook }),
    blocks: [
      section(`*${plain(parse.title)}*`),
      ...fields,
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
      input({ id: 'typed', label: `Type ${job?.confirm ?? ''} to approve`, max: MAX_VALUE }),
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
      input({ id: 'typed', label: `Type ${RESUME_WORD} to go on`, max: MAX_VALUE }),
    ],
  });
}
