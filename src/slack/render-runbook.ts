import type { KnownBlock } from '@slack/types';
import type { RunbookId } from '../protocol/ids.ts';
import { parseSha256 } from '../runbook/edit.ts';
import { flatten, type Line } from '../runbook/flatten.ts';
import type { Parse } from '../runbook/runbook.ts';
import { hasCommands, isDraft, type RunbookState, type Source } from '../runbook/stream.ts';
import { ACTIONS, encodeRange, encodeRunbook } from './actions.ts';
import { actions, type ButtonSpec, context, section } from './blocks.ts';
import { textLength } from './limits.ts';
import type { Message } from './message.ts';
import { aboveSteps, count, notTaken } from './runbook-about.ts';
import { drawLines, MAX_TITLE } from './runbook-lines.ts';
import { mention, plain } from './words.ts';

const PAGE_BLOCKS = 46; // leaves room for the frame inside Slack's 50
const PAGE_TEXT = 7_400; // leaves room for the frame inside our 8,000

/**
 * The preview of a runbook in as many messages as it takes: numbered lines with their risk and their place in the text.
 * `before` are the keys of messages that show it already; those that it needs no more say so. None while steps have no
 * verdicts: what was shown before then stays as it is.
 */
export function renderRunbook(state: RunbookState, id: RunbookId, before: Iterable<string> = []): Message[] {
  const { source, parse, status } = state;
  const isShown = isDraft(state) || status === 'saved' || status === 'discarded';
  if (!source || !parse || !isShown) return [];
  const pages = pagesOf(state, source, parse, id);
  const keys = new Set(pages.map(({ key }) => key));
  const left = [...before].filter((key) => key.startsWith('preview-') && !keys.has(key));
  return [...pages, ...left.map((key) => page(key, source, LEFT, [context(LEFT)]))];
}

const LEFT = 'The preview has become shorter. It is in the messages above.';

function page(key: string, { place }: Source, text: string, blocks: readonly KnownBlock[]): Message {
  const { channel, threadTs } = place;
  return {
    key,
    channel,
    spot: threadTs ? { kind: 'thread', ts: threadTs } : { kind: 'channel' },
    text,
    blocks,
  };
}

function pagesOf(state: RunbookState, source: Source, parse: Parse, id: RunbookId): Message[] {
  const title = plain(parse.title, MAX_TITLE);
  const lines = flatten(parse, state.verdicts);
  // Somebody who took the last command out of a draft still wants their buttons.
  if (!hasCommands(state) && state.revision === undefined) return [nothingToRun(title, lines.length, source)];
  const draw = drawLines(state, parse, id, isDraft(state));
  const above = { lines: [], blocks: aboveSteps(state, parse) };
  const below = { lines: [], blocks: notTaken(parse, source.text) };
  const pages = paginate([above, ...lines.map((line) => ({ lines: [line], blocks: draw(line) })), below]);
  if (state.status === 'discarded') {
    // Every page of the preview, so that none is left with buttons.
    const blocks = [section(`~${title}~`), context(`Discarded${by(state)}.`)];
    return pages.map((_, index) => page(keyOf(index), source, `Draft runbook discarded: ${title}`, blocks));
  }
  return pages.map(({ lines: [first, ...rest], blocks }, index) => {
    const isLast = index === pages.length - 1;
    const range = first ? ([first.number, rest.at(-1)?.number ?? first.number] as const) : null;
    const edit = range ? [editButton(id, ...range)] : [];
    const row = isLast ? buttons(state, id, edit) : edit;
    const text = index === 0 ? `Runbook: ${title}, ${count(lines.length, 'step')}` : `${title}, continued`;
    return page(keyOf(index), source, text, [
      ...(index === 0 ? [] : [context(`${title} · page ${index + 1} of ${pages.length}`)]),
      ...blocks,
      ...(row.length > 0 ? [actions(...row)] : []),
      context(isLast ? standing(state) : `Page ${index + 1} of ${pages.length}: it goes on below.`),
    ]);
  });
}

const keyOf = (index: number): string => `preview-${index + 1}`;

function nothingToRun(title: string, steps: number, source: Source): Message {
  const sentence =
    steps === 0
      ? 'I found no steps and no commands in this text, so there is nothing to run.'
      : `I found ${count(steps, 'step')} in this text and no command, so there is nothing an agent could run.`;
  const help =
    'Put commands in code blocks (```), one step under the other, and turn the message into a runbook again.';
  return page(keyOf(0), source, sentence, [section(`*${title}*\n${sentence}`), context(help)]);
}

function editButton(runbook: RunbookId, first: number, last: number): ButtonSpec {
  const label = first === last ? `Edit step ${first} …` : `Edit steps ${first} to ${last} …`;
  return { action: ACTIONS.editLines, label, value: encodeRange({ runbook, first, last }) };
}

function buttons(state: RunbookState, id: RunbookId, edit: readonly ButtonSpec[]): ButtonSpec[] {
  const shown = state.parse && parseSha256(state.parse);
  const value = encodeRunbook({ runbook: id, shown });
  const start: ButtonSpec = { action: ACTIONS.startRun, label: 'Start run', value, style: 'primary' };
  if (state.status === 'saved') return [start, ...edit];
  return [
    start,
    { action: ACTIONS.saveRunbook, label: 'Save runbook', value },
    ...edit,
    { action: ACTIONS.discardRunbook, label: 'Discard draft', value },
  ];
}

function standing(state: RunbookState): string {
  const saved = state.savedBy ? `Saved by ${mention(state.savedBy)}. ` : '';
  const version =
    state.basedOn && !state.savedBy ? 'The saved runbook that it was made of stays as it is. ' : '';
  return `${saved}${version}Nothing runs until somebody starts it, and then step by step.`;
}

const by = (state: RunbookState): string => (state.closedBy ? ` by ${mention(state.closedBy)}` : '');

/** Blocks that stay together, and the lines they show. */
interface Group {
  readonly lines: readonly Line[];
  readonly blocks: readonly KnownBlock[];
}

function paginate(groups: readonly Group[]): Group[] {
  const pages: Group[] = [];
  for (const group of groups) {
    const last = pages.at(-1);
    const joined = last && {
      lines: [...last.lines, ...group.lines],
      blocks: [...last.blocks, ...group.blocks],
    };
    if (joined && joined.blocks.length <= PAGE_BLOCKS && textLength(joined.blocks) <= PAGE_TEXT)
      pages[pages.length - 1] = joined;
    else if (group.blocks.length > 0) pages.push(group);
  }
  return pages;
}
