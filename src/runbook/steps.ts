import type { Block, Document, Line } from './blocks.ts';
import { endOf } from './blocks.ts';
import type { CommandGroup } from './code.ts';
import { readCode } from './code.ts';
import { readInline, readParagraph } from './inline.ts';
import * as prose from './prose.ts';
import type { Command, SourceSpan, Untaken } from './runbook.ts';
import { Sections } from './sections.ts';

/** Prose that waits for what it announces: the next code block, or a step of its own. */
interface Lead {
  readonly text: string;
  readonly item: number | null;
  readonly firstOfItem: boolean;
  readonly span: SourceSpan;
}

/** A step while it is being read. */
export interface Draft {
  description: string;
  readonly commands: Command[];
  readonly branch: string | null;
  readonly rollback: boolean;
  readonly warnings: string[];
  readonly start: number;
  end: number;
}

/** More commands than any runbook has; blocks after that many are left out as too long. */
const MAX_COMMANDS = 1000;
/** Below every heading. */
const LABEL_LEVEL = 7;

const spanOf = (lines: readonly Line[]): SourceSpan => ({ start: lines[0]?.start ?? 0, end: endOf(lines) });
const textOf = (lines: readonly Line[]): string => lines.map((line) => line.text).join('\n');

/** Reads the blocks of one document in order and builds its steps. */
export class StepReader {
  readonly drafts: Draft[] = [];
  readonly untaken: Untaken[] = [];
  readonly prerequisites: string[] = [];
  private readonly source: string;
  private readonly document: Document;
  private readonly sections = new Sections();
  private lead: Lead | null = null;
  /** The prose read last in the section, also when a step has used it: it introduces samples of output. */
  private lastText = '';
  private warnings: string[] = [];
  private readonly itemBranch = new Map<number, string>();
  private readonly seenItems = new Set<number>();
  /** Items whose text only frames what is nested in them, until they turn out to hold no step. */
  private frames: { readonly lead: Lead; readonly item: number; readonly drafts: number }[] = [];
  private sectionDrafts = 0;
  private taken = 0;
  private adjacent = false;

  constructor(source: string, document: Document) {
    this.source = source;
    this.document = document;
  }

  read(block: Block): void {
    if (this.taken >= MAX_COMMANDS) {
      this.leaveOut(block.lines, 'too-long');
      return;
    }
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
        this.mentions(readInline(block.lines, this.source));
        break;
      case 'html':
        if (/<(?:pre|code)\b/i.test(textOf(block.lines))) this.leaveOut(block.lines, 'mention');
        break;
      case 'unparsed':
        this.leaveOut(block.lines, 'too-long');
        break;
    }
  }

  private leaveOut(lines: readonly Line[], reason: Untaken['reason']): void {
    this.untaken.push({ source: spanOf(lines), reason });
  }

  finish(): void {
    this.settle(null);
    this.closeSection(0);
    this.drafts.at(-1)?.warnings.push(...this.warnings);
  }

  private heading(block: Extract<Block, { type: 'heading' }>): void {
    this.open(prose.plainWords(textOf(block.lines)), block.level, spanOf(block.lines));
  }

  /** Opens a section under a heading, or under a label such as `Rollback:` on a line of its own. */
  private open(heading: string, level: number, span: SourceSpan): void {
    this.settle(null);
    this.closeSection(level);
    this.sections.open(heading, level, span);
    this.sectionDrafts = 0;
    this.lastText = '';
    this.adjacent = false;
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

  private isInside(item: number | null, ancestor: number): boolean {
    for (let at = item; at !== null; at = this.document.items[at]?.parent ?? null)
      if (at === ancestor) return true;
    return false;
  }

  private mentions(reading: { commands: readonly Command[]; untaken: readonly Untaken[] }): void {
    this.untaken.push(...reading.untaken);
    for (const command of reading.commands) this.untaken.push({ source: command.source, reason: 'mention' });
  }

  private para(block: Block): void {
    const label = prose.plainWords(block.lines[0]?.text ?? '');
    if (prose.isLabel(label)) {
      this.open(label, LABEL_LEVEL, spanOf(block.lines.slice(0, 1)));
      if (block.lines.length > 1) this.body({ ...block, lines: block.lines.slice(1) });
    } else this.body(block);
  }

  private body(block: Block): void {
    const firstOfItem = block.item !== null && !this.seenItems.has(block.item);
    if (block.item !== null) this.seenItems.add(block.item);
    const earlier = this.lead?.firstOfItem && this.lead.item === block.item ? this.lead : null;
    if (!earlier) this.settle(block.item);
    this.adjacent = false;
    const lines = this.cautionLines(block.lines);
    const raw = textOf(lines);
    const whole = prose.plainWords(raw);
    if (whole === '') return;
    const condition = firstOfItem ? prose.conditionOf(whole) : null;
    if (condition && block.item !== null) this.itemBranch.set(block.item, condition);
    const { commands, untaken, spoken } = readParagraph(lines, this.source);
    this.untaken.push(...untaken);
    const text = this.takeWarnings(raw, whole, block.quoted, commands.length > 0);
    this.lastText = whole;
    if (text === '' && commands.length === 0) return;
    const lead = this.leadOf(block, firstOfItem, spoken === null ? text : prose.plainWords(spoken), earlier);
    this.lead = null;
    if (commands.length > 0) this.add(lead, commands);
    else if (this.sections.within('prerequisite')) this.prerequisites.push(text);
    else this.lead = lead;
  }

  /** A later paragraph of an item that has brought no step yet belongs to the item's own text. */
  private leadOf(block: Block, firstOfItem: boolean, text: string, earlier: Lead | null): Lead {
    const span = spanOf(block.lines);
    if (!earlier) return { text, item: block.item, firstOfItem, span };
    const whole = prose.expectsOutput(text) ? earlier.text : prose.plainWords(`${earlier.text} ${text}`);
    return { ...earlier, text: whole, span: { start: earlier.span.start, end: span.end } };
  }

  /** Takes warnings that begin on a later line of a paragraph: they belong to the step the paragraph is about. */
  private cautionLines(lines: readonly Line[]): readonly Line[] {
    const at = lines.findIndex((line, index) => index > 0 && prose.hasWarningMark(line.text));
    if (at < 0) return lines;
    this.warnings.push(prose.plainWords(textOf(lines.slice(at))));
    return lines.slice(0, at);
  }

  /** Takes the cautions out of a paragraph and returns the rest; a paragraph marked as a warning is one whole. */
  private takeWarnings(raw: string, whole: string, quoted: boolean, hasCommands: boolean): string {
    const remark = quoted && !hasCommands && !whole.endsWith(':');
    if (prose.hasWarningMark(raw.slice(0, 200)) || prose.hasWarningMark(whole) || remark) {
      this.warn(whole.replace(/^!!!\s*\w+\s*|^\[!\w+\]\s*/, ''));
      return hasCommands ? whole : '';
    }
    const parts = prose.sentences(whole);
    const cautions = this.sections.within('background') ? [] : parts.filter((part) => prose.isWarning(part));
    for (const caution of cautions) this.warn(caution);
    if (cautions.length === 0 || hasCommands) return whole;
    return parts.filter((part) => !cautions.includes(part)).join(' ');
  }

  private warn(text: string): void {
    const last = this.drafts.at(-1);
    if (last && this.sectionDrafts > 0 && this.lead === null) last.warnings.push(text);
    else this.warnings.push(text);
  }

  private code(block: Extract<Block, { type: 'code' }>): void {
    const introduced = this.lastText;
    const reading = readCode(block.lines, block.lang, {
      outputExpected: prose.expectsOutput(introduced),
      sampleExpected: prose.expectsSample(introduced),
      told: prose.tellsToRun(introduced),
    });
    this.untaken.push(...reading.untaken);
    if (reading.groups.length === 0) {
      const sample = prose.expectsOutput(introduced) || prose.expectsSample(introduced);
      if (sample && !this.lead?.firstOfItem) this.lead = null;
      this.adjacent = false;
      return;
    }
    this.claimLead(block.item);
    reading.groups.forEach((group, index) => {
      this.group(group, index === 0, block.item);
    });
    this.lastText = '';
    this.adjacent = true;
  }

  /** Keeps the lead for a code block when it speaks of it; otherwise lets it stand as its own step. */
  private claimLead(item: number | null): void {
    const lead = this.lead;
    if (!lead || lead.item === null || this.isInside(item, lead.item)) return;
    // Slack's composer cannot nest code in a list, so a numbered item is followed by its code.
    if (lead.firstOfItem && this.document.items[lead.item]?.ordered) return;
    if (lead.text.endsWith(':') || prose.isImperative(lead.text)) return;
    this.settle(null);
  }

  private group(group: CommandGroup, first: boolean, item: number | null): void {
    const lead = first ? this.lead : null;
    const last = this.drafts.at(-1);
    if (first && !lead && !group.comment && this.adjacent && last && this.sectionDrafts > 0) {
      last.commands.push(...group.commands);
      this.taken += group.commands.length;
      last.end = group.commands.at(-1)?.source.end ?? last.end;
      return;
    }
    const start = group.commands[0]?.source.start ?? 0;
    const spoken = lead && (prose.isImperative(lead.text) || lead.text.endsWith(':')) ? lead.text : null;
    const text = spoken ?? group.comment ?? lead?.text ?? this.lastText ?? '';
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
    if (lead && item !== null && nextItem !== item && this.isInside(nextItem, item)) {
      this.frames.push({ lead, item, drafts: this.drafts.length });
    } else if (lead) this.standAlone(lead);
    for (
      let frame = this.frames.at(-1);
      frame && !this.isInside(nextItem, frame.item);
      frame = this.frames.at(-1)
    ) {
      this.frames.pop();
      if (frame.drafts === this.drafts.length) this.standAlone(frame.lead);
    }
  }

  private standAlone(lead: Lead): void {
    if (this.sections.within('background') || prose.expectsOutput(lead.text)) return;
    const ordered =
      lead.item !== null && lead.firstOfItem && (this.document.items[lead.item]?.ordered ?? false);
    if (ordered || this.asksForAction(lead)) this.add(lead, []);
  }

  private asksForAction(lead: Lead): boolean {
    const opening = lead.item === null && this.sections.depth === 1 && this.drafts.length === 0;
    if (opening) return false;
    const [first = ''] = prose.sentences(lead.text);
    if (prose.isImperative(first)) return !first.endsWith(':') || lead.item !== null;
    const [condition, ...rest] = first.split(/,\s+/);
    return (
      prose.isConditional(condition ?? '') &&
      rest.some((part) => prose.isImperative(part.replace(/^you (?:can|should|must|need to|may)\s+/, '')))
    );
  }

  private branchOf(text: string, item: number | null): string | null {
    const parts = prose.sentences(text);
    for (const part of [parts.at(-1), parts[0]]) {
      const own = part ? prose.conditionOf(part) : null;
      if (own) return own;
    }
    for (let at = item; at !== null; at = this.document.items[at]?.parent ?? null) {
      const inherited = this.itemBranch.get(at);
      if (inherited) return inherited;
    }
    return this.sections.condition();
  }

  private add(lead: Lead, commands: readonly Command[]): void {
    const called = commands[0]?.text.split('\n', 1)[0]?.slice(0, 120);
    const described =
      lead.text.replace(/[\s:]+$/, '') || this.sections.last?.text || called || 'Do this step';
    this.drafts.push({
      description: described,
      commands: [...commands],
      branch: this.branchOf(lead.text, lead.item),
      rollback:
        this.sections.within('rollback') ||
        (commands.length === 0 && /^(?:roll back|rollback|revert)\b/i.test(described)),
      warnings: this.warnings,
      start: lead.span.start,
      end: Math.max(lead.span.end, commands.at(-1)?.source.end ?? 0),
    });
    this.warnings = [];
    this.sectionDrafts += 1;
    this.taken += commands.length;
  }
}
