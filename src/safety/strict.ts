/** One simple command as the strict reader sees it: the range of each word (`4-9`), and its redirections. */
export interface StrictCommand {
  readonly start: number;
  readonly words: readonly string[];
  readonly redirects: readonly string[];
}

/** What the strict reader says: the commands, or the place where the text leaves its grammar. */
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

/** Words that open, join or close other commands where a command may start. */
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
const REFUSED = new Set(['esac', 'select', 'function', 'coproc', 'in']);
const MAX_DEPTH = 16;

/**
 * A second, independent reading of a shell text: words with quotes, variables, plain `${…}`, substitutions, braces and
 * arithmetic; joined by `; & && || | |&`, newlines, groups, loops, tests and cases; redirections and here-documents.
 * Functions, coprocesses and extended patterns are outside. It shares no code with the parser: a safe verdict needs
 * both readings and both the same.
 */
export function readStrictly(text: string): StrictReading {
  try {
    const reader = new Reader(text);
    reader.list(null);
    return { ok: true, commands: [...reader.commands].sort((a, b) => a.start - b.start) };
  } catch (error) {
    if (error instanceof Outside) return { ok: false, at: error.at };
    throw error;
  }
}

interface Heredoc {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly tabs: boolean;
}

class Reader {
  readonly commands: StrictCommand[] = [];
  private readonly text: string;
  private heredocs: Heredoc[] = [];
  private at = 0;
  private end: number;
  private depth = 0;
  private substitutions = 0;

  constructor(text: string) {
    this.text = text;
    this.end = text.length;
  }

  /** Reads commands up to the end, the `)` that closes a substitution or group, or the end of an item of a case. */
  list(closer: ')' | ';;' | null): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.refuse();
    for (;;) {
      this.blanks();
      const char = this.peek();
      if (char === '') {
        if (closer !== null || this.heredocs.length > 0) this.refuse();
        break;
      }
      if (char === ')') {
        if (closer !== ')') this.refuse();
        this.at += 1;
        break;
      }
      if (closer === ';;' && (this.starts(';;') || this.starts(';&') || this.keyword('esac'))) break;
      if (!this.separator()) this.command();
    }
    this.depth -= 1;
  }

  private refuse(): never {
    throw new Outside(this.at);
  }

  private peek(ahead = 0): string {
    return this.at + ahead < this.end ? (this.text[this.at + ahead] ?? '') : '';
  }

  private starts(text: string): boolean {
    return this.at + text.length <= this.end && this.text.startsWith(text, this.at);
  }

  /** What a sticky pattern matches here, or null. */
  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    return found && this.at + found[0].length <= this.end ? found : null;
  }

  /** True when a word of the shell's own stands here as a whole word. */
  private keyword(word: string): boolean {
    return this.starts(word) && /^([\s;|&()<>]|$)/.test(this.peek(word.length));
  }

  private blanks(): void {
    for (;;) {
      const char = this.peek();
      if (char === ' ' || char === '\t') this.at += 1;
      else if (char === '\\' && this.peek(1) === '\n') this.at += 2;
      else if (char === '#') while (this.at < this.end && this.peek() !== '\n') this.at += 1;
      else return;
    }
  }

  /** Blanks and line ends, where a here-document may not wait. */
  private gap(): void {
    this.blanks();
    while (this.peek() === '\n') {
      if (this.heredocs.length > 0) this.refuse();
      this.at += 1;
      this.blanks();
    }
  }

  private separator(): boolean {
    const char = this.peek();
    if (char === '\n') {
      this.at += 1;
      this.bodies();
      return true;
    }
    if (this.starts(';;') || this.starts(';&') || this.starts('&>')) this.refuse();
    const length = this.match(/&&|\|\||\|&|[;|&]/y)?.[0].length ?? 0;
    this.at += length;
    if (char === '|' && !this.text.startsWith('||', this.at - length)) {
      this.gap();
      // After a bar it is the program, not the word of the shell.
      if (this.keyword('time')) this.refuse();
    }
    return length > 0;
  }

  /** Reads the here-documents that were announced on the line that just ended. */
  private bodies(): void {
    for (const heredoc of this.heredocs.splice(0)) {
      const start = this.at;
      for (;;) {
        if (this.at >= this.end) this.refuse();
        const line = this.match(/[^\n]*/y)?.[0] ?? '';
        const stop = this.at;
        this.at = Math.min(this.at + line.length + 1, this.end);
        if ((heredoc.tabs ? line.replace(/^\t+/, '') : line) !== heredoc.delimiter) continue;
        if (!heredoc.quoted) this.body(start, stop, heredoc.tabs);
        break;
      }
    }
  }

  /** A here-document in which substitutions are carried out. */
  private body(start: number, stop: number, tabs: boolean): void {
    const [after, end] = [this.at, this.end];
    this.at = start;
    this.end = stop;
    while (this.at < this.end) {
      const char = this.peek();
      if (char === '`' || (tabs && /[$\\]/.test(char))) this.refuse();
      if (char === '\\') {
        if (this.peek(1) === '\n') this.refuse();
        this.at += 2;
      } else if (char === '$') this.dollar(true);
      else this.at += 1;
    }
    this.at = after;
    this.end = end;
  }

  private command(): void {
    let start = this.at;
    const words: string[] = [];
    const redirects: string[] = [];
    let onlyAssigns = true;
    for (;;) {
      this.blanks();
      const isFirst = words.length + redirects.length === 0;
      if (isFirst) start = this.at;
      const char = this.peek();
      if (char === '' || '\n;|)'.includes(char) || (char === '&' && !this.starts('&>'))) break;
      if (isFirst && this.compound()) continue;
      if (char === '(') this.refuse();
      if (!this.starts('<(') && !this.starts('>(') && this.redirect(redirects)) continue;
      const from = this.at;
      if (onlyAssigns && this.match(/[A-Za-z_]\w*\+?=\(/y)) this.array();
      else onlyAssigns = /^[A-Za-z_]\w*(\[\w+\])?\+?=/.test(this.word()) && onlyAssigns;
      words.push(`${from}-${this.at}`);
    }
    if (words.length + redirects.length > 0) this.commands.push({ start, words, redirects });
  }

  /** Reads what may stand where a command starts and is none itself; false when nothing of the kind is here. */
  private compound(): boolean {
    if (this.starts('((')) return this.arithmetic();
    const named = this.match(/[A-Za-z_][\w-]*[ \t]*\([ \t]*\)/y)?.[0];
    if (named !== undefined) {
      this.at += named.length;
      this.gap();
      if (!/[({]/.test(this.peek())) this.refuse();
      return true;
    }
    if (this.peek() === '(') {
      this.at += 1;
      this.list(')');
      return true;
    }
    const word = this.match(/[!{}\w[]+(?=[\s;|&()<>]|$)/y)?.[0] ?? '';
    if (REFUSED.has(word)) this.refuse();
    if (word === 'for') this.forLoop();
    else if (word === 'case') this.cases();
    else if (word === '[[') this.test();
    else if (SKIPPED.has(word)) {
      this.at += word.length;
      this.blanks();
      if (word === 'time' && this.peek() === '-') this.refuse();
    } else return false;
    return true;
  }

  private forLoop(): void {
    this.at += 3;
    this.blanks();
    if (this.starts('((')) {
      this.arithmetic(';');
      return;
    }
    if (!/^[A-Za-z_]\w*$/.test(this.word())) this.refuse();
    this.gap();
    if (this.peek() === ';' || this.keyword('do')) return;
    if (!this.keyword('in')) this.refuse();
    this.at += 2;
    for (;;) {
      this.blanks();
      const char = this.peek();
      if (char === ';' || char === '\n') return;
      if (char === '' || '|)&<>('.includes(char)) this.refuse();
      this.word();
    }
  }

  private cases(): void {
    this.at += 4;
    this.blanks();
    this.word();
    this.gap();
    if (!this.keyword('in')) this.refuse();
    this.at += 2;
    for (;;) {
      this.gap();
      if (this.keyword('esac')) break;
      if (this.peek() === '(') this.at += 1;
      this.patterns();
      this.list(';;');
      this.at += this.match(/;;&|;;|;&/y)?.[0].length ?? 0;
    }
    this.at += 4;
  }

  private patterns(): void {
    for (;;) {
      this.blanks();
      this.word();
      this.blanks();
      const char = this.peek();
      if (char !== '|' && char !== ')') this.refuse();
      this.at += 1;
      if (char === ')') return;
    }
  }

  /** `[[ … ]]`: operators and words; nothing in it is a command but its substitutions. */
  private test(): void {
    this.at += 2;
    for (;;) {
      this.gap();
      if (this.keyword(']]')) break;
      const operator = this.match(/&&|\|\||[()<>]/y)?.[0];
      if (this.peek() === '') this.refuse();
      if (operator !== undefined) this.at += operator.length;
      else if (this.word() === '=~') this.regex();
    }
    this.at += 2;
  }

  /** The right side of `=~`, where brackets and bars are part of the word. */
  private regex(): void {
    this.blanks();
    let depth = 0;
    for (;;) {
      const char = this.peek();
      if (char === '' || '`;&<>#'.includes(char)) this.refuse();
      if (' \t\n'.includes(char)) {
        if (depth !== 0) this.refuse();
        return;
      }
      if (char === '(') depth += 1;
      if (char === ')') depth -= 1;
      if (depth < 0) this.refuse();
      if ('()|'.includes(char)) this.at += 1;
      else this.piece();
    }
  }

  /** `((…))` from its first bracket on: names, numbers, operators, plain expansions, and between parts `separator`. */
  private arithmetic(separator = ''): true {
    this.at += 2;
    let depth = 0;
    for (;;) {
      const char = this.peek();
      if (depth === 0 && this.starts('))')) break;
      const based = this.match(/\d+#\w+/y)?.[0];
      if (based !== undefined) this.at += based.length;
      else if (char === '$') this.dollar(true);
      else if (char !== '' && (char === separator || /[\w\s+*/%<>=!&|^~?:,().[\]-]/.test(char))) {
        depth += char === '(' ? 1 : char === ')' ? -1 : 0;
        if (depth < 0) this.refuse();
        this.at += 1;
      } else this.refuse();
    }
    this.at += 2;
    return true;
  }

  /** `name=( … )`. */
  private array(): void {
    this.at += this.match(/[A-Za-z_]\w*\+?=\(/y)?.[0].length ?? 0;
    for (;;) {
      this.gap();
      if (this.peek() === ')') break;
      if (this.peek() === '' || '();|&<>'.includes(this.peek())) this.refuse();
      if (/^\[[^\]]*\]=/.test(this.word())) this.refuse();
    }
    this.at += 1;
  }

  private redirect(into: string[]): boolean {
    const match = this.match(/(\d*)(&>>?|>>|>&|>\||<<<|<<-?|<&|<>|>|<)/y);
    if (!match) return false;
    const [whole, , operator = ''] = match;
    this.at += whole.length;
    if (operator === '>&' || operator === '<&') {
      const target = this.match(/(\d+|-)(?=[ \t\n;|)&]|$)/y);
      if (!target) this.refuse();
      this.at += target[0].length;
      into.push(`${operator} ${target[0]}`);
      return true;
    }
    this.blanks();
    const target = this.word();
    if (operator === '<<' || operator === '<<-') {
      // Bash 5.2 loses a separator after a here-document in a substitution.
      if (this.substitutions > 0) this.refuse();
      const parts = /^(\\?|['"])([\w.-]+)(['"]?)$/.exec(target);
      const [, open = '', delimiter = '', close = ''] = parts ?? [];
      if (!parts || (open === '\\' ? close !== '' : open !== close)) this.refuse();
      this.heredocs.push({ delimiter, quoted: open !== '', tabs: operator === '<<-' });
      into.push(operator);
    } else into.push(`${operator} ${target}`);
    return true;
  }

  /** Reads one word and returns its raw text. */
  private word(): string {
    const start = this.at;
    for (;;) {
      const char = this.peek();
      if (this.at === start && (this.starts('<(') || this.starts('>('))) this.substitution();
      else if (char === '' || ' \t\n;|&<>)'.includes(char)) break;
      else this.piece();
    }
    const word = this.text.slice(start, this.at);
    if (word === '' || (/[<>]/.test(this.peek()) && /^\{\w+\}$/.test(word))) this.refuse();
    return word;
  }

  /** One character of a word, or a quoted or substituted part of it. */
  private piece(): void {
    const char = this.peek();
    if (char === '(' || (/[?*+@!]/.test(char) && this.peek(1) === '(')) this.refuse();
    if (char === "'") this.single();
    else if (char === '"') this.double();
    else if (char === '`') this.backticks();
    else if (char === '$') this.dollar(false);
    else if (char === '\\') {
      if (this.at + 1 >= this.end || this.peek(1) === '\n') this.refuse();
      this.at += 2;
    } else if (char === '{') this.brace();
    else this.at += 1;
  }

  /** `{a,b}` and `{1..5}` of plain characters are one word; whatever else may be a brace expansion is outside. */
  private brace(): void {
    const plain = this.match(/\{[\w./:@%+=,*?-]*\}/y)?.[0];
    if (plain === undefined && this.match(/\{[^\s}]*(,|\.\.)/y)) this.refuse();
    this.at += plain?.length ?? 1;
    if (plain !== undefined && this.match(/[^\s{]*\}/y)) this.refuse();
  }

  /** `$(…)`, `<(…)` and `>(…)`. */
  private substitution(): void {
    this.at += 2;
    this.substitutions += 1;
    this.list(')');
    this.substitutions -= 1;
  }

  private single(): void {
    const close = this.text.indexOf("'", this.at + 1);
    if (close < 0 || close >= this.end) this.refuse();
    this.at = close + 1;
  }

  private double(): void {
    this.at += 1;
    for (;;) {
      const char = this.peek();
      if (char === '') this.refuse();
      if (char === '"') break;
      if (char === '`') this.backticks();
      else if (char === '$') this.dollar(true);
      else this.at += char === '\\' ? 2 : 1;
    }
    this.at += 1;
  }

  /** Backticks with nothing in them that would be unescaped first. */
  private backticks(): void {
    const body = this.match(/`[^`\\]*`/y)?.[0];
    if (body === undefined) this.refuse();
    const [after, end] = [this.at + body.length, this.end];
    this.at += 1;
    this.end = after - 1;
    this.substitutions += 1;
    this.list(null);
    this.substitutions -= 1;
    this.at = after;
    this.end = end;
  }

  private dollar(quoted: boolean): void {
    const name = this.match(/\$([A-Za-z_]\w*|\d|[?#@*$!-])/y)?.[0];
    if (name !== undefined) this.at += name.length;
    else if (this.starts('${')) this.parameter();
    else if (this.starts('$((')) {
      this.at += 1;
      this.arithmetic();
    } else if (this.starts('$(')) this.substitution();
    else if (!quoted && this.starts("$'")) {
      // Not `\'`: where `$'…'` is not known, that ends the word.
      const plain = this.match(
        /\$'([^'\\\n]|\\([abefnrtv"\\?]|x[\da-fA-F]{1,2}|[0-7]{1,3}|u[\da-fA-F]{1,4}))*'/y,
      )?.[0];
      if (plain === undefined) this.refuse();
      this.at += plain.length;
    } else if (this.match(quoted ? /\$(?=["\s/.,:;|)%=]|$)/y : /\$(?=[\s;|)/]|$)/y)) this.at += 1;
    else this.refuse();
  }

  /** `${name}`, with a length, an index, a pattern to cut or replace, a plain default, a slice or a change of case. */
  private parameter(): void {
    const head = this.match(
      /\$\{(!?[A-Za-z_]\w*\[[@*]\]|#?(?:[A-Za-z_]\w*|[0-9@*#?])(?:\[(?:[@*]|\d+|\$?[A-Za-z_]\w*)\])?)((?::?[-+?=]|##?|%%?|\/[/#%]?|\^\^?|,,?|:(?=\s*\d)|@[QULuEAKak])?)/y,
    );
    if (!head) this.refuse();
    this.at += head[0].length;
    if (head[2] === '' && this.peek() !== '}') this.refuse();
    for (;;) {
      const char = this.peek();
      if (char === '}') break;
      const quoted = this.match(/\$'(\\[nrt]|[\w ,.:-])*'/y)?.[0];
      if (quoted !== undefined) this.at += quoted.length;
      else if (char === '$') this.dollar(true);
      else if (char === '' || '\'"`\\{()<>'.includes(char)) this.refuse();
      else this.at += 1;
    }
    this.at += 1;
  }
}
