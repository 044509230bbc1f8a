import type { App } from '@slack/bolt';
import type { z } from 'zod';
import { refuse } from '../../src/audit/subject.ts';
import { actOnRun, approveStep, findRun } from '../../src/run/service.ts';
import { killRunningSteps } from '../../src/run/stop.ts';
import { ACTIONS, runTarget, stepTarget } from '../../src/slack/actions.ts';
import { confirmStepView, resumeView } from '../../src/slack/views.ts';
import { pauseTenant } from '../../src/tenant/service.ts';
import { afterAck, type OnPress, type Press } from './answer.ts';
import { depsOf } from './deps.ts';
import { openOutcome } from './outcomes.ts';
import { chooseRunbook, seeSteps, startFromPage } from './pages.ts';
import { buttonPayload } from './payloads.ts';
import { pressAdopt, pressDiscard, pressEdit, pressSave, pressStart } from './runbooks.ts';

/** What each button does. One row a button; the person's rights are looked up by what is called. */
const BUTTONS: Record<(typeof ACTIONS)[keyof typeof ACTIONS], OnPress> = {
  [ACTIONS.startRun]: pressStart,
  [ACTIONS.saveRunbook]: pressSave,
  [ACTIONS.discardRunbook]: pressDiscard,
  [ACTIONS.editLines]: pressEdit,
  [ACTIONS.adoptLine]: pressAdopt,
  [ACTIONS.approveStep]: (deps, { asker, value }) =>
    approveStep(deps, { tenant: deps.tenant, ...stepTarget.parse(value), by: asker.user, typed: null }),
  [ACTIONS.confirmStep]: async (deps, { asker, value, trigger }) => {
    const target = stepTarget.parse(value);
    const state = await findRun(deps.log, deps.tenant, target.run);
    const step = state?.steps.find(({ id }) => id === target.step);
    if (step?.status !== 'awaiting-approval' || state?.status !== 'running') {
      return refuse(
        'already-answered',
        'This step does not wait for approval any more. Your click changed nothing.',
      );
    }
    await deps.slack.openView(
      trigger,
      confirmStepView(step, target, value, asker.channel, asker.threadTs ?? ''),
    );
    return { ok: true };
  },
  [ACTIONS.skipStep]: onStep('skip'),
  [ACTIONS.doneStep]: onStep('done'),
  [ACTIONS.askAgain]: onStep('ask-again'),
  [ACTIONS.killStep]: onStep('kill'),
  [ACTIONS.killAll]: (deps, { asker }) => killRunningSteps(deps, deps.tenant, asker.user),
  [ACTIONS.pauseRun]: (deps, { asker, value }) =>
    actOnRun(deps, deps.tenant, runTarget.parse(value), asker.user, { type: 'pause' }),
  [ACTIONS.abortRun]: (deps, { asker, value }) =>
    actOnRun(deps, deps.tenant, runTarget.parse(value), asker.user, { type: 'abort' }),
  [ACTIONS.resumeRun]: async (deps, { asker, value, trigger }) => {
    await deps.slack.openView(trigger, resumeView(asker.channel, runTarget.parse(value)));
    return { ok: true };
  },
  [ACTIONS.pauseAll]: (deps, { asker }) =>
    pauseTenant(deps, {
      tenant: deps.tenant,
      by: asker.user,
      way: 'button',
      place: { channel: asker.channel, threadTs: null },
    }),
  [ACTIONS.startFromPage]: startFromPage,
  [ACTIONS.seeSteps]: seeSteps,
  [ACTIONS.chooseRunbook]: chooseRunbook,
  [ACTIONS.markSucceeded]: openOutcome('succeeded'),
  [ACTIONS.markFailed]: openOutcome('failed'),
  [ACTIONS.runAgain]: openOutcome('rerun'),
  [ACTIONS.resumeAll]: async (deps, { asker, trigger }) => {
    await deps.slack.openView(trigger, resumeView(asker.channel, null));
    return { ok: true };
  },
};

function onStep(type: 'skip' | 'done' | 'ask-again' | 'kill'): OnPress {
  return (deps, { asker, value }) => {
    const { run, step } = stepTarget.parse(value);
    return actOnRun(deps, deps.tenant, run, asker.user, { type, step });
  };
}

/** Registers every button: acknowledge, then do it, then say so if it was refused. */
export function registerButtons(app: App): void {
  // A button nobody listens for (a link, or one of an older version) still wants its acknowledgement.
  app.action(/.*/, async ({ ack, action }) => {
    if (!('action_id' in action && Object.hasOwn(BUTTONS, action.action_id))) await ack();
  });
  for (const [id, press] of Object.entries(BUTTONS)) {
    app.action(id, async ({ ack, body, context }) => {
      await ack();
      const deps = depsOf(context);
      const { asker, value, trigger } = readPress(buttonPayload.parse(body));
      await afterAck(deps, asker, () => press(deps, { asker, value, trigger }));
    });
  }
}

function readPress({ user, trigger_id, channel, container, actions }: z.infer<typeof buttonPayload>): Press {
  const thread = container.thread_ts ?? container.message_ts;
  return {
    asker: {
      user: user.id,
      channel: channel?.id ?? container.channel_id ?? '',
      ...(thread ? { threadTs: thread } : {}),
    },
    value: actions[0]?.value ?? '',
    trigger: trigger_id,
  };
}
