import { Cautions } from './cautions.ts';
import type { CommandGroup } from './code.ts';
import { CodeBlocks } from './code-blocks.ts';
import { cut } from './cut.ts';
import type { Draft, Lead } from './draft.ts';
import { readInline, readParagraph } from './inline.ts';
import { Items } from './items.ts';
import type { Block, Document, Line } from './normalise/blocks.ts';
import { spanOf } from './normalise/blocks.ts';
import { withoutMarks } from './normalise/words.ts';
import { toolsOf } from './own-tools.ts';
import * as prose from './prose.ts';
import type { Command, SourceSpan, Untaken } from './runbook.ts';
import { Sections } from './sections.ts';
import { isBareCommand, isSql } from './shape.ts';
import { ShellState } from './state.ts';
import type { Row } from './step-table.ts';
import { StepTable } from './step-table.ts';
import type { Numbered } from './targets.ts';
import { leadOf } from './targets.ts';
import type { Tools } from './tools.ts';

type Para = Extract<Block, { type: 'para' }>;

/** More commands than any runbook has; blocks after that many are left out as too long. */
const MAX_COMMANDS = 1000;
const MAX_EXPECTED = 5;
/** Below every heading. */
const LABEL_LEVEL = 7;

const textOf = (lines: readonly Line[]): string => lines.map((line) => line.text).join('\n');

/** Reads the blocks of one document in order and builds its steps. */
export class StepReader {
  readonly drafts: Draft[] = [];
  readonly untaken: Untaken[] = [];
  readonly prerequisites: string[] = [];
  private readonly document: Document;
  private readonly tools: Tools;
  private readonly sections = new Sections();
  private lead: Lead | null = null;
  /** The prose read last in the section, also when a step has used it: it introduces samples of output. */
  private lastText = '';
  /** The same without cautions: what a block that follows is about. */
  private introduction = '';
  private readonly cautions = new Cautions();
  private readonly items: Items;
  private readonly table: StepTable;
  /** Items whose text only frames what is nested in them, until they turn out to hold no step. */
  private frames: { readonly lead: Lead; readonly item: number; readonly drafts: number }[] = [];
  private sectionDrafts = 0;
  /** What was needed last was an item with a number. */
  private orderedNeeds = false;
  private taken = 0;
  private adjacent = false;
  /** The step of the paragraph read last, when it has commands. */
  private announced: Draft | null = null;
  private readonly state = new ShellState();
  private readonly blocks: CodeBlocks;

  constructor(document: Document) {
    this.document = document;
    this.tools = toolsOf(document);
    this.items = new Items(document.items);
    this.blocks = new CodeBlocks(this.tools);
    this.table = new StepTable(document.text, this.tools, (text) => this.words(text));
  }

  read(block: Block): void {
    if (this.taken >= MAX_COMMANDS) {
      this.leaveOut(block.lines, 'too-long');
      return;
    }
    if (block.type !== 'table') this.endTable(block);
    switch (block.type) {
      case 'heading':
        this.heading(block);
        break;
      case 'para':
        this.para(block);
        break;
      case 'code':
        this.code(block);
        break;
      case 'table':
        this.rows(block);
        break;
      case 'hidden':
      case 'unparsed':
        this.leaveOut(block.lines, block.type);
        break;
      case 'beyond':
        this.leaveOut(block.lines, 'too-long');
        break;
    }
  }

  private rows(block: Extract<Block, { type: 'table' }>): void {
    const rows = this.sections.within('background') ? null : this.table.read(block);
    for (const row of rows ?? []) this.row(row);
    const { commands, untaken } = readInline(block.lines, block.codes, this.document.text, this.tools);
    const taken = new Set(rows?.map(({ command }) => command?.source.start));
    this.mentions({
      commands: commands.filter(({ source }) => !taken.has(source.start)),
      untaken: untaken.filter(({ source }) => !taken.has(source.start)),
    });
  }

  private row({ text, span, command }: Row): void {
    if (this.taken >= MAX_COMMANDS) {
      this.untaken.push({ source: span, reason: 'too-long' });
      return;
    }
    this.settle(null);
    const lead = { text, item: null, firstOfItem: false, span };
    if (command || prose.asksForAction(text, true)) this.add(lead, command ? [command] : []);
  }

  /** What is left of a table of steps: code in a cell belongs to its row. */
  private endTable(block: Block): void {
    const row = block.type === 'code' ? this.table.claim() : this.table.end();
    if (row && block.type === 'code')
      this.lead = { text: row.text, item: block.item, firstOfItem: false, span: row.span };
    else if (row) this.row(row);
  }

  /** The words of a piece of the text, without marks of any kind. */
  private words(text: string): string {
    return prose.plainWords(withoutMarks(text, this.document.kind));
  }

  private leaveOut(lines: readonly Line[], reason: Untaken['reason']): void {
    this.untaken.push({ source: spanOf(lines), reason });
  }

  finish(): void {
    const row = this.table.end();
    if (row) this.row(row);
    this.settle(null);
    this.closeSection(0);
    this.drafts.at(-1)?.warnings.push(...this.cautions.drain());
  }

  private heading(block: Extract<Block, { type: 'heading' }>): void {
    this.open(this.words(textOf(block.lines)), block.level, spanOf(block.lines));
  }

  /** Opens a section under a heading, or under a label such as `Rollback:` on a line of its own. */
  private open(heading: string, level: number, span: SourceSpan): void {
    this.settle(null);
    this.closeSection(level);
    this.sections.open(heading, level, span);
    this.sectionDrafts = 0;
    this.lastText = '';
    this.introduction = '';
    this.adjacent = false;
    this.announced = null;
    this.state.leaveShell();
  }

  /** Ends sections down to a level; a numbered heading that brought no step is a step of its own. */
  private closeSection(level: number): void {
    const { last } = this.sections;
    if (
      last?.numbered &&
      this.sectionDrafts === 0 &&
      last.level >= level &&
      !this.sections.within('prerequisite')
    ) {
      this.add({ text: last.text, item: null, firstOfItem: false, span: last.span }, []);
    }
    this.sections.close(level);
  }

  private mentions(reading: { commands: readonly Command[]; untaken: readonly Untaken[] }): void {
    this.untaken.push(...reading.untaken);
    for (const command of reading.commands) this.untaken.push({ source: command.source, reason: 'mention' });
  }

  private para(block: Para): void {
    const label = this.words(block.lines[0]?.text ?? '');
    if (prose.isLabel(label)) {
      this.open(label, LABEL_LEVEL, spanOf(block.lines.slice(0, 1)));
      if (block.lines.length > 1) this.body({ ...block, lines: block.lines.slice(1) });
    } else this.body(block);
  }

  private body(block: Para): void {
    this.endPrerequisites(block.item);
    const firstOfItem = this.items.begin(block.item);
    const earlier = this.lead?.firstOfItem && this.lead.item === block.item ? this.lead : null;
    if (!earlier) this.settle(block.item);
    this.adjacent = false;
    this.announced = null;
    const lines = this.cautionLines(block.lines);
    const raw = textOf(lines);
    const whole = this.words(raw);
    if (whole === '') return;
    if (firstOfItem) this.items.condition(block.item, prose.conditionOf(whole));
    const { commands, untaken, spoken } = readParagraph(
      lines,
      block.codes,
      this.document.text,
      this.tools,
      block.concealed,
      this.sections.within('prerequisite'),
    );
    this.untaken.push(...untaken);
    const text = this.cautions.take(raw, whole, {
      quoted: block.quoted || block.notice === true,
      hasCommands: commands.length > 0,
      firstOfItem,
      background: this.sections.within('background'),
      last: this.sectionDrafts > 0 && this.lead === null ? (this.drafts.at(-1) ?? null) : null,
    });
    this.blocks.consoles.hear(whole);
    this.lastText = whole;
    this.introduction = prose.hasWarningMark(text) ? '' : text;
    if (text === '' && commands.length === 0) return;
    const lead = this.leadOf(block, firstOfItem, spoken === null ? text : this.words(spoken), earlier);
    this.lead = null;
    if (commands.length > 0) {
      this.add(lead, commands);
      this.announced = this.drafts.at(-1) ?? null;
    } else if (this.sections.within('prerequisite') || prose.tellsNeed(text)) this.prerequisites.push(text);
    else this.lead = lead;
  }

  /** A list with numbers behind one without, under the same label, is the procedure and no longer what it needs. */
  private endPrerequisites(item: number | null): void {
    const { last } = this.sections;
    const ordered = this.items.isOrdered(item);
    if (
      last?.prerequisite &&
      last.level === LABEL_LEVEL &&
      ordered &&
      this.prerequisites.length > 0 &&
      !this.orderedNeeds
    )
      this.sections.close(LABEL_LEVEL);
    if (last?.prerequisite) this.orderedNeeds = ordered;
  }

  /** A later paragraph of an item that has brought no step yet belongs to the item's own text. */
  private leadOf(block: Block, firstOfItem: boolean, text: string, earlier: Lead | null): Lead {
    const span = spanOf(block.lines);
    if (!earlier) return { text, item: block.item, firstOfItem, span };
    const whole = prose.expectsOutput(text) ? earlier.text : this.words(`${earlier.text} ${text}`);
    return { ...earlier, text: whole, span: { start: earlier.span.start, end: span.end } };
  }

  /** Takes warnings that begin on a later line of a paragraph: they belong to the step the paragraph is about. */
  private cautionLines(lines: readonly Line[]): readonly Line[] {
    const at = lines.findIndex((line, index) => index > 0 && prose.hasWarningMark(line.text));
    if (at < 0) return lines;
    this.cautions.keep(this.words(textOf(lines.slice(at))));
    return lines.slice(0, at);
  }

  private code(block: Extract<Block, { type: 'code' }>): void {
    const introduced = this.lastText;
    const reading = this.blocks.read(block, {
      introduced,
      heading: this.sections.last?.text ?? '',
      open: this.state.session?.language ?? null,
    });
    this.untaken.push(...reading.untaken);
    if (reading.groups.length === 0) {
      const sample = prose.expectsOutput(introduced) || prose.expectsSample(introduced);
      if (sample && !this.lead?.firstOfItem) this.lead = null;
      if (reading.untaken.some(({ reason }) => reason === 'output')) this.lastText = '';
      this.adjacent = false;
      this.announced = null;
      return;
    }
    this.claimLead(block.item);
    this.dropAnnouncement(reading.groups[0]?.commands[0]);
    reading.groups.forEach((group, index) => {
      this.group(group, index === 0, block.item);
    });
    this.lastText = '';
    this.introduction = '';
    this.adjacent = true;
    this.announced = null;
  }

  /** A command that the sentence before a block names, and the block then shows whole, is taken once. */
  private dropAnnouncement(first: Command | undefined): void {
    const draft = this.announced;
    const [named, ...others] = draft?.commands ?? [];
    if (!draft || !named || !first || others.length > 0 || draft !== this.drafts.at(-1)) return;
    if (first.text !== named.text && !first.text.startsWith(`${named.text} `)) return;
    draft.commands.pop();
    this.taken -= 1;
    this.adjacent = true;
  }

  /** Commands as they are taken, in order, to the last one that is kept: each with the session and the folder it is run in. */
  private take(all: readonly Command[]): Command[] {
    const commands = all.slice(0, Math.max(0, MAX_COMMANDS - this.taken));
    for (const { source } of all.slice(commands.length)) this.untaken.push({ source, reason: 'too-long' });
    this.taken += commands.length;
    return commands.map((command) => {
      const [opening = ''] = command.text.split('\n', 1);
      const shell = isBareCommand(opening, this.tools) && !isSql(opening);
      if (shell) this.state.leaveConsole();
      const read = this.state.read(command);
      this.blocks.consoles.opened(this.state.session?.language ?? null);
      return read;
    });
  }

  /** Keeps the lead for a code block when it speaks of it; otherwise lets it stand as its own step. */
  private claimLead(item: number | null): void {
    const lead = this.lead;
    if (!lead || lead.item === null || this.items.isInside(item, lead.item)) return;
    // Slack's composer cannot nest code in a list, so a numbered item is followed by its code.
    if (lead.firstOfItem && this.items.isOrdered(lead.item)) return;
    if (lead.text.endsWith(':') || prose.isImperative(lead.text)) return;
    this.settle(null);
  }

  private group(group: CommandGroup, first: boolean, item: number | null): void {
    const lead = first ? this.lead : null;
    const last = this.drafts.at(-1);
    if (first && !lead && !group.comment && this.adjacent && last && this.sectionDrafts > 0) {
      last.commands.push(...this.take(group.commands));
      last.end = group.commands.at(-1)?.source.end ?? last.end;
      return;
    }
    const start = group.commands[0]?.source.start ?? 0;
    const spoken = lead && (prose.isImperative(lead.text) || lead.text.endsWith(':')) ? lead.text : null;
    const text = spoken ?? group.comment ?? lead?.text ?? this.introduction;
    this.add(
      { text, item, firstOfItem: false, span: { start: lead?.span.start ?? start, end: start } },
      group.commands,
    );
    if (first) this.lead = null;
  }

  /** Decides what becomes of prose that nothing has used: a step for a person, the frame of sub-steps, or nothing. */
  private settle(nextItem: number | null): void {
    const lead = this.lead;
    this.lead = null;
    const item = lead?.item ?? null;
    if (lead && item !== null && nextItem !== item && this.items.isInside(nextItem, item)) {
      this.frames.push({ lead, item, drafts: this.drafts.length });
    } else if (lead) this.standAlone(lead);
    for (
      let frame = this.frames.at(-1);
      frame && !this.items.isInside(nextItem, frame.item);
      frame = this.frames.at(-1)
    ) {
      this.frames.pop();
      if (frame.drafts === this.drafts.length) this.standAlone(frame.lead);
    }
  }

  private standAlone(lead: Lead): void {
    if (this.sections.within('background') || prose.expectsOutput(lead.text)) return;
    if ((lead.firstOfItem && this.items.isOrdered(lead.item)) || this.asksForAction(lead)) this.add(lead, []);
    else this.expect(lead.text);
  }

  /** What a text after a step says should come of it. */
  private expect(text: string): void {
    const last = this.drafts.at(-1);
    if (!last || this.sectionDrafts === 0) return;
    for (const sentence of prose.sentences(text))
      if (prose.tellsExpectation(sentence) && last.expected.length < MAX_EXPECTED)
        last.expected.push(cut(sentence, 300));
  }

  private asksForAction(lead: Lead): boolean {
    if (!lead.firstOfItem && this.drafts.length > 0 && prose.explainsSample(lead.text)) return false;
    const opening = lead.item === null && this.sections.depth === 1 && this.drafts.length === 0;
    if (opening) return false;
    return prose.asksForAction(lead.text, lead.item !== null);
  }

  private branchOf(text: string, item: number | null): string | null {
    return prose.conditionAround(text) ?? this.items.conditionOf(item) ?? this.sections.condition();
  }

  /** The outermost numbered item around a step, or its numbered section. */
  private numberOf(item: number | null): Numbered | null {
    const section = this.sections.numbered();
    return this.items.numberOf(item) ?? (section === null ? null : { list: -1, number: section });
  }

  private add(lead: Lead, commands: readonly Command[]): void {
    const called = cut(commands[0]?.text.split('\n', 1)[0] ?? '', 120);
    const described =
      prose.withoutNumber(lead.text).replace(/[\s:]+$/, '') ||
      this.sections.last?.text ||
      called ||
      'Do this step';
    this.drafts.push({
      description: described,
      commands: this.take(commands),
      branch: this.branchOf(lead.text, lead.item),
      rollback:
        this.sections.within('rollback') ||
        (commands.length === 0 && /^(?:roll back|rollback|revert)\b/i.test(described)),
      warnings: this.cautions.drain(),
      expected: prose.sentences(lead.text).filter(prose.tellsExpectation).slice(0, MAX_EXPECTED),
      numbered: this.numberOf(lead.item),
      leads: leadOf(
        this.document.text.slice(lead.span.start, Math.min(lead.span.end, lead.span.start + 2000)),
      ),
      start: lead.span.start,
      end: Math.max(lead.span.end, commands.at(-1)?.source.end ?? 0),
    });
    this.sectionDrafts += 1;
  }
}
