import type { KnownBlock } from '@slack/types';
import type { RunbookId } from '../protocol/ids.ts';
import { flatten, type Line } from '../runbook/flatten.ts';
import type { SourceSpan, Variable } from '../runbook/runbook.ts';
import { hasCommands, type RunbookState } from '../runbook/stream.ts';
import { inputsOf } from '../runbook/variables.ts';
import { RISKS } from '../safety/verdict.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { ACTIONS, encodeId } from './actions.ts';
import { actions, type ButtonSpec, code, context, header, section } from './blocks.ts';
import { textLength } from './limits.ts';
import type { Message, Spot } from './message.ts';
import { caution, mention, plain, RISK_LABEL, reasons } from './words.ts';

const PAGE_BLOCKS = 40; // leaves room for the frame inside Slack's 50
const PAGE_TEXT = 6_000; // leaves room for the frame inside our 8,000
const MAX_SHOWN_COMMAND = 2_500;
const MAX_TITLE = 300;
const MAX_INPUTS = 1_200; // of their list; the form that asks for them names them all

/** The preview of a runbook: numbered lines with their risk and their place in the text, in as many messages as it takes. */
export function renderRunbook(state: RunbookState, id: RunbookId): Message[] {
  const { source, parse, status } = state;
  if (!source || !parse || status === 'received' || status === 'parsed') return [];
  const { channel, threadTs } = source.place;
  const spot: Spot = threadTs ? { kind: 'thread', ts: threadTs } : { kind: 'channel' };
  const lines = flatten(parse, state.verdicts);
  const title = plain(parse.title, MAX_TITLE);
  if (!hasCommands(state)) return [nothingToRun(title, lines.length, channel, spot)];

  const pages = paginate(lines.map((line) => lineBlocks(line, source.text)));
  if (status === 'discarded') {
    // Every page of the preview, so that none is left with buttons.
    const text = `Draft runbook discarded: ${title}`;
    const blocks = [section(`~${title}~`), context(`Discarded${by(state)}.`)];
    return pages.map((_, index) => ({ key: `preview-${index + 1}`, channel, spot, text, blocks }));
  }
  const above = [header(parse.title), context(summary(state, lines)), ...inputs(inputsOf(parse))];
  const below = [...notTaken(parse.untaken.length), actions(...buttons(state, id)), context(standing(state))];
  return pages.map((page, index) => ({
    key: `preview-${index + 1}`,
    channel,
    spot,
    text: index === 0 ? `Runbook: ${title}, ${count(lines.length, 'step')}` : `${title}, continued`,
    blocks: [...(index === 0 ? above : []), ...page, ...(index === pages.length - 1 ? below : [])],
  }));
}

function nothingToRun(title: string, steps: number, channel: string, spot: Spot): Message {
  const sentence =
    steps === 0
      ? 'I found no steps and no commands in this text, so there is nothing to run.'
      : `I found ${count(steps, 'step')} in this text and no command, so there is nothing an agent could run.`;
  const help =
    'Put commands in code blocks (```), one step under the other, and turn the message into a runbook again.';
  return {
    key: 'preview-1',
    channel,
    spot,
    text: sentence,
    blocks: [section(`*${title}*\n${sentence}`), context(help)],
  };
}

function summary(state: RunbookState, lines: readonly Line[]): string {
  const risks = RISKS.map(
    (risk) => [risk, lines.filter(({ verdict }) => verdict?.risk === risk).length] as const,
  );
  const byHand = lines.filter(({ command }) => !command).length;
  const parts = risks.filter(([, n]) => n > 0).map(([risk, n]) => `${RISK_LABEL[risk]} ${n}`);
  const word = state.status === 'saved' ? 'Runbook' : 'Draft';
  return [
    `${word}: ${count(lines.length, 'step')}`,
    ...parts,
    ...(byHand > 0 ? [`by hand ${byHand}`] : []),
  ].join(' · ');
}

function lineBlocks({ number, step, command, verdict }: Line, source: string): KnownBlock[] {
  const title = `*${number}.* ${verdict ? RISK_LABEL[verdict.risk] : 'by hand'} · ${plain(step.description, MAX_TITLE)}`;
  const notes = [
    ...(step.branch ? [`If: ${plain(step.branch, MAX_TITLE)}`] : []),
    ...step.warnings.map((warning) => caution(warning, MAX_TITLE)),
    ...(verdict && verdict.risk !== 'safe' ? [reasons(verdict)] : []),
  ];
  const where = command ? ` _(${place(source, command.source)})_` : '';
  const blocks: KnownBlock[] = [section([title + where, ...notes].join('\n'))];
  if (command) blocks.push(code(truncateHead(visible(command.text), MAX_SHOWN_COMMAND)));
  return blocks;
}

/** `line 12` or `lines 12 to 14` of the pasted text. */
export function place(source: string, span: SourceSpan): string {
  const lineAt = (offset: number) => source.slice(0, offset).split('\n').length;
  const [first, last] = [lineAt(span.start), lineAt(Math.max(span.start, span.end - 1))];
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

function inputs(variables: readonly Variable[]): KnownBlock[] {
  if (variables.length === 0) return [];
  const names = variables.map(({ name, type }) => `\`${plain(name)}\` (${type.replaceAll('-', ' ')})`);
  return [context(truncateHead(`To fill in before a run: ${names.join(', ')}`, MAX_INPUTS))];
}

function notTaken(untaken: number): KnownBlock[] {
  return untaken === 0
    ? []
    : [
        context(
          `${count(untaken, 'part')} of the text read as output, configuration or a mention, and not taken as commands.`,
        ),
      ];
}

function buttons(state: RunbookState, id: RunbookId): ButtonSpec[] {
  const value = encodeId(id);
  const start: ButtonSpec = { action: ACTIONS.startRun, label: 'Start run', value, style: 'primary' };
  if (state.status === 'saved') return [start];
  return [
    start,
    { action: ACTIONS.saveRunbook, label: 'Save runbook', value },
    { action: ACTIONS.discardRunbook, label: 'Discard draft', value },
  ];
}

function standing(state: RunbookState): string {
  const saved = state.savedBy ? `Saved by ${mention(state.savedBy)}. ` : '';
  return `${saved}Nothing runs until somebody starts it, and then step by step.`;
}

const by = (state: RunbookState): string => (state.closedBy ? ` by ${mention(state.closedBy)}` : '');

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

function paginate(lines: readonly KnownBlock[][]): KnownBlock[][] {
  const pages: KnownBlock[][] = [[]];
  for (const blocks of lines) {
    const page = pages[pages.length - 1] ?? [];
    const full =
      page.length + blocks.length > PAGE_BLOCKS || textLength(page) + textLength(blocks) > PAGE_TEXT;
    if (full && page.length > 0) pages.push([...blocks]);
    else page.push(...blocks);
  }
  return pages;
}
