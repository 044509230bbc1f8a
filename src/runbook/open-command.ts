import { ShellScan } from './shell-scan.ts';

/** The longest command without any mark around it, in lines. */
const MAX_LINES = 200;

/**
 * How many lines the command takes that begins in the first of `lines`: to the end of its quotes, its here-document or
 * its loop. Empty lines are inside the last two only. Null when it has no end; 1 where only a quote has none, which is
 * an apostrophe then. At most MAX_LINES lines are read.
 */
export function commandLines(lines: Iterable<string>): number | null {
  const scan = new ShellScan();
  let taken = 0;
  for (const line of lines) {
    if (taken > 0 && line.trim() === '' && !scan.inBody) break;
    scan.feed(line);
    taken += 1;
    if (!scan.open) return taken;
    if (taken >= MAX_LINES) break;
  }
  return scan.inBody || scan.dangles ? null : 1;
}
