import type { Draft } from './draft.ts';
import * as prose from './prose.ts';

/** A paragraph in its place. */
interface Paragraph {
  readonly quoted: boolean;
  readonly hasCommands: boolean;
  readonly firstOfItem: boolean;
  /** It stands among explanations, where nothing is a caution. */
  readonly background: boolean;
  /** The step before it in the section, or null. */
  readonly last: Draft | null;
}

/** The title of a box, or the sign in it: says nothing by itself. */
const isTitle = (text: string): boolean =>
  !/[a-z]{2}/i.test(text) ||
  /^\W*(?:warning|caution|danger|note|important|tip|info|attention|hint)\W*$/i.test(text);

/** Ties the warnings of a runbook to its steps: to the one before them, or to the one to come. */
export class Cautions {
  private waiting: string[] = [];

  /** Keeps warnings for the step to come. */
  keep(...texts: readonly string[]): void {
    this.waiting.push(...texts);
  }

  /** The warnings of the step that has come. */
  drain(): string[] {
    const { waiting } = this;
    this.waiting = [];
    return waiting;
  }

  /** Takes the cautions out of a paragraph and returns the rest; a paragraph marked as a warning is one whole. */
  take(
    raw: string,
    whole: string,
    { quoted, hasCommands, firstOfItem, background, last }: Paragraph,
  ): string {
    const remark = quoted && !hasCommands && !whole.endsWith(':');
    if (prose.hasWarningMark(raw.slice(0, 200)) || prose.hasWarningMark(whole) || remark) {
      this.say(whole.replace(/^!!!\s*\w+\s*|^\[!\w+\]\s*/, ''), last);
      return hasCommands ? whole : '';
    }
    const parts = prose.sentences(whole);
    const cautions = background ? [] : parts.filter((part) => prose.isWarning(part));
    if (cautions.length === 0) return whole;
    const rest = parts.filter((part) => !cautions.includes(part)).join(' ');
    // A paragraph that is a step, or opens one, warns of itself; another one of the step before it.
    if (hasCommands || (firstOfItem && rest !== '')) this.keep(...cautions);
    else for (const caution of cautions) this.say(caution, last);
    return hasCommands ? whole : rest;
  }

  private say(text: string, last: Draft | null): void {
    if (isTitle(text)) return;
    if (last) last.warnings.push(text);
    else this.keep(text);
  }
}
