import type { ReactNode } from 'react';
import { EMOJI } from '../emoji.ts';
import { isObject, type Json } from '../json.ts';

/** Drawn here, because not every machine has a font with them. */
const ART: Readonly<Record<string, ReactNode>> = {
  octagonal_sign: <path d="M6 1h8l5 5v8l-5 5H6l-5-5V6z" fill="#d9282b" stroke="#fff" strokeWidth="1" />,
  white_check_mark: (
    <>
      <rect x="1" y="1" width="18" height="18" rx="4" fill="#3a9c4d" />
      <path d="M5 10.5 8.5 14 15 6.5" fill="none" stroke="#fff" strokeWidth="2.6" />
    </>
  ),
  eyes: (
    <>
      <ellipse cx="6" cy="10" rx="4" ry="6" fill="#fff" stroke="#555" />
      <ellipse cx="14.5" cy="10" rx="4" ry="6" fill="#fff" stroke="#555" />
      <circle cx="5" cy="11" r="2" fill="#222" />
      <circle cx="13.5" cy="11" r="2" fill="#222" />
    </>
  ),
  '+1': (
    <path
      d="M2 9h4v9H2zm5 0 3.2-7.2C12 1.8 12.7 3 12.3 4.5L11.5 8h5.200c1.5 0 2.300 1 1.900 2.400l-1.700 6c-.3 1-1 1.6-2.100 1.6H7z"
      fill="#f0b429"
      stroke="#a97a10"
      strokeWidth=".6"
    />
  ),
  large_green_circle: <circle cx="10" cy="10" r="8.5" fill="#3a9c4d" />,
  large_yellow_circle: <circle cx="10" cy="10" r="8.5" fill="#f0b429" />,
  red_circle: <circle cx="10" cy="10" r="8.5" fill="#d9282b" />,
  warning: (
    <>
      <path d="M10 1.5 19 18H1z" fill="#f0b429" stroke="#a97a10" />
      <path d="M10 7v5.5M10 14.5v2" stroke="#222" strokeWidth="2" />
    </>
  ),
};

/** One emoji by Slack's name; the name between colons when it is not known. */
export function Emoji({ name }: { name: string }) {
  const art = Object.hasOwn(ART, name) ? ART[name] : undefined;
  if (art === undefined) return <>{EMOJI[name] ?? `:${name}:`}</>;
  return (
    <svg className="emoji" viewBox="0 0 20 20" role="img" aria-label={EMOJI[name] ?? name}>
      <title>{`:${name}:`}</title>
      {art}
    </svg>
  );
}

const NAMES = new Map(
  Object.entries(EMOJI).map(([name, character]) => [character.replace('\uFE0F', ''), name]),
);
const ANY = new RegExp(
  `(${[...NAMES.keys()].join('|')})\uFE0F?|:(${Object.keys(EMOJI)
    .map((name) => name.replace('+', '\\+'))
    .join('|')}):`,
  'gu',
);

/** Plain text with its emoji drawn. */
export function Words({ text }: { text: string }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(ANY)) {
    parts.push(text.slice(end, match.index), <Emoji key={match.index} name={nameOf(match)} />);
    end = match.index + match[0].length;
  }
  return <>{[...parts, text.slice(end)]}</>;
}

const nameOf = (match: RegExpExecArray | RegExpMatchArray): string =>
  NAMES.get(match[1] ?? '') ?? match[2] ?? '';

/** A rich text block with its emoji characters as emoji elements, which is how Slack stores them; code keeps its characters. */
export function withEmoji(value: unknown): unknown {
  if (Array.isArray(value))
    return value.flatMap((one) => (isObject(one) && one.type === 'text' ? pieces(one) : [withEmoji(one)]));
  if (!isObject(value) || value.type === 'rich_text_preformatted') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withEmoji(one)]));
}

const named = (text: string): string =>
  text.replace(ANY, (...match) => `:${NAMES.get(match[1] ?? '') ?? match[2]}:`);

/** A rich text element cut at its emoji. */
function pieces(element: Json): Json[] {
  const { text, style } = element;
  if (typeof text !== 'string' || (isObject(style) && style.code === true)) return [element];
  return named(text)
    .split(new RegExp(ANY.source, 'u'))
    .map((part, index): Json => {
      if (index % 3 === 0) return { ...element, text: part };
      return { type: 'emoji', name: part };
    })
    .filter((one) => (one.type === 'emoji' ? one.name !== undefined : one.text !== ''));
}
