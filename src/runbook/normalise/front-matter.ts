import { cut } from '../cut.ts';
import type { Line } from './blocks.ts';
import { spanOf } from './blocks.ts';

export interface FrontMatter {
  /** How many lines it takes; 0 when there is none. */
  readonly count: number;
  readonly values: ReadonlyMap<string, string>;
}

/** What is declared at the top of a page between `---` or `+++` lines: `name: value`, one a line. Names in lower case. */
export function frontMatter(lines: readonly Line[]): FrontMatter {
  const fence = lines[0]?.text.trimEnd();
  const values = new Map<string, string>();
  if (fence !== '---' && fence !== '+++') return { count: 0, values };
  const close = lines.findIndex(
    (line, index) => index > 0 && (line.text.trimEnd() === fence || /^\.\.\.\s*$/.test(line.text)),
  );
  if (close < 0 || close > 200) return { count: 0, values };
  for (const line of lines.slice(1, close)) {
    const [, name, value] = /^\s{0,4}["']?([\w-]{1,60})["']?\s*[:=]\s*(.+)$/.exec(cut(line.text, 500)) ?? [];
    const bare = value?.trim().replace(/^(["'])(.*)\1$/, '$2') ?? '';
    if (name && bare !== '' && !values.has(name.toLowerCase())) values.set(name.toLowerCase(), bare);
  }
  return { count: close + 1, values };
}

/** The part of the source that it takes. */
export function frontSpan(lines: readonly Line[], { count }: FrontMatter): { start: number; end: number }[] {
  return count === 0 ? [] : [spanOf(lines.slice(0, count))];
}
