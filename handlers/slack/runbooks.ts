import type { App, ViewSubmitAction } from '@slack/bolt';
import type { View } from '@slack/types';
import { refuse } from '../../src/audit/subject.ts';
import { startRun } from '../../src/run/service.ts';
import { changedMeanwhile, stepsChanged } from '../../src/runbook/changes.ts';
import { lineSha256, lineText } from '../../src/runbook/edit.ts';
import { flatten } from '../../src/runbook/flatten.ts';
import {
  adoptSuggestion,
  discardRunbook,
  editRunbook,
  findRunbook,
  saveRunbook,
} from '../../src/runbook/service.ts';
import { isAsShown } from '../../src/runbook/stream.ts';
import { inputsOf } from '../../src/runbook/variables.ts';
import { lineRange, lineTarget, runbookTarget, VIEWS } from '../../src/slack/actions.ts';
import {
  aboutLine,
  aboutLines,
  chooseLineView,
  editLineView,
  readLine,
} from '../../src/slack/runbook-views.ts';
import { startRunView } from '../../src/slack/views.ts';
import { type Answer, outcome, type Press, type Refused } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { boxValue, choice, viewPayload } from './payloads.ts';

/** Start run: asks for the values first when there are any. */
export async function pressStart(deps: SlackDeps, { asker, value, trigger }: Press): Promise<Answer> {
  const { runbook, shown } = runbookTarget.parse(value);
  const state = await findRunbook(deps.log, deps.tenant, runbook);
  if (!state?.parse) return noSuchRunbook;
  const { parse } = state;
  if (!isAsShown(state, shown)) return stepsChanged;
  if (inputsOf(parse).length === 0) {
    const { tenant } = deps;
    const by = asker.user;
    return startRun(deps, { tenant, runbook, by, shown, values: new Map(), channel: asker.channel });
  }
  await deps.slack.openView(trigger, startRunView(runbook, parse, asker.channel));
  return { ok: true };
}

export const pressSave = (deps: SlackDeps, { asker, value }: Press): Promise<Answer> =>
  saveRunbook(deps, { tenant: deps.tenant, by: asker.user, ...runbookTarget.parse(value) });

export const pressDiscard = (deps: SlackDeps, { asker, value }: Press): Promise<Answer> =>
  discardRunbook(deps, deps.tenant, runbookTarget.parse(value).runbook, asker.user);

export function pressAdopt(deps: SlackDeps, { asker, value }: Press): Promise<Answer> {
  const { runbook, at: line, shown } = lineTarget.parse(value);
  return adoptSuggestion(deps, { tenant: deps.tenant, runbook, by: asker.user, line, shown });
}

/** Edit steps: asks which one, unless the page has one only. It changes nothing. */
export async function pressEdit(deps: SlackDeps, { asker, value, trigger }: Press): Promise<Answer> {
  const range = lineRange.parse(value);
  const state = await findRunbook(deps.log, deps.tenant, range.runbook);
  if (!state?.parse) return noSuchRunbook;
  const { parse, verdicts } = state;
  const [only, another] = flatten(parse, verdicts).slice(range.first - 1, range.last);
  if (!only) return changedMeanwhile;
  if (another) {
    await deps.slack.openView(trigger, chooseLineView(range, { parse, verdicts }, asker.channel));
    return { ok: true };
  }
  const text = lineText(parse, only.at);
  const shown = text ? lineSha256(text) : '';
  const form = await lineForm(deps, { runbook: range.runbook, at: only.at, shown }, asker.channel);
  if (!form.ok) return form;
  await deps.slack.openView(trigger, form.view);
  return { ok: true };
}

const noSuchRunbook = refuse('no-such-runbook', 'There is no such runbook any more.');

/** The form that changes a line, as long as it is the line that was chosen. */
async function lineForm(
  { log, tenant }: SlackDeps,
  target: ReturnType<typeof lineTarget.parse>,
  channel: string,
): Promise<{ readonly ok: true; readonly view: View } | Refused> {
  const state = await findRunbook(log, tenant, target.runbook);
  if (!state?.parse) return noSuchRunbook;
  const text = lineText(state.parse, target.at);
  const line = flatten(state.parse, state.verdicts).find(
    ({ at }) => at.step === target.at.step && at.command === target.at.command,
  );
  if (!text || !line || lineSha256(text) !== target.shown) return changedMeanwhile;
  return { ok: true, view: editLineView(target, line, text, state, channel) };
}

const submitted = (view: string) => ({ callback_id: view, type: 'view_submission' as const });

/** The two forms: which line, and what becomes of it. What is refused is said in the form. */
export function registerRunbookModals(app: App): void {
  app.view<ViewSubmitAction>(submitted(VIEWS.chooseLine), async ({ ack, body, context }) => {
    const submission = viewPayload.parse(body);
    const { channel } = aboutLines.parse(JSON.parse(submission.view.private_metadata));
    const form = await lineForm(depsOf(context), lineTarget.parse(choice(submission, 'line')), channel);
    return form.ok
      ? ack({ response_action: 'update', view: form.view })
      : ack({ response_action: 'errors', errors: { line: form.refusal.sentence } });
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.editLine), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel, target } = aboutLine.parse(JSON.parse(submission.view.private_metadata));
    const by = submission.user.id;
    const { runbook, at: line, shown } = lineTarget.parse(target);
    const said = {
      title: boxValue(submission, 'title'),
      command: boxValue(submission, 'command'),
      expected: boxValue(submission, 'expected'),
    };
    const sentence = await outcome(deps, { user: by, channel }, async () => {
      const parse = (await findRunbook(deps.log, deps.tenant, runbook))?.parse;
      const before = parse && lineText(parse, line);
      if (!before) return changedMeanwhile;
      const after = readLine(before, said);
      return editRunbook(deps, { tenant: deps.tenant, runbook, by, line, shown, after });
    });
    await (sentence ? ack({ response_action: 'errors', errors: { title: sentence } }) : ack());
  });
}
