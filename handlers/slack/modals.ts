import type { AckFn, App, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import type { refuse } from '../../src/audit/subject.ts';
import { startRunFromPage } from '../../src/incident/service.ts';
import { runId } from '../../src/protocol/ids.ts';
import { approveStep, resumeRun, startRun } from '../../src/run/service.ts';
import { validateValue } from '../../src/runbook/bind.ts';
import { findRunbook, importRunbook } from '../../src/runbook/service.ts';
import { checkSource } from '../../src/runbook/source.ts';
import { isAsShown } from '../../src/runbook/stream.ts';
import { inputsOf } from '../../src/runbook/variables.ts';
import { stepTarget, VIEWS } from '../../src/slack/actions.ts';
import { aboutConfirm, aboutNew, aboutResume, aboutStart, startRunView } from '../../src/slack/views.ts';
import { resumeTenant } from '../../src/tenant/service.ts';
import { afterAck, outcome } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { registerMembersModal } from './members.ts';
import { registerOutcomeModal } from './outcomes.ts';
import { registerPageModals } from './pages.ts';
import { boxValue, type ViewSubmission, viewPayload } from './payloads.ts';
import { registerProgramsModal } from './programs.ts';
import { registerRunbookModals } from './runbooks.ts';

/**
 * The modals. Unlike a button, a modal is answered in the acknowledgement: an error has to come back into the box that
 * caused it, so the work is done first. All of it is one look-up and one transaction.
 */
export function registerModals(app: App): void {
  app.view<ViewSubmitAction>(submitted(VIEWS.newRunbook), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel } = aboutNew.parse(JSON.parse(submission.view.private_metadata));
    const text = boxValue(submission, 'text');
    const check = checkSource(text);
    if (!check.ok) return ack(fieldErrors({ text: check.sentence }));
    await ack();
    const by = submission.user.id;
    await afterAck(deps, { user: by, channel }, () =>
      importRunbook(deps, { tenant: deps.tenant, by, text, place: { channel, threadTs: null } }),
    );
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.startRun), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel, runbook, shown, incident } = aboutStart.parse(
      JSON.parse(submission.view.private_metadata),
    );
    const state = await findRunbook(deps.log, deps.tenant, runbook);
    const parse = state?.parse ?? null;
    const inputs = parse ? inputsOf(parse) : [];
    const values = new Map(inputs.map(({ name }) => [name, boxValue(submission, name).trim()]));
    if (state && parse && !isAsShown(state, shown)) {
      // A model or a person has changed the draft since: the form asks again, for what its steps wait for now.
      const typed = new Map(
        [...values].filter(([name]) => Object.hasOwn(submission.view.state.values, name)),
      );
      const view = startRunView(runbook, parse, channel, { incident, values: typed, isAskedAnew: true });
      return ack({ response_action: 'update', view });
    }
    const commands = parse?.steps.flatMap((step) => step.commands.map(({ text }) => text));
    const wrong = inputs.flatMap((variable) => {
      const sentence = validateValue(variable, values.get(variable.name) ?? '', commands);
      return sentence ? [[variable.name, sentence] as const] : [];
    });
    if (wrong.length > 0) return ack(fieldErrors(Object.fromEntries(wrong)));
    await ack();
    const by = submission.user.id;
    const start = { tenant: deps.tenant, runbook, by, shown, values, channel };
    await afterAck(deps, { user: by, channel }, () =>
      incident ? startRunFromPage(deps, { ...start, incident }) : startRun(deps, start),
    );
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.confirmStep), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel, target } = aboutConfirm.parse(JSON.parse(submission.view.private_metadata));
    await answerTyped(ack, deps, submission, channel, () =>
      approveStep(deps, {
        tenant: deps.tenant,
        ...stepTarget.parse(target),
        by: submission.user.id,
        typed: boxValue(submission, 'typed'),
      }),
    );
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.resume), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel, run } = aboutResume.parse(JSON.parse(submission.view.private_metadata));
    const by = submission.user.id;
    const typed = boxValue(submission, 'typed');
    await answerTyped(ack, deps, submission, channel, () =>
      run
        ? resumeRun(deps, deps.tenant, runId(run), by, typed)
        : resumeTenant(deps, { tenant: deps.tenant, by, typed }),
    );
  });

  registerPageModals(app);
  registerOutcomeModal(app);
  registerMembersModal(app);
  registerProgramsModal(app);
  registerRunbookModals(app);

  // A modal that nobody listens for would leave Slack waiting and the person without an answer.
  app.view({ callback_id: /.*/, type: 'view_submission' }, async ({ ack, body }) => {
    const known: readonly string[] = Object.values(VIEWS);
    if (!known.includes(body.view.callback_id)) await ack();
  });
}

const submitted = (view: string) => ({ callback_id: view, type: 'view_submission' as const });

type Ack = AckFn<ViewResponseAction>;

async function answerTyped(
  ack: Ack,
  deps: SlackDeps,
  { user }: ViewSubmission,
  channel: string,
  work: () => Promise<{ ok: true } | ReturnType<typeof refuse>>,
): Promise<void> {
  const sentence = await outcome(deps, { user: user.id, channel }, work);
  await (sentence ? ack(fieldErrors({ typed: sentence })) : ack());
}

const fieldErrors = (errors: Record<string, string>) => ({ response_action: 'errors' as const, errors });
