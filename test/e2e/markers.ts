/** Words that are nowhere by chance, and the search for them in whatever bytes they may have leaked into. */
import { randomInt } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const random = (count: number): string =>
  Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** All markers begin with the same eight characters, so that one pass over the bytes finds any of them. */
const TAG_LENGTH = 8;
/** Enough of a marker to say which one it is. */
const HEAD_LENGTH = 16;
/** As much text as holds a head in any form: hex takes two characters a byte. */
const WINDOW = 2 * HEAD_LENGTH + 4;

/** One way to write bytes as text: how the tag looks in it, and how to read what stands where the tag was found. */
interface Form {
  readonly needle: string;
  readonly read: (seen: string) => string;
}

/** As it is, as hex in either case, and as base64 of either alphabet wherever in a group of three bytes it begins. */
function formsOf(word: string): readonly Form[] {
  const bytes = Buffer.from(word);
  const hex = bytes.toString('hex');
  const fromHex = (seen: string) => Buffer.from(seen, 'hex').toString('latin1');
  const groups = (alphabet: 'base64' | 'base64url') =>
    [0, 1, 2].map((before): Form => {
      const bits = 8 * before;
      const from = Math.ceil(bits / 6);
      const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet);
      return {
        needle: whole.slice(from, Math.floor((bits + 8 * bytes.length) / 6)),
        read: (seen) =>
          Buffer.from('A'.repeat(from) + seen, alphabet)
            .subarray(before)
            .toString('latin1'),
      };
    });
  return [
    { needle: word, read: (seen) => seen },
    { needle: hex, read: fromHex },
    { needle: hex.toUpperCase(), read: fromHex },
    ...groups('base64'),
    ...groups('base64url'),
  ];
}

/** The markers of one test. */
export class Markers {
  readonly #tag = `z${random(TAG_LENGTH - 1)}`;
  readonly #forms = [...new Map(formsOf(this.#tag).map((form) => [form.needle, form])).values()];
  readonly #texts = new Map<string, string>();
  /** Which marker a head belongs to. Its first letter is left out: a base64 group may begin in the middle of it. */
  readonly #names = new Map<string, string>();

  /** What was planted, by the name of the field. */
  get texts(): ReadonlyMap<string, string> {
    return this.#texts;
  }

  /** Sixteen characters that no compressor makes shorter. */
  short(name: string): string {
    return this.#keep(name, [this.#tag + random(8)]);
  }

  /** 4 KB without any pattern but the tag; whatever cuts it into pages or pieces leaves some of them whole. */
  long(name: string): string {
    return this.#keep(
      name,
      Array.from({ length: 128 }, () => this.#tag + random(24)),
    );
  }

  /** 4 KB that a compressor would make a few bytes of. */
  repeated(name: string): string {
    return this.#keep(name, Array<string>(256).fill(this.#tag + random(8)));
  }

  #keep(name: string, pieces: readonly string[]): string {
    for (const piece of pieces) this.#names.set(piece.slice(1, HEAD_LENGTH), name);
    const text = pieces.join('');
    this.#texts.set(name, text);
    return text;
  }

  /** The names of the markers of which any piece stands in these bytes, in any form. */
  in(bytes: Buffer): Set<string> {
    const found = new Set<string>();
    for (const { needle, read } of this.#forms) {
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
        const head = read(bytes.toString('latin1', at, at + WINDOW)).slice(1, HEAD_LENGTH);
        found.add(this.#names.get(head) ?? 'a part of some marker');
      }
    }
    return found;
  }
}

/** Whether a word of any kind stands in these bytes, in any form. */
export const holds = (bytes: Buffer, word: string): boolean =>
  formsOf(word).some(({ needle }) => bytes.includes(needle));
