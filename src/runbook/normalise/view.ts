import type { SourceSpan } from '../runbook.ts';

/** A run of the view and the source it shows. As long as its source when it shows it unit for unit. */
interface Segment {
  readonly at: number;
  readonly length: number;
  readonly source: SourceSpan;
}

/**
 * What a reader sees of a source that is not shown as it stands (tags gone, entities decoded, blanks folded), written
 * from front to back, with the way back from every unit of it to the source.
 */
export class View {
  private readonly parts: string[] = [];
  private readonly segments: Segment[] = [];
  private written = 0;
  private whole: string | null = null;

  /** How many units are written. */
  get length(): number {
    return this.written;
  }

  /** All that is written. */
  get text(): string {
    this.whole ??= this.parts.join('');
    return this.whole;
  }

  /** Writes `text`, which shows the source from `start` to `end`; of the same length when it shows it unit for unit. */
  write(text: string, start: number, end: number): void {
    if (text === '') return;
    this.whole = null;
    this.parts.push(text);
    this.segments.push({ at: this.written, length: text.length, source: { start, end } });
    this.written += text.length;
  }

  /** The smallest part of the source that shows a part of the view. */
  toSource({ start, end }: SourceSpan): SourceSpan {
    const first = this.segmentAt(start);
    const last = this.segmentAt(Math.max(start, end - 1));
    if (!first || !last) return { start: 0, end: 0 };
    const from = exact(first)
      ? first.source.start + Math.min(start - first.at, first.length)
      : first.source.start;
    const to = exact(last) ? last.source.start + Math.min(end - last.at, last.length) : last.source.end;
    return { start: from, end: Math.max(from, to) };
  }

  /** The last segment that begins at or before `at`. */
  private segmentAt(at: number): Segment | undefined {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.segments[middle]?.at ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return this.segments[low];
  }
}

const exact = ({ length, source }: Segment): boolean => source.end - source.start === length;
