import { expect, test } from '@jest/globals';
import { encodeStep } from '../../src/slack/actions.ts';
import { stepMessage } from '../../src/slack/render-step.ts';
import { confirmStepView } from '../../src/slack/views.ts';
import { mrkdwnOf } from '../support/block-kit.ts';
import { buildPlan, buildRun, RUN, S1 } from '../support/builders.ts';

/** The first step of a run, as its message and as the form that confirms it. */
function shown(spec: NonNullable<Parameters<typeof buildPlan>[0]>['steps']): string[] {
  const state = buildRun({ plan: buildPlan({ steps: spec ?? [] }) });
  const [step] = state.steps;
  if (!state.plan || !step) throw new Error('There is no step.');
  const target = { run: RUN, step: S1, shown: step.job?.execSha256 ?? '' };
  const form = confirmStepView(step, target, encodeStep(target), 'C1', '1.2');
  return [stepMessage(state, state.plan, step), form].map(({ blocks }) => mrkdwnOf({ blocks }).join(' '));
}

test('the folder that a command starts in stands beside it, wherever it is approved', () => {
  for (const text of shown([{ command: 'rm -r cache', cwd: '/srv/app', risk: 'danger' }]))
    expect(text).toContain('Starts in `/srv/app`.');
});

test('nothing is said of the usual folder', () => {
  for (const text of shown([{ command: 'uptime' }])) expect(text).not.toContain('Starts in');
});

test('the reason why a step is by hand can mention nobody, whatever its author wrote', () => {
  const reason = 'It was written for the folder “<!channel>”.';
  expect(shown([{ byHand: { command: 'uptime', reason } }])[0]).toContain('“&lt;!channel&gt;”');
});
