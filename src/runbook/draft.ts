import type { Command, SourceSpan } from './runbook.ts';
import type { Numbered, Lead as Target } from './targets.ts';

/** Prose that waits for what it announces: the next code block, or a step of its own. */
export interface Lead {
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
  readonly expected: string[];
  /** What its author counts it as, where it is counted. */
  readonly numbered: Numbered | null;
  /** Where its words send the reader. */
  readonly leads: Target | null;
  readonly start: number;
  end: number;
}
