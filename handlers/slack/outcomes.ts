import type { App, ViewSubmitAction } from '@slack/bolt';
import { refuse } from '../../src/audit/subject.ts';
import type { Choice } from '../../src/run/run.ts';
import { findRun, settleStep } from '../../src/run/service.ts';
import { stepTarget, VIEWS } from '../../src/slack/actions.ts';
import { aboutOutcome, outcomeView } from '../../src/slack/views.ts';
import { type OnPress, outcome } from './answer.ts';
import { depsOf } from './deps.ts';
import { boxValue, viewPayload } from './payloads.ts';

/** A button under a step whose outcome nobody can know: opens the form that asks for the reason. It changes nothing. */
export function openOutcome(choice: Choice): OnPress {
  return async (deps, { asker, value, trigger }) => {
    const target = stepTarget.parse(value);
    const state = await findRun(deps.log, deps.tenant, target.run);
    const step = state?.steps.find(({ id }) => id === target.step);
    if (step?.status !== 'unknown') {
      return refuse(
        'already-answered',
        'The outcome of this step is not in question any more. Your click changed nothing.',
      );
    }
    await deps.slack.openView(
      trigger,
      outcomeView(step, target, choice, asker.channel, asker.threadTs ?? ''),
    );
    return { ok: true };
  };
}

/** The form itself. A refusal comes back under the reason. */
export function registerOutcomeModal(app: App): void {
  const submitted = { callback_id: VIEWS.outcome, type: 'view_submission' as const };
  app.view<ViewSubmitAction>(submitted, async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel, threadTs, ...said } = aboutOutcome.parse(JSON.parse(submission.view.private_metadata));
    const by = submission.user.id;
    const reason = boxValue(submission, 'reason');
    const sentence = await outcome(deps, { user: by, channel }, () =>
      settleStep(deps, { tenant: deps.tenant, ...said, by, reason }),
    );
    await (sentence ? ack({ response_action: 'errors', errors: { reason: sentence } }) : ack());
  });
}
