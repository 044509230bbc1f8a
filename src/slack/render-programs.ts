import type { KnownBlock, View } from '@slack/types';
import { z } from 'zod';
import { type Asked, type Declaration, NO_PROGRAMS, type Programs } from '../tenant/program.ts';
import { DECLARE_REASON } from '../tenant/programs.ts';
import { VIEWS } from './actions.ts';
import { context, input, modal, section, select } from './blocks.ts';
import { LIMITS } from './limits.ts';
import { day, mention, plain } from './words.ts';

/** What the form carries. It names things and grants nothing. */
export const aboutPrograms = z.strictObject({ channel: z.string().min(1) });

const MAX_NAME = 64;

const WHAT =
  'A program that this app does not know is at least caution. Declared here, it counts as safe when it is called by its bare name, on its own: everything else in a command counts as before, and what is known to be dangerous stays so.';

/** Which programs of its own this workspace calls read-only: a list for everybody, and a form for admins. */
export function programsView(programs: Programs = NO_PROGRAMS, channel: string, mayChange: boolean): View {
  const { declared, asked } = programs;
  const about = JSON.stringify({ channel });
  const blocks = [context(WHAT), ...list(declared, asked)];
  const title = 'Read-only programs';
  if (!mayChange) {
    return {
      type: 'modal',
      callback_id: VIEWS.programs,
      title: { type: 'plain_text', text: title },
      close: { type: 'plain_text', text: 'Close' },
      private_metadata: about,
      blocks: [...blocks, context('Admins declare and withdraw programs.')],
    };
  }
  return modal({
    view: VIEWS.programs,
    title,
    submit: 'Save',
    about,
    blocks: [
      ...blocks,
      context('Do one of these at a time.'),
      input({
        id: 'name',
        label: 'Declare a program',
        hint: 'Its bare name, without a path. A second admin has to confirm it, where there is one.',
        max: MAX_NAME,
        optional: true,
      }),
      input({
        id: 'reason',
        label: 'How you know that it changes nothing',
        hint: 'A sentence. It is kept in the log and shown here.',
        max: DECLARE_REASON.max,
        optional: true,
      }),
      ...menu('confirm', 'Confirm what another admin asked for', asked),
      ...menu('withdraw', 'Withdraw', [...declared, ...asked]),
    ],
  });
}

function menu(id: string, label: string, programs: readonly { readonly name: string }[]): KnownBlock[] {
  const options = programs.map(({ name }) => ({ text: name, value: name }));
  return options.length > 0 ? [select({ id, label, options, optional: true })] : [];
}

function list(declared: readonly Declaration[], asked: readonly Asked[]): KnownBlock[] {
  const waiting = asked.map(
    (program) => `• ${line(program, mention(program.by))} *Waits for a second admin.*`,
  );
  const lines = [...declared.map((program) => `• ${line(program, people(program.by))}`), ...waiting];
  return lines.length === 0 ? [section('No program is declared.')] : packed(lines).map(section);
}

const line = ({ name, reason, at }: Pick<Declaration, 'name' | 'reason' | 'at'>, who: string): string =>
  `\`${name}\` by ${who}, ${day(at)}: ${plain(reason)}`;

const people = (by: Declaration['by']): string =>
  by.length === 1 ? `${by.map(mention)}, the only admin` : by.map(mention).join(' and ');

/** Lines joined to texts that each fit into a section. */
function packed(lines: readonly string[]): string[] {
  const texts: string[] = [];
  for (const next of lines) {
    const joined = `${texts.at(-1)}\n${next}`;
    if (texts.length === 0 || joined.length > LIMITS.section) texts.push(next);
    else texts[texts.length - 1] = joined;
  }
  return texts;
}
