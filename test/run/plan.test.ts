import { describe, expect, test } from '@jest/globals';
import { execSha256 } from '../../src/protocol/envelope.ts';
import { userId } from '../../src/protocol/ids.ts';
import { makePlan, type PlanInput, targetOf } from '../../src/run/plan.ts';
import type { Parse } from '../../src/runbook/runbook.ts';
import { buildParse, buildPlan, variable, verdict } from '../support/builders.ts';
import { fakeScanner } from '../support/fakes.ts';

const { steps: _, title: __, ...FIXED } = buildPlan();

function plan(parse: Parse, values: Record<string, string> = {}, trust: PlanInput['trust'] = 'copilot') {
  const verdicts = parse.steps.map((step) => step.commands.map(() => verdict('safe')));
  const input = { ...FIXED, trust, parse, verdicts, values: new Map(Object.entries(values)) };
  return makePlan(input, fakeScanner);
}

function steps(...args: Parameters<typeof plan>) {
  const made = plan(...args);
  if (!made.ok) throw new Error(made.refusal.code);
  return made.plan.steps;
}

const only = (command: string, values?: Record<string, string>) =>
  steps(
    buildParse([[command]], { variables: Object.keys(values ?? {}).map((name) => variable(name)) }),
    values,
  )[0];

describe('a plan', () => {
  test('holds what would run, byte for byte, with its hash', () => {
    const job = only('restart <pod> now', { pod: 'api-1' })?.job;
    expect(job?.command).toBe('restart api-1 now');
    const { exec } = job ?? {};
    expect(exec?.mode === 'bash' && Buffer.from(exec.command_b64, 'base64url').toString()).toBe(
      'restart api-1 now',
    );
    expect(job?.execSha256).toBe(exec && execSha256(exec));
  });

  test('binds the run and the step into the hash, so that the same command twice is two approvals', () => {
    const [one, two] = steps(buildParse([['restart api'], ['restart api']]));
    expect(one?.job?.execSha256).not.toBe(two?.job?.execSha256);
  });

  test('judges again with the real values and not by what the preview said', () => {
    expect(only('<verb>-all api', { verb: 'drop' })?.job?.verdict.risk).toBe('danger');
  });

  test('numbers every command and every step without one, in order', () => {
    const made = steps(buildParse([['show a', 'restart b'], [], ['drop c']]));
    expect(made.map(({ id, job }) => [id, job?.command ?? null])).toEqual([
      ['s1', 'show a'],
      ['s2', 'restart b'],
      ['s3', null],
      ['s4', 'drop c'],
    ]);
  });

  test.each([
    ['copilot', ['one', 'one', 'other-than-requester']],
    ['guided', ['auto', 'one', 'other-than-requester']],
  ] as const)('names who has to agree at trust %s', (trust, rules) => {
    const made = steps(buildParse([['show a', 'restart b', 'drop c']]), {}, trust);
    expect(made.map(({ job }) => job?.rule)).toEqual(rules);
  });

  test('asks for a typed word for danger alone', () => {
    expect(only('drop db-7')?.job?.confirm).toBe('db-7');
    expect(only('restart db-7')?.job?.confirm).toBeNull();
  });
});

describe('where a command starts', () => {
  const placed = (cwd: string | undefined, values: Record<string, string> = {}) => {
    const variables = Object.keys(values).map((name) => variable(name));
    const parse = buildParse([['restart api']], { variables });
    const commands =
      parse.steps[0]?.commands.map((command) => ({ ...command, ...(cwd ? { cwd } : {}) })) ?? [];
    return steps({ ...parse, steps: parse.steps.map((step) => ({ ...step, commands })) }, values)[0];
  };

  test.each([
    [undefined, {}, '/'],
    ['/srv/app', {}, '/srv/app'],
    ['/srv/<app>', { app: 'shop' }, '/srv/shop'],
  ])('after a cd to %s with %j it is %s, and the approval binds it', (cwd, values, expected) => {
    const job = placed(cwd, values)?.job;
    expect(job?.exec.cwd).toBe(expected);
    expect(job?.execSha256).toBe(job && execSha256(job.exec));
  });

  test.each([
    '~/app',
    'app',
    '../app',
    '$HOME/app',
    '/srv/$APP',
    '/srv/*',
    "/srv/'my app'",
    '/srv/`id`',
    '-',
  ])('cannot be known after a cd to %s, so a person does it, who is told the folder', (cwd) => {
    expect(placed(cwd)).toMatchObject({
      job: null,
      byHand: { command: 'restart api', reason: expect.stringContaining(`“${cwd}”`) },
    });
  });

  test('is no shell of ours when it is typed into another program', () => {
    const parse = buildParse([['restart api']]);
    const session = { opener: 'ssh db-1', language: 'shell' as const };
    const commands = parse.steps[0]?.commands.map((command) => ({ ...command, session })) ?? [];
    const [step] = steps({ ...parse, steps: parse.steps.map((one) => ({ ...one, commands })) });
    expect(step).toMatchObject({ job: null, byHand: { reason: expect.stringContaining('“ssh db-1”') } });
  });
});

describe('a person does it by hand', () => {
  test.each([
    ['interactive', 'vim /etc/hosts', /terminal/],
    ['too long', `echo ${'x'.repeat(2_400)}`, /longer than 2400/],
    ['too long once its hidden characters are shown', `echo ${'\u202e'.repeat(400)}`, /longer than 2400/],
  ])('when the command is %s', (_name, command, reason) => {
    expect(only(command)).toMatchObject({
      job: null,
      byHand: { command, reason: expect.stringMatching(reason) },
    });
  });

  test('not when it is as long as can be reviewed', () => {
    expect(only(`echo ${'x'.repeat(2_395)}`)?.job?.command).toHaveLength(2_400);
  });

  test('when there is no command', () => {
    expect(steps(buildParse([[], ['show a']]))[0]).toMatchObject({ job: null, byHand: { command: null } });
  });
});

describe('no plan is made', () => {
  const parse = buildParse([['show a'], ['restart <pod>']], { variables: [variable('pod')] });
  test.each([
    ['missing-value', {}],
    ['refused-value', { pod: 'a;b' }],
    ['refused-value', { pod: '-rf' }],
    ['refused-value', { pod: '$(id)' }],
    ['refused-value', { pod: 'a b' }],
    ['refused-value', { pod: 'a\nb' }],
    ['refused-value', { pod: '' }],
  ])('%s: %j', (code, values) => {
    const made = plan(parse, values as Record<string, string>);
    expect(made).toMatchObject({
      ok: false,
      refusal: { code, sentence: expect.stringMatching(/^Step 2: /) },
    });
  });
});

describe('the word to type', () => {
  const danger = verdict('danger');
  test.each([
    ['drop db-7', 'db-7'],
    ['drop db-7 --now', 'db-7'],
    ['drop --now db-7', 'db-7'],
    ['drop db-7 --namespace prod', 'db-7'],
    ['drop', 'step 4'],
    ['drop --all', 'step 4'],
    [`drop ${'x'.repeat(61)}`, 'step 4'],
    ['drop dä', 'step 4'],
  ])('for %j is %j', (command, word) => {
    expect(targetOf(command, danger, 4, fakeScanner)).toBe(word);
  });

  test('is the target of the part that is dangerous', () => {
    const command = 'show a; drop b; restart c';
    const reasons = danger.reasons.map((reason) => ({ ...reason, span: { start: 8, end: 14 } }));
    expect(targetOf(command, { ...danger, reasons }, 4, fakeScanner)).toBe('b');
  });

  test('is the number of the step when nobody can say what would start', () => {
    expect(targetOf('drop x', danger, 4, { ...fakeScanner, plannedInvocations: () => null })).toBe('step 4');
  });

  test('of a reason that points at one option is found in the command around it', () => {
    const command = 'truncate -s 0 /x/app.log && echo';
    const at = (text: string) => ({
      start: command.indexOf(text),
      end: command.indexOf(text) + text.length,
    });
    const reasons = [
      { rule: 'a', risk: 'danger', sentence: 'x', span: at('-s') },
      { rule: 'b', risk: 'caution', sentence: 'x', span: at('truncate -s 0 /x/app.log') },
    ] as const;
    expect(targetOf(command, { ...danger, reasons }, 4, fakeScanner)).toBe('/x/app.log');
  });
});

describe('what a model had to do with a step', () => {
  const suggestedIn = (parse: Parse, more: object = {}): Parse => ({
    ...parse,
    steps: parse.steps.map((step) => ({
      ...step,
      commands: step.commands.map((command) => ({ ...command, suggested: true as const, ...more })),
    })),
  });

  test('a command it suggested runs only once somebody has adopted it, and asks for no value before', () => {
    const parse = buildParse([['restart <pod>']], { variables: [variable('pod')] });
    expect(steps(suggestedIn(parse))).toMatchObject([
      {
        job: null,
        byHand: { command: 'restart <pod>', reason: expect.stringContaining('nobody has adopted it') },
      },
    ]);
    const adopted = suggestedIn(parse, { adopted: userId('U1') });
    expect(steps(adopted, { pod: 'api-1' })).toMatchObject([
      { byHand: null, job: { command: 'restart api-1' } },
    ]);
  });

  test('its opinion raises the risk in the run too, and never lowers one', () => {
    const parse = buildParse([['show a', 'drop b']]);
    const opinion = (risk: 'safe' | 'danger') => ({ risk, reason: 'Because.' });
    const input = { ...FIXED, parse, verdicts: [], values: new Map<string, string>() };
    const made = makePlan({ ...input, opinions: [[opinion('danger'), opinion('safe')]] }, fakeScanner);
    expect(made.ok && made.plan.steps.map(({ job }) => job?.verdict.risk)).toEqual(['danger', 'danger']);
    expect(made.ok && made.plan.steps[0]?.job?.confirm).toBe('a');
    expect(made.ok && made.plan).not.toHaveProperty('opinions');
  });
});
