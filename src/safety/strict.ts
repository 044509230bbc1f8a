/** One simple command as the strict reader sees it: the range of each word (`4-9`), and its redirections. */
export interface StrictCommand {
  readonly start: number;
  readonly words: readonly string[];
  readonly redirects: readonly string[];
}

/** What the strict reader says: the commands, or the place where the text leaves its small grammar. */
export type StrictReading =
  | { readonly ok: true; readonly commands: readonly StrictCommand[] }
  | { readonly ok: false; readonly at: number };

class Outside extends Error {
  readonly at: number;
  constructor(at: number) {
    super('outside the strict grammar');
    this.at = at;
  }
}

const SKIPPED = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'while',
  'until',
  'do',
  'done',
  '!',
  '{',
  '}',
  'time',
]);
const REFUSED = new Set(['case', 'esac', 'select', 'function', 'coproc', '[[', 'in']);

/**
 * A second, independent reading of a shell text in a deliberately small grammar: words with plain quotes, simple
 * variables and `$( )`, joined by `; && || |`, newlines, groups, loops and tests; plain redirections and
 * here-documents. It shares no code with the parser. A safe verdict needs both readings and both the same.
 */
export function readStrictly(text: string): StrictReading {
  try {
    const reader = new Reader(text);
    reader.list(null);
    return { ok: true, commands: reader.commands.sort((a, b) => a.start - b.start) };
  } catch (error) {
    if (error instanceof Outside) return { ok: false, at: error.at };
    throw error;
  }
}

class Reader {
  readonly commands: StrictCommand[] = [];
  private readonly text: string;
  private readonly heredocs: { delimiter: string; quoted: boolean; tabs: boolean }[] = [];
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Reads commands up to the end of the text, or to the `)` that closes a substitution or group. */
  list(closer: ')' | null): void {
    this.depth += 1;
    if (this.depth > 16) throw new Outside(this.at);
    for (;;) {
      this.blanks();
      const char = this.text[this.at];
      if (char === undefined) {
        if (closer !== null || this.heredocs.length > 0) throw new Outside(this.at);
        break;
      }
      if (char === ')') {
        if (closer === null) throw new Outside(this.at);
        this.at += 1;
        break;
      }
      if (!this.separator()) this.command();
    }
    this.depth -= 1;
  }

  private blanks(): void {
    for (;;) {
      const char = this.text[this.at];
      if (char === ' ' || char === '\t') this.at += 1;
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.at += 2;
      else if (char === '#') while (this.at < this.text.length && this.text[this.at] !== '\n') this.at += 1;
      else return;
    }
  }

  private separator(): boolean {
    const char = this.text[this.at];
    if (char === '\n') {
      this.at += 1;
      this.bodies();
      return true;
    }
    const two = this.text.slice(this.at, this.at + 2);
    if (two === ';;' || two === '|&' || (char === '&' && two !== '&&')) throw new Outside(this.at);
    if (two === '&&' || two === '||') this.at += 2;
    else if (char === ';' || char === '|') this.at += 1;
    else return false;
    return true;
  }

  private bodies(): void {
    for (const heredoc of this.heredocs.splice(0)) {
      for (;;) {
        if (this.at >= this.text.length) throw new Outside(this.at);
        const end = this.text.indexOf('\n', this.at);
        const stop = end < 0 ? this.text.length : end;
        const line = this.text.slice(this.at, stop);
        if (!heredoc.quoted && /[$`\\]/.test(line)) throw new Outside(this.at);
        this.at = Math.min(stop + 1, this.text.length);
        if ((heredoc.tabs ? line.replace(/^\t+/, '') : line) === heredoc.delimiter) break;
      }
    }
  }

  private command(): void {
    let start = this.at;
    const words: string[] = [];
    const redirects: string[] = [];
    for (;;) {
      this.blanks();
      if (words.length + redirects.length === 0) start = this.at;
      const char = this.text[this.at];
      if (char === undefined || '\n;|)'.includes(char) || this.text.startsWith('&&', this.at)) break;
      if (char === '(') {
        if (words.length + redirects.length > 0 || this.text[this.at + 1] === '(') throw new Outside(this.at);
        this.at += 1;
        this.list(')');
        continue;
      }
      if (this.redirect(redirects)) continue;
      const from = this.at;
      const word = this.word();
      if (words.length === 0 && redirects.length === 0) {
        if (REFUSED.has(word)) throw new Outside(start);
        if (word === 'for') {
          this.forLoop();
          return;
        }
        if (SKIPPED.has(word)) {
          this.blanks();
          if (word === 'time' && this.text.startsWith('-', this.at)) throw new Outside(this.at);
          continue;
        }
      }
      words.push(`${from}-${this.at}`);
    }
    if (words.length + redirects.length > 0) this.commands.push({ start, words, redirects });
  }

  private forLoop(): void {
    this.blanks();
    if (!/^[A-Za-z_]\w*$/.test(this.word())) throw new Outside(this.at);
    this.blanks();
    if (this.word() !== 'in') throw new Outside(this.at);
    for (;;) {
      this.blanks();
      const char = this.text[this.at];
      if (char === ';' || char === '\n') return;
      if (char === undefined || '|)&<>('.includes(char)) throw new Outside(this.at);
      this.word();
    }
  }

  private redirect(into: string[]): boolean {
    const match = /^(\d*)(&>>?|>>|>&|<<<|<<-?|<&|>|<)/.exec(this.text.slice(this.at, this.at + 16));
    if (!match) return false;
    const [whole, , operator = ''] = match;
    this.at += whole.length;
    if (operator === '>&' || operator === '<&') {
      const target = /^(\d+|-)(?=[ \t\n;|)&]|$)/.exec(this.text.slice(this.at));
      if (!target) throw new Outside(this.at);
      this.at += target[0].length;
      into.push(`${operator} ${target[0]}`);
      return true;
    }
    this.blanks();
    const target = this.word();
    if (operator === '<<' || operator === '<<-') {
      const parts = /^(['"]?)([\w-]+)\1$/.exec(target);
      if (!parts) throw new Outside(this.at);
      this.heredocs.push({ delimiter: parts[2] ?? '', quoted: parts[1] !== '', tabs: operator === '<<-' });
      into.push(operator);
    } else into.push(`${operator} ${target}`);
    return true;
  }

  /** Reads one word and returns its raw text. */
  private word(): string {
    const start = this.at;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || ' \t\n;|&<>)'.includes(char)) break;
      if (char === '(' || char === '`') throw new Outside(this.at);
      if (char === "'") this.single();
      else if (char === '"') this.double();
      else if (char === '$') this.dollar(false);
      else if (char === '\\') {
        if (this.at + 1 >= this.text.length || this.text[this.at + 1] === '\n') throw new Outside(this.at);
        this.at += 2;
      } else if (
        char === '{' &&
        /^\{(?![\w.,/-]+\})[^}\s]*(,|\.\.)/.test(this.text.slice(this.at, this.at + 200))
      )
        throw new Outside(this.at);
      else this.at += 1;
    }
    if (this.at === start) throw new Outside(this.at);
    return this.text.slice(start, this.at);
  }

  private single(): void {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) throw new Outside(this.at);
    this.at = end + 1;
  }

  private double(): void {
    this.at += 1;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || char === '`') throw new Outside(this.at);
      if (char === '"') break;
      if (char === '$') this.dollar(true);
      else if (char === '\\') this.at += 2;
      else this.at += 1;
    }
    this.at += 1;
  }

  private dollar(quoted: boolean): void {
    const rest = this.text.slice(this.at + 1, this.at + 128);
    const name = /^([A-Za-z_]\w*|\d|[?#@*$!-]|\{[A-Za-z_]\w*\})/.exec(rest);
    if (name) {
      this.at += 1 + name[0].length;
    } else if (!quoted && /^'([^'\\\n]|\\[abefnrtv'"\\?])*'/.test(rest)) {
      this.at += 1 + (/^'([^'\\]|\\.)*'/.exec(rest)?.[0].length ?? 0);
    } else if (rest.startsWith('(') && !rest.startsWith('((')) {
      this.at += 2;
      this.list(')');
    } else if (quoted ? /^["\s/.,:;|)%=]/.test(rest) : /^(?:[\s;|)/]|$)/.test(rest)) {
      this.at += 1;
    } else throw new Outside(this.at);
  }
}
