import type { Arg } from './model.ts';

/**
 * What `echo` or `printf` with these words prints, or null when it is another program or not certain: only the escapes
 * that every shell reads alike are followed, so `echo` without -e prints no backslash here.
 */
export function printedText(name: string | null, args: readonly Arg[]): string | null {
  const words = args.map((arg) => arg.text);
  if (!words.every((word) => word !== null)) return null;
  if (name === 'echo') return echo(words);
  return name === 'printf' ? printf(words[0] === '--' ? words.slice(1) : words) : null;
}

function echo(words: readonly string[]): string | null {
  const first = words.findIndex((word) => !/^-[neE]+$/.test(word));
  const options = words.slice(0, first < 0 ? words.length : first).join('');
  const text = words.slice(first < 0 ? words.length : first).join(' ');
  const escapes = options.lastIndexOf('e') > options.lastIndexOf('E');
  const line = escapes ? unescaped(text) : text.includes('\\') ? null : text;
  return line === null || options.includes('n') ? line : `${line}\n`;
}

function printf([format = '', ...values]: readonly string[]): string | null {
  if (format.startsWith('-') || values.some((value) => value.includes('\\'))) return null;
  const parts = format.split(/(%.)/);
  const takes = parts.filter((part) => part === '%s' || part === '%b').length;
  if (parts.some((part) => /^%[^sb%]/.test(part) || part === '%') || (takes === 0 && values.length > 0))
    return null;
  const rest = [...values];
  let text = '';
  do
    for (const part of parts)
      text += part === '%%' ? '%' : part === '%s' || part === '%b' ? (rest.shift() ?? '') : part;
  while (rest.length > 0);
  return unescaped(text);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

function unescaped(text: string): string | null {
  if (/\\([^nrt\\]|$)/.test(text.replaceAll('\\\\', ''))) return null;
  return text.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? '');
}
