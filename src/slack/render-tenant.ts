import type { RunState } from '../run/run.ts';
import type { TenantState } from '../tenant/tenant.ts';
import { ACTIONS } from './actions.ts';
import { actions, context, section } from './blocks.ts';
import type { Message, Spot } from './message.ts';
import { mention, moment, plain } from './words.ts';

const MAX_NAMED = 10;
const WAYS = { reaction: 'with a 🛑', command: 'with `/runbook panic`', button: 'with a button' } as const;

/** The banner of the newest pause: who stopped everything, what is still ending, and later who let it go on. */
export function renderTenant(state: TenantState, live: readonly RunState[]): Message[] {
  const pause = state.paused ?? state.lastPause;
  if (!pause || pause.way === 'uninstall') return []; // when the app was removed there was nowhere to say so
  const { channel, threadTs } = pause.place;
  const spot: Spot = threadTs ? { kind: 'thread', ts: threadTs } : { kind: 'channel' };
  const key = `pause-${state.panicEpoch}`;
  const stopped = `Paused by ${mention(pause.by)} at ${moment(pause.at)} ${WAYS[pause.way]}.`;
  if (!state.paused && state.lastPause) {
    const text = `Runs go on: resumed by ${state.lastPause.endedBy.map(mention).join(' and ')} at ${moment(state.lastPause.endedAt)}.`;
    return [{ key, channel, spot, text, blocks: [section(`*Runs go on.* ${stopped}`), context(text)] }];
  }
  const running = live.flatMap((run) =>
    run.steps.filter(({ status }) => status === 'running').map((step) => ({ run, step })),
  );
  const named = running
    .slice(0, MAX_NAMED)
    .map(
      ({ run, step }) => `• step ${step.number} of ${plain(run.plan?.title ?? '')} (run ${run.plan?.runId})`,
    );
  const ending =
    running.length === 0
      ? 'No step is running.'
      : [
          `${running.length === 1 ? 'One step is' : `${running.length} steps are`} still running and may finish:`,
          ...named,
        ].join('\n');
  const asked = state.resumeAskedBy
    ? `${mention(state.resumeAskedBy)} asked to resume; a second admin has to confirm.`
    : 'Resuming takes an admin: `/runbook resume`.';
  const kill = {
    action: ACTIONS.killAll,
    label: 'Stop running steps',
    value: 'v1',
    style: 'danger' as const,
    ask: {
      title: 'Stop running steps',
      question: 'Every running step is ended, with everything it started. What they did so far stays done.',
      yes: 'Stop steps',
    },
  };
  return [
    {
      key,
      channel,
      spot,
      text: `All runs are paused. No new step will start. ${stopped}`,
      blocks: [
        section(`*All runs are paused. No new step will start.*\n${stopped}\n${ending}`),
        actions(...(running.length > 0 ? [kill] : []), {
          action: ACTIONS.resumeAll,
          label: 'Resume …',
          value: 'v1',
        }),
        context(asked),
      ],
    },
  ];
}
