import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The text of a page, named from the project's folder. */
export const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** True when the file or folder, named from the project's folder, is there. */
export const isThere = (path: string): boolean => existsSync(join(ROOT, path));

/** The Markdown pages of the project, named from its folder. */
export function pages(): string[] {
  const inFolder = (folder: string) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return ['.', 'docs', 'docs/decisions'].flatMap(inFolder);
}

/** The text without code blocks. */
export const prose = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

/** What stands in single backticks. */
export const codeSpans = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map((span) => span[1] ?? '');

/** The rows of every table in the text, as trimmed cells; header and rule lines are left out. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  const isRule = (line: string | undefined) => /^\|(?:\s*:?-+:?\s*\|)+$/.test(line ?? '');
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
