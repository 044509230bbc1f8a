import * as prose from './prose.ts';
import type { SourceSpan } from './runbook.ts';

export interface Section {
  readonly level: number;
  /** The heading without its number. */
  readonly text: string;
  readonly span: SourceSpan;
  /** Tells about the alert rather than what to do. */
  readonly background: boolean;
  readonly prerequisite: boolean;
  readonly rollback: boolean;
  readonly numbered: boolean;
  /** Its number, as the heading has it. */
  readonly number: number | null;
}

function numberOf(text: string): number | null {
  const found = /^(?:step\s+)?(\d{1,3})\s*[.):-]?\s/i.exec(`${text} `)?.[1];
  return found === undefined ? null : Number(found);
}

/** The headings above the place that is being read, from the outermost in. */
export class Sections {
  private stack: Section[] = [];

  get last(): Section | undefined {
    return this.stack.at(-1);
  }

  get depth(): number {
    return this.stack.length;
  }

  open(heading: string, level: number, span: SourceSpan): void {
    const text = heading.replace(/[\s:]+$/, '');
    this.stack.push({
      level,
      text: text.replace(/^(?:step\s+)?\d{1,3}\s*[.):-]\s+/i, ''),
      span,
      background: prose.isBackgroundHeading(text),
      prerequisite: prose.isPrerequisiteHeading(text),
      rollback: prose.isRollback(text),
      numbered: /^(?:step\s+\d|\d{1,3}\s*[.):])/i.test(text),
      number: numberOf(text),
    });
  }

  close(level: number): void {
    this.stack = this.stack.filter((section) => section.level < level);
  }

  /** True inside a section of that sort; the title of the whole text does not count. */
  within(sort: 'background' | 'prerequisite' | 'rollback'): boolean {
    return this.stack.some((section, index) => (index > 0 || section.level > 1) && section[sort]);
  }

  /** The number of the innermost section that has one, or null. */
  numbered(): number | null {
    return this.stack.findLast((section) => section.level > 1 && section.number !== null)?.number ?? null;
  }

  /** The innermost heading that is a condition, such as `For critical alerts`, or null. */
  condition(): string | null {
    const found = this.stack.findLast((section) => section.level > 1 && prose.isConditional(section.text));
    if (!found) return null;
    return /^(?:if|when|in case)\b/i.test(found.text) ? prose.conditionOf(found.text) : found.text;
  }
}
