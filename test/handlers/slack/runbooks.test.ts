import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lineSha256, lineText } from '../../../src/runbook/edit.ts';
import type { LineAt } from '../../../src/runbook/flatten.ts';
import type { Parse } from '../../../src/runbook/runbook.ts';
import { encodeLine, encodeRange } from '../../../src/slack/actions.ts';
import { BOB, buildParse, buildRunbook, CHANNEL, outsider, RUNBOOK } from '../../support/builders.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const FIRST: LineAt = { step: 0, command: 0 };
const two = () => buildParse([['show api'], ['restart api']]);
const targetOf = (parse: Parse, at: LineAt): string => {
  const text = lineText(parse, at);
  return encodeLine({ runbook: RUNBOOK, at, shown: text ? lineSha256(text) : '' });
};
const range = (first: number, last: number) => encodeRange({ runbook: RUNBOOK, first, last });
const boxesOf = (view: unknown) => JSON.parse(JSON.stringify(view)).blocks;
const initial = (view: unknown, id: string) =>
  boxesOf(view).find((block: { block_id?: string }) => block.block_id === id)?.element.initial_value;
const about = (parse: Parse, at = FIRST) => ({ channel: CHANNEL, target: targetOf(parse, at) });
const unchanged = { title: 'Do thing 1', expected: '' };
const firstCommand = async (id?: string) => (await world.runbook(id))?.parse?.steps[0]?.commands[0];

describe('Edit', () => {
  test('asks which of the steps of its page, and opens the form of that one', async () => {
    world.putRunbook(buildRunbook(two()));
    await world.press('edit_lines', range(1, 2));
    const [choose] = await eventually(world.views, (views) => views.length > 0);
    const options = boxesOf(choose)[0].element.options;
    expect(options.map(({ text }: { text: { text: string } }) => text.text)).toEqual([
      '1. show api',
      '2. restart api',
    ]);
    const menu = { type: 'static_select', selected_option: { value: options[1].value } };
    const answer = JSON.parse((await world.submit('choose_line', { channel: CHANNEL }, { line: menu })).text);
    expect([answer.response_action, initial(answer.view, 'command')]).toEqual(['update', 'restart api']);
  });

  test('opens the form at once where a page has one step', async () => {
    world.putRunbook(buildRunbook(two()));
    await world.press('edit_lines', range(2, 2));
    const [form] = await eventually(world.views, (views) => views.length > 0);
    expect(initial(form, 'command')).toBe('restart api');
  });

  test('has no box for a command that is longer than a box, and keeps it whatever else is changed', async () => {
    const long = `echo ${'x'.repeat(3_000)}`;
    const parse = buildParse([[long]]);
    world.putRunbook(buildRunbook(parse));
    await world.press('edit_lines', range(1, 1));
    const [form] = await eventually(world.views, (views) => views.length > 0);
    expect(boxesOf(form).map(({ block_id }: { block_id?: string }) => block_id)).not.toContain('command');
    await world.submit('edit_line', about(parse), { title: 'Say x', expected: '' });
    expect(await world.runbook()).toMatchObject({
      status: 'edited',
      parse: { steps: [{ description: 'Say x', commands: [{ text: long }] }] },
    });
  });

  test('of a page that is gone is said to whoever pressed', async () => {
    await world.press('edit_lines', range(1, 1));
    world.putRunbook(buildRunbook(two()));
    await world.press('edit_lines', range(7, 9));
    const told = await eventually(world.whispers, (whispers) => whispers.length > 1);
    expect(told).toEqual([
      expect.stringContaining('no such runbook'),
      expect.stringContaining('changed meanwhile'),
    ]);
  });
});

describe('the form of a step', () => {
  test('changes the command, in the name of the person, and asks for a new verdict', async () => {
    world.putRunbook(buildRunbook(two()));
    const sent = await world.submit('edit_line', about(two()), { ...unchanged, command: ' show all\r\n' });
    expect(sent).toEqual({ status: 200, text: '' });
    expect(await firstCommand()).toMatchObject({ text: 'show all', edited: BOB });
    expect((await world.runbook())?.status).toBe('edited');
  });

  test('that was left as it was changes nothing', async () => {
    world.putRunbook(buildRunbook(two()));
    await world.submit('edit_line', about(two()), { ...unchanged, command: 'show api' });
    expect((await world.runbook())?.status).toBe('draft');
  });

  test('takes a command out when its box is empty, and half a character as one that can be kept', async () => {
    world.putRunbook(buildRunbook(two()));
    await world.submit('edit_line', about(two()), { title: 'A \ud800 title', expected: 'One.\n\nTwo.' });
    expect((await world.runbook())?.parse?.steps[0]).toMatchObject({
      description: 'A \ufffd title',
      commands: [],
      expected: ['One.', 'Two.'],
    });
  });

  test('says in itself what is refused: a step changed meanwhile, no title, somebody from outside', async () => {
    const parse = buildParse([['show other'], ['restart api']]);
    world.putRunbook(buildRunbook(parse));
    const boxes = { ...unchanged, command: 'drop everything' };
    const answers = [
      await world.submit('edit_line', about(two()), boxes),
      await world.submit('edit_line', about(parse), { ...boxes, title: '' }),
      await world.submit('edit_line', about(parse), boxes, outsider().user),
    ].map(({ text }) => JSON.parse(text).errors.title);
    expect(answers).toEqual([
      expect.stringContaining('changed meanwhile'),
      expect.stringContaining('needs a title'),
      expect.stringContaining('full members'),
    ]);
    expect(await firstCommand()).toEqual(parse.steps[0]?.commands[0]);
  });

  test('makes a new version of a saved runbook, which itself stays as it is', async () => {
    const saved = buildRunbook(two(), { status: 'saved', savedBy: BOB });
    world.putRunbook(saved);
    const sent = await world.submit('edit_line', about(two()), { ...unchanged, command: 'show all' });
    expect(sent.text).toBe('');
    expect(await world.runbook()).toEqual(saved);
    const version = await world.runbook('NEW0000001');
    expect(version).toMatchObject({ status: 'edited', basedOn: RUNBOOK, source: saved.source });
    expect(await firstCommand('NEW0000001')).toMatchObject({ text: 'show all', edited: BOB });
  });
});

describe('Adopt', () => {
  const offered = (): Parse => {
    const parse = two();
    const steps = parse.steps.map((step) => ({
      ...step,
      commands: step.commands.map((command) => ({ ...command, suggested: true as const })),
    }));
    return { ...parse, steps };
  };

  test('takes the command over in the name of the person', async () => {
    world.putRunbook(buildRunbook(offered()));
    await world.press('adopt_line', targetOf(offered(), FIRST));
    expect(
      await eventually(
        () => firstCommand(),
        (found) => found?.adopted !== undefined,
      ),
    ).toMatchObject({ adopted: BOB });
    expect(world.whispers()).toEqual([]);
  });

  test('of another command than the one on the screen does nothing and says so', async () => {
    world.putRunbook(buildRunbook(offered()));
    await world.press('adopt_line', targetOf(buildParse([['something else']]), FIRST));
    const [told] = await eventually(world.whispers, (whispers) => whispers.length > 0);
    expect(told).toContain('changed meanwhile');
    expect((await firstCommand())?.adopted).toBeUndefined();
  });

  test('by somebody from outside does nothing and says so', async () => {
    world.putRunbook(buildRunbook(offered()));
    await world.press('adopt_line', targetOf(offered(), FIRST), { user: outsider().user });
    await eventually(world.whispers, (whispers) => whispers.length > 0);
    expect((await firstCommand())?.adopted).toBeUndefined();
  });
});
