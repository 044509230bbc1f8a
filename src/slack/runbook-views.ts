import type { View } from '@slack/types';
import { z } from 'zod';
import { type LineText, lineSha256, lineText } from '../runbook/edit.ts';
import { flatten, type Line } from '../runbook/flatten.ts';
import type { RunbookState } from '../runbook/stream.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { wellFormed } from '../text/well-formed.ts';
import { encodeLine, type LineRange, type LineTarget, VIEWS } from './actions.ts';
import { code, context, input, modal, section, select } from './blocks.ts';
import { LIMITS } from './limits.ts';
import { isOffered, lineTitle, placesIn } from './runbook-lines.ts';
import { clip } from './words.ts';

const MAX_SHOWN_COMMAND = 2_500;

const inChannel = z.strictObject({ channel: z.string().min(1) });
export const aboutLines = inChannel;
export const aboutLine = inChannel.extend({ target: z.string() });

/** Asks which line of a page is to be changed. */
export function chooseLineView(
  { runbook, first, last }: LineRange,
  { parse, verdicts }: Pick<RunbookState, 'parse' | 'verdicts'>,
  channel: string,
): View {
  const lines = parse ? flatten(parse, verdicts) : [];
  const options = lines.slice(first - 1, last).flatMap(({ number, at, step, command }) => {
    const text = parse && lineText(parse, at);
    const words = `${number}. ${command?.text ?? step.title ?? step.description}`;
    return text
      ? [
          {
            text: words.replaceAll(/\s+/g, ' '),
            value: encodeLine({ runbook, at, shown: lineSha256(text) }),
          },
        ]
      : [];
  });
  return modal({
    view: VIEWS.chooseLine,
    title: 'Edit a step',
    submit: 'Edit …',
    about: JSON.stringify({ channel }),
    blocks: [select({ id: 'line', label: 'Which step', options })],
  });
}

/** What the boxes of the form hold at first; a command that is too long for a box has none. */
const boxesOf = ({ description, command, expected }: LineText) => ({
  title: clip(description, LIMITS.input),
  command: (command ?? '').length > LIMITS.input ? null : (command ?? ''),
  expected: clip(expected.join('\n'), LIMITS.input),
});

/** The form that changes one line. */
export function editLineView(
  target: LineTarget,
  line: Line,
  text: LineText,
  { source, status }: Pick<RunbookState, 'source' | 'status'>,
  channel: string,
): View {
  const { command, step } = line;
  const boxes = boxesOf(text);
  const place = placesIn(source?.text ?? '')((command ?? step).source);
  const box = input({
    id: 'command',
    label: 'Command',
    hint: 'Leave it empty when a person does this step. <name> is asked for before a run.',
    initial: boxes.command ?? '',
    multiline: true,
    optional: true,
  });
  const tooLong = [
    code(truncateHead(visible(text.command ?? ''), MAX_SHOWN_COMMAND)),
    context(
      'This command is longer than 3,000 characters, too long for a form. Change it in the source, and paste it again.',
    ),
  ];
  return modal({
    view: VIEWS.editLine,
    title: `Edit step ${line.number}`,
    submit: status === 'saved' ? 'Make new version' : 'Change',
    about: JSON.stringify({ channel, target: encodeLine(target) }),
    blocks: [
      section(`${lineTitle(line)} _(${place} of the text)_`),
      ...(boxes.command === null ? tooLong : [box]),
      input({ id: 'title', label: 'What the step does', initial: boxes.title }),
      input({
        id: 'expected',
        label: 'What should come of it',
        hint: 'One sentence a line.',
        initial: boxes.expected,
        multiline: true,
        optional: true,
      }),
      context([...notesOf(line, status), AFTER].join(' ')),
    ],
  });
}

const AFTER = 'The command is scanned again, and the log keeps what stood here before.';

function notesOf({ step, command }: Line, status: RunbookState['status']): string[] {
  return [
    ...(step.commands.length > 1
      ? ['The title and what should come of it are shared by all commands of this step.']
      : []),
    ...(command && isOffered(command)
      ? ['This command is only suggested: when you change it, you take it over.']
      : []),
    ...(status === 'saved'
      ? ['A saved runbook stays as it is: your change makes a new version, as a draft.']
      : []),
  ];
}

/** The line as somebody sent the form. A box that was left as it was changes nothing, also where it held a part only. */
export function readLine(
  before: LineText,
  said: { readonly title: string; readonly command: string; readonly expected: string },
): LineText {
  const boxes = boxesOf(before);
  const expected = clean(said.expected)
    .split('\n')
    .map((words) => words.trim())
    .filter((words) => words !== '');
  const isSame = (box: string, sent: string): boolean => clean(box) === clean(sent);
  return {
    description: isSame(boxes.title, said.title)
      ? before.description
      : clean(said.title).replaceAll(/\s+/g, ' '),
    command:
      boxes.command === null || isSame(boxes.command, said.command)
        ? before.command
        : clean(said.command) || null,
    expected: isSame(boxes.expected, said.expected) ? before.expected : expected,
  };
}

const clean = (text: string): string => wellFormed(text).replaceAll(/\r\n?/g, '\n').trim();
