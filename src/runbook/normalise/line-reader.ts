import type { Line } from './blocks.ts';
import { sourceLines } from './blocks.ts';
import type { FindCodes } from './codes.ts';
import { Outline } from './outline.ts';

/** Reads a text line by line into an outline. Each kind of text says what it makes of a line, and may take more of them. */
export abstract class LineReader {
  readonly outline: Outline;
  /** What the text says of itself, by name. */
  readonly values = new Map<string, string>();
  protected readonly lines: readonly Line[];
  /** The line that is read now. */
  protected at = 0;

  constructor(text: string, codes: FindCodes) {
    this.lines = sourceLines(text);
    this.outline = new Outline(text, codes);
  }

  read(): Outline {
    while (this.at < this.lines.length) {
      const line = this.lines[this.at];
      if (line) this.line(line);
      this.at += 1;
    }
    this.outline.flush();
    return this.outline;
  }

  protected abstract line(line: Line): void;

  protected text(index: number): string {
    return this.lines[index]?.text ?? '';
  }
}
