import { beforeAll, describe, expect, test } from '@jest/globals';
import { extract } from '../../../src/runbook/extract.ts';
import { judge } from '../../../src/runbook/flatten.ts';
import type { Answer } from '../../../src/runbook/refine/answer.ts';
import { readAnswer } from '../../../src/runbook/refine/read.ts';
import { classify, loadSafety } from '../../../src/safety/index.ts';
import { answerOf } from '../../support/model.ts';
import { added, commandsOf, group } from './support.ts';

beforeAll(loadSafety);

const TEXT = `# Queue is stuck

Before you begin: you need access to the host.

1. Look at it in \`<dir>\`.

   \`\`\`bash
   ls <dir>
   df -h
   \`\`\`

2. Count what waits. It should show less than 100.

   \`\`\`bash
   mailq | tail -1
   \`\`\`

3. Tell the owner.

4. Throw a message away.

   **Warning:** This cannot be undone.

   \`\`\`bash
   postsuper -d <id>
   \`\`\`

The tool \`pfqueue\` shows the same. If the disk is full: see the page about disks.

Never use \`postsuper -d ALL\`.

## Rollback

1. Start it again.

   \`\`\`bash
   systemctl start postfix
   \`\`\`
`;
const PARSE = extract(TEXT);

/** What comes of an answer with these parts. */
function read(parts: Partial<Answer>, text = TEXT) {
  const parse = text === TEXT ? PARSE : extract(text);
  const refined = readAnswer(answerOf(parts), text, parse);
  if (!refined) throw new Error('the answer was not read');
  return refined;
}
const shapeOf = ({ steps }: { steps: typeof PARSE.steps }) =>
  steps.map(({ commands, title, description }) => [
    title ?? description,
    ...commands.map(({ text, suggested }) => (suggested ? `${text} (suggested)` : text)),
  ]);

describe('an answer of a model', () => {
  test('that says nothing leaves the parse as it is', () => {
    expect(read({}).parse).toEqual(PARSE);
    expect(read({}).opinions).toEqual([[null, null], [null], [], [null], [null]]);
  });

  test('names steps, and the words of the author stay beside the name', () => {
    const [step] = read({ steps: [group(1, 2, { title: 'Look around', kind: 'verify' })] }).parse.steps;
    expect(step).toEqual({ ...PARSE.steps[0], title: 'Look around', kind: 'verify' });
  });

  test('joins commands of neighbouring steps, with all that is said of each', () => {
    const { parse } = read({ steps: [group(1, 3, { title: 'Look' })] });
    expect(shapeOf(parse)[0]).toEqual(['Look', 'ls <dir>', 'df -h', 'mailq | tail -1']);
    expect(parse.steps[0]).toMatchObject({
      description: 'Look at it in <dir>. · Count what waits. It should show less than 100.',
      expected: ['It should show less than 100.'],
    });
    expect(parse.steps).toHaveLength(4);
  });

  test('takes a step apart', () => {
    const { parse } = read({ steps: [group(1, 1, { title: 'List' }), group(2, 2, { title: 'Disk' })] });
    expect(shapeOf(parse).slice(0, 2)).toEqual([
      ['List', 'ls <dir>'],
      ['Disk', 'df -h'],
    ]);
  });

  test.each([
    ['what is done by hand', group(3, 4)],
    ['a step of the rollback', group(5, 6)],
    ['lines the wrong way round', group(3, 1)],
    ['lines beyond the last', group(5, 60)],
    ['half a line', group(1, 2.5)],
  ])('cannot join %s with others', (_, wanted) => {
    expect(shapeOf(read({ steps: [wanted] }).parse)).toEqual(shapeOf(PARSE));
  });

  test('adds conditions, results and cautions only in the words of the text around', () => {
    const said = group(5, 5, {
      condition: 'If the disk is **full**',
      goTo: 0,
      expected: ['Everything will be fine', 'The tool pfqueue shows the same.'],
      warnings: ['never use postsuper -d ALL', 'This is harmless.', 'this cannot be undone'],
    });
    expect(read({ steps: [said] }).parse.steps[3]).toEqual({
      ...PARSE.steps[3],
      branch: 'If the disk is full',
      target: { to: 'end' },
      expected: ['The tool pfqueue shows the same.'],
      warnings: ['Warning: This cannot be undone.', 'Never use postsuper -d ALL.'],
    });
  });

  test('sends nobody back, nor on without a condition', () => {
    const back = group(5, 5, { condition: 'If the disk is full', goTo: 1 });
    expect(read({ steps: [back] }).parse.steps[3]?.target).toBeUndefined();
    expect(read({ steps: [group(1, 2, { goTo: 5 })] }).parse.steps[0]?.target).toBeUndefined();
    const on = group(5, 5, { condition: 'If the disk is full', goTo: 6 });
    expect(read({ steps: [group(1, 1), on] }).parse.steps[4]?.target).toEqual({ to: 'step', step: 5 });
  });

  test('moves the author’s own targets with their steps', () => {
    const text =
      '1. Look\n\n   ```\n   ls -a\n   ls -b\n   ```\n2. If it is empty, skip to step 4.\n3. Stop\n\n   ```\n   systemctl stop x\n   ```\n4. End\n\n   ```\n   uptime\n   ```\n';
    expect(extract(text).steps[1]?.target).toEqual({ to: 'step', step: 3 });
    const { steps } = read({ steps: [group(1, 1), group(2, 2)] }, text).parse;
    expect(steps[2]?.target).toEqual({ to: 'step', step: 4 });
    expect(steps[4]?.description).toBe('End');
  });

  test('names a text only when it has no title', () => {
    expect(read({ title: 'Mail' }).parse.title).toBe('Queue is stuck');
    expect(read({ title: '*Mail*' }, '```\nls -l\n```\n').parse.title).toBe('Mail');
  });

  test('asks, once each, at the step that holds the line', () => {
    const question = { line: 6, text: 'Which host?' };
    const { questions } = read({
      questions: [
        question,
        question,
        { line: null, text: 'Who?' },
        { line: 99, text: 'When?' },
        { line: 1, text: ' ' },
      ],
    }).parse;
    expect(questions).toEqual([
      { text: 'Which host?', step: 4 },
      { text: 'Who?', step: null },
      { text: 'When?', step: null },
    ]);
  });

  test('raises risks, with the worst that it says of a line', () => {
    const { opinions, parse } = read({
      opinions: [
        { line: 1, risk: 'caution', reason: 'It lists much.' },
        { line: 1, risk: 'danger', reason: 'It shows *secrets*.' },
        { line: 1, risk: 'safe', reason: 'No.' },
        { line: 4, risk: 'danger', reason: 'There is no command.' },
      ],
    });
    expect(opinions[0]).toEqual([{ risk: 'danger', reason: 'It shows secrets.' }, null]);
    expect(opinions[2]).toEqual([]);
    expect(judge(parse, classify, opinions)[0]?.map(({ risk }) => risk)).toEqual(['danger', 'safe']);
  });
});

describe('a command that an answer adds', () => {
  test('comes in where it stands, in the bytes of the text', () => {
    const { parse, opinions } = read({
      commands: [added('  pfqueue ', 1, { title: 'Show', risk: 'danger', reason: 'x' })],
    });
    const start = TEXT.indexOf('pfqueue');
    expect(parse.steps[4]).toEqual({
      title: 'Show',
      description: 'pfqueue',
      kind: 'command',
      commands: [{ text: 'pfqueue', source: { start, end: start + 7 } }],
      branch: null,
      rollback: false,
      warnings: [],
      source: { start, end: start + 7 },
    });
    expect(opinions[4]).toEqual([{ risk: 'danger', reason: 'x' }]);
  });

  test.each([
    ['that is there already', 'df   -h'],
    ['that the author warns of', 'postsuper -d ALL'],
    ['with what cannot be seen in it', 'ls\u200b -l'],
    ['that was masked', 'mysql -p[redacted]'],
    ['too long to review', `echo ${'x'.repeat(2_000)}`],
    ['that is empty', ' \n'],
  ])('%s is left out', (_, text) => {
    expect(read({ commands: [added(text, 1)] }).parse).toEqual(PARSE);
  });

  test.each([
    ['does not stand in the text', 'uptime'],
    ['is only a part of a line', 'mailq'],
    ['is more than the text has', 'mailq | tail -10'],
    ['has a letter that looks alike', 'mаilq | tail -1'],
    ['is written in full width', 'ｐｆｑｕｅｕｅ'],
  ])('is a suggestion at the step of its line when it %s', (_, text) => {
    const { parse, opinions } = read({ commands: [added(text, 3), added('w', 3)] });
    const step = PARSE.steps[1];
    expect(parse.steps[1]?.commands).toEqual([
      ...(step?.commands ?? []),
      { text, source: step?.source, suggested: true },
      { text: 'w', source: step?.source, suggested: true },
    ]);
    expect(opinions[1]).toHaveLength(3);
    expect(parse.variables).toEqual(PARSE.variables);
  });

  test('may be a suggestion for what is done by hand, whose words stay', () => {
    const { parse } = read({ commands: [added('mail -s "queue" <owner>', 4)] });
    expect(shapeOf(parse)[2]).toEqual(['Tell the owner.', 'mail -s "queue" <owner> (suggested)']);
    expect(parse.steps[2]?.kind).toBe('manual');
    expect(parse.variables).toEqual(PARSE.variables);
  });

  test('is no suggestion for a line that there is not', () => {
    expect(read({ commands: [added('uptime', 0), added('w', 7), added('who', -1)] }).parse).toEqual(PARSE);
  });

  test('inside a step stands under that step’s condition, mark and cautions', () => {
    const text =
      '# x\n\n## Rollback\n\n1. Go back\n\n   **Warning:** Users notice.\n\n   ```\n   kubectl rollout undo deployment/api\n   $ ./own-tool --back\n   ok\n   $ kubectl get pods\n   ```\n';
    const parse = extract(text);
    const line = commandsOf(parse).map((command) => command.text);
    const { parse: now } = read(
      { commands: [added('./own-tool --back', 1), added('kubectl rollout undo deployment/api', 1)] },
      text,
    );
    expect(commandsOf(now).length).toBe(
      Math.max(
        line.length,
        new Set([...line, './own-tool --back', 'kubectl rollout undo deployment/api']).size,
      ),
    );
    for (const step of now.steps)
      expect(step).toMatchObject({ rollback: true, warnings: ['Warning: Users notice.'] });
  });

  test('is typed where the command before it leads to', () => {
    const text =
      '# x\n\n1. Go\n\n   ```\n   ssh db-1\n   cd /srv/app\n   ```\n\nThe tool `own-tool` helps.\n';
    const session = { opener: 'ssh db-1', language: 'shell' };
    const { parse } = read({ commands: [added('own-tool', 1), added('uptime', 1), added('make', 2)] }, text);
    expect(commandsOf(parse)).toMatchObject([
      { text: 'ssh db-1' },
      { text: 'uptime', suggested: true, session },
      { text: 'cd /srv/app', session },
      { text: 'make', suggested: true, session, cwd: '/srv/app' },
      { text: 'own-tool', session, cwd: '/srv/app' },
    ]);
  });

  test('is left out when others would be judged as something else for it', () => {
    const text =
      "# x\n\n1. Go\n\n   ```\n   ssh db-1 'rm -rf /data/$pod'\n   ```\n\nThe tool `own-tool $pod` helps.\n";
    expect(extract(text).variables).toMatchObject([{ name: 'pod', spellings: [] }]);
    const { parse } = read(
      { commands: [added('own-tool $pod', 1)], steps: [group(1, 1, { title: 'Clean' })] },
      text,
    );
    expect(shapeOf(parse)).toEqual([['Clean', "ssh db-1 'rm -rf /data/$pod'"]]);
    expect(parse.variables).toEqual(extract(text).variables);
  });

  test('brings the inputs that it waits for', () => {
    const text = '# x\n\n1. Look\n\n   ```\n   ls -l\n   ```\n\nThe tool `own-tool <Zone> --fast` helps.\n';
    const { parse } = read({ commands: [added('own-tool <Zone> --fast', 1)] }, text);
    expect(parse.variables).toEqual([{ name: 'Zone', type: 'text', spellings: ['<Zone>'], example: null }]);
  });
});

describe('what an answer says of an input', () => {
  const about = (name: string, type: Answer['inputs'][number]['type']) =>
    read({ inputs: [{ name, type, description: 'the *message*' }] }).parse.variables;

  test('is words beside it, and a narrower type where it had none', () => {
    expect(PARSE.variables.map(({ name, type }) => [name, type])).toEqual([
      ['dir', 'path'],
      ['id', 'text'],
    ]);
    expect(about('id', 'integer')[1]).toEqual({
      ...PARSE.variables[1],
      type: 'integer',
      description: 'the message',
    });
  });

  test.each([
    ['a wider type', 'dir', 'text'],
    ['another type than the name gives', 'dir', 'integer'],
    ['a type that allows more than plain text', 'id', 'url'],
    ['a path, which may hold blanks', 'id', 'path'],
    ['no type', 'id', null],
  ] as const)('is never %s', (_, name, type) => {
    expect(about(name, type).map((variable) => variable.type)).toEqual(['path', 'text']);
  });

  test('makes no input of a name that none has', () => {
    expect(about('nobody', 'integer')).toEqual(PARSE.variables);
  });

  test('keeps the type when the example of the text would not fit', () => {
    const text = 'Look at `<id>`, for example `a1`:\n\n```\nls <id>\n```\n';
    const { variables } = read({ inputs: [{ name: 'id', type: 'integer', description: '' }] }, text).parse;
    expect(variables).toEqual([expect.objectContaining({ type: 'text', example: 'a1' })]);
  });

  test('changes nothing in how its commands are judged', () => {
    const text = '```\nkill -9 <it>\nsleep <it>\nls <it>\n```\n';
    const before = extract(text);
    const { parse } = read({ inputs: [{ name: 'it', type: 'integer', description: '' }] }, text);
    expect(parse.variables[0]?.type).toBe('integer');
    expect(judge(parse, classify)).toEqual(judge(before, classify));
  });
});
