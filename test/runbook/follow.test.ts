import { describe, expect, test } from '@jest/globals';
import { editLine, lineText } from '../../src/runbook/edit.ts';
import { extract } from '../../src/runbook/extract.ts';
import type { Parse } from '../../src/runbook/runbook.ts';
import { BOB } from '../support/builders.ts';

const block = (...commands: string[]): string => `\`\`\`sh\n${commands.join('\n')}\n\`\`\`\n`;
const read = (...sections: string[][]): Parse =>
  extract(sections.map((commands, at) => `## Part ${at + 1}\n\nDo it:\n\n${block(...commands)}`).join('\n'));

/** The parse after the command `from` was changed to `to`; null takes it out. */
function changed(parse: Parse, from: string, to: string | null): Parse {
  const step = parse.steps.findIndex(({ commands }) => commands.some(({ text }) => text === from));
  const command = parse.steps[step]?.commands.findIndex(({ text }) => text === from) ?? -1;
  const text = lineText(parse, { step, command });
  if (!text) throw new Error(`no ${from}`);
  return editLine(parse, { step, command }, { ...text, command: to }, BOB, '');
}

const placesOf = ({ steps }: Parse) =>
  steps
    .flatMap(({ commands }) => commands)
    .map(({ text, cwd, session }) => [text, session?.opener ?? cwd ?? null]);

describe('the commands after an edited one', () => {
  test('are in the folder that it leads to now', () => {
    expect(
      placesOf(changed(read(['cd /opt/old', 'make', 'cd sub', 'ls']), 'cd /opt/old', 'cd /opt/new')),
    ).toEqual([
      ['cd /opt/new', null],
      ['make', '/opt/new'],
      ['cd sub', '/opt/new'],
      ['ls', '/opt/new/sub'],
    ]);
  });

  test('stay where they are once somebody led them elsewhere', () => {
    const after = changed(read(['cd /opt/old', 'make', 'cd /srv', 'ls']), 'cd /opt/old', 'cd /opt/new');
    expect(placesOf(after).at(-1)).toEqual(['ls', '/srv']);
  });

  test('are in no folder and in no session when what led there is taken out', () => {
    expect(placesOf(changed(read(['cd /opt', 'ls']), 'cd /opt', null))).toEqual([['ls', null]]);
    expect(placesOf(changed(read(['ssh db1', 'ls']), 'ssh db1', 'uptime'))).toEqual([
      ['uptime', null],
      ['ls', null],
    ]);
  });

  test('are typed into the session that it opens now, until somebody leaves it: rather by hand than elsewhere', () => {
    expect(placesOf(changed(read(['uptime', 'ls'], ['w', 'exit', 'date']), 'uptime', 'ssh db1'))).toEqual([
      ['ssh db1', null],
      ['ls', 'ssh db1'],
      ['w', 'ssh db1'],
      ['exit', 'ssh db1'],
      ['date', null],
    ]);
  });

  test('are left alone, to the object, by an edit that leads nowhere', () => {
    const parse = read(['cd /opt', 'make', 'ls'], ['date']);
    const after = changed(parse, 'make', 'make all');
    expect(after.steps[0]?.commands[1]).toMatchObject({ text: 'make all', cwd: '/opt' });
    expect(after.steps[0]?.commands[2]).toBe(parse.steps[0]?.commands[2]);
    expect(after.steps[1]).toBe(parse.steps[1]);
  });
});

test('a command that a person adds to a step by hand is typed where the one before it is', () => {
  const parse = extract(`# T\n\n1. Go in:\n\n${block('ssh db1', 'ls')}\n2. Wait for the team.\n`);
  const line = { step: parse.steps.length - 1, command: null };
  const text = lineText(parse, line);
  if (!text) throw new Error('no step by hand');
  const after = editLine(parse, line, { ...text, command: 'uptime' }, BOB, '');
  expect(placesOf(after).at(-1)).toEqual(['uptime', 'ssh db1']);
});

test('a suggested command moves with the commands around it, and moves none', () => {
  const parse = read(['cd /opt/old', 'make', 'ls']);
  const [step] = parse.steps;
  const [cd, make, ls] = step?.commands ?? [];
  if (!step || !cd || !make || !ls) throw new Error('no commands');
  const suggested = { ...make, text: 'cd /elsewhere', suggested: true as const };
  const with3 = { ...parse, steps: [{ ...step, commands: [cd, suggested, ls] }] };
  expect(placesOf(changed(with3, 'cd /opt/old', 'cd /opt/new'))).toEqual([
    ['cd /opt/new', null],
    ['cd /elsewhere', '/opt/new'],
    ['ls', '/opt/new'],
  ]);
  expect(placesOf(changed(with3, 'cd /elsewhere', 'cd /mine')).at(-1)).toEqual(['ls', '/opt/old']);
});
