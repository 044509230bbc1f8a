/** Texts of each kind of part of a pattern; enough to find one that the whole pattern takes. */
const CHARACTERS = [...'ax1A/=.:-_@,+ ~|%$*!<>()[]{}"\'\\#;&?^\n'];
const MOST = 64;

/** A short text that a pattern of the knowledge base matches and that none of `except` does; null when none is found. */
export function sampleOf(pattern: string, except: readonly string[] = []): string | null {
  const [texts] = alternatives(pattern, 0);
  const others = except.map((each) => new RegExp(each));
  const isRight = (text: string): boolean =>
    new RegExp(pattern).test(text) && !others.some((other) => other.test(text));
  return [...texts.filter((text) => text !== ''), 'x', '/x', 'x y', ''].find(isRight) ?? null;
}

type Read = readonly [texts: readonly string[], next: number];

function alternatives(source: string, from: number): Read {
  const texts: string[] = [];
  let branch: readonly string[] = [''];
  let at = from;
  while (at < source.length && source[at] !== ')') {
    if (source[at] === '|') {
      texts.push(...branch);
      branch = [''];
      at += 1;
      continue;
    }
    const [atom, afterAtom] = readAtom(source, at);
    const [repeated, next] = readQuantifier(source, afterAtom, atom);
    branch = branch.flatMap((head) => repeated.map((tail) => head + tail)).slice(0, MOST);
    at = next;
  }
  return [[...texts, ...branch].slice(0, MOST * 8), at];
}

function readAtom(source: string, at: number): Read {
  const char = source[at] ?? '';
  if (char === '^' || char === '$') return [[''], at + 1];
  if (char === '.') return [['x'], at + 1];
  if (char === '(') {
    const isLook = /^\(\?<?[=!]/.test(source.slice(at));
    const [texts, end] = alternatives(source, at + (source[at + 1] === '?' ? 3 : 1));
    return [isLook ? [''] : texts, end + 1];
  }
  if (char === '[') {
    const whole = /^\[\^?\]?(?:\\.|[^\]\\])*\]/s.exec(source.slice(at))?.[0] ?? '[';
    const ofClass = (each: string): boolean => new RegExp(`^${whole}$`).test(each);
    return [[...CHARACTERS, ...whole].filter(ofClass).slice(0, 8), at + whole.length];
  }
  if (char !== '\\') return [[char], at + 1];
  const escaped = source.slice(at, at + 2);
  if (/[bB]/.test(escaped[1] ?? '')) return [[''], at + 2];
  if (/[a-zA-Z]/.test(escaped[1] ?? ''))
    return [CHARACTERS.filter((each) => new RegExp(`^${escaped}$`).test(each)).slice(0, 2), at + 2];
  return [[escaped[1] ?? ''], at + 2];
}

function readQuantifier(source: string, at: number, atom: readonly string[]): Read {
  const [whole = ''] = /^(?:[?*+]|\{\d+(?:,\d*)?\})\??/.exec(source.slice(at)) ?? [];
  const next = at + whole.length;
  if (/^[?*]/.test(whole)) return [['', ...atom], next];
  const count = Number(/\d+/.exec(whole)?.[0] ?? 1);
  return [atom.map((text) => text.repeat(count)), next];
}
