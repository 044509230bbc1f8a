/** How a character of shell text is quoted; `single` and `literal-heredoc` expand nothing. */
export type Quoting = 'none' | 'single' | 'double' | 'heredoc' | 'literal-heredoc' | 'comment';

export type Visit = (index: number, quoting: Quoting) => void;

type Frame = 'single' | 'ansi' | 'double' | 'group' | 'arithmetic' | 'backtick' | 'brace';

interface Heredoc {
  readonly tag: string;
  readonly literal: boolean;
}

const OPENERS = new Set(['if', 'for', 'while', 'until', 'case', 'select', '{']);
const CLOSERS = new Set(['fi', 'done', 'esac', '}']);
/** After these a command may follow at once. */
const LEADERS = new Set(['if', 'while', 'until', 'do', 'then', 'else', 'elif', '!', 'time', '{']);
const HEREDOC =
  /^<<-?[ \t]*(?:'([^'\n]{1,100})'|"([^"\n]{1,100})"|(\\?)([A-Za-z_][\w.-]{0,99})(?![\w. -]*>>))/;

/**
 * Reads shell text line by line and knows whether a command is still open: quotes, substitutions, here-documents,
 * compound commands, continuations and trailing operators. A reader's aid for cutting text, not a judge: what it
 * cuts is scanned again by src/safety. One pass, constant work a character.
 */
export class ShellScan {
  private frames: Frame[] = [];
  private heredocs: Heredoc[] = [];
  private depth = 0;
  private dangling = false;
  /** The line ends in `\\`: a here-document that it opens begins after the next line. */
  private continued = false;
  private word = '';
  private commandPosition = true;
  /** Where a comment begins on the line read last, or null. */
  comment: number | null = null;

  /** True while the command read so far goes on in the next line. */
  get open(): boolean {
    return this.frames.length > 0 || this.heredocs.length > 0 || this.depth > 0 || this.dangling;
  }

  /** True inside a here-document or a compound command, in which empty lines may stand. */
  get inBody(): boolean {
    return this.heredocs.length > 0 || this.depth > 0;
  }

  /** True behind a continuation or a trailing operator. */
  get dangles(): boolean {
    return this.dangling;
  }

  feed(line: string, visit?: Visit): void {
    this.comment = null;
    const heredoc = this.heredocs[0];
    if (heredoc && !this.inQuote() && !this.continued) {
      if (line.trim() === heredoc.tag) this.heredocs.shift();
      else if (visit)
        for (let i = 0; i < line.length; i++) visit(i, heredoc.literal ? 'literal-heredoc' : 'heredoc');
      return;
    }
    if (!this.dangling) this.commandPosition = true;
    this.dangling = false;
    this.continued = false;
    let index = 0;
    while (index < line.length) {
      const used = this.step(line, index);
      if (visit) for (let i = index; i < index + used && i < line.length; i++) visit(i, this.quoting());
      index += used;
    }
    this.endWord();
    if (
      !this.inQuote() &&
      /(?:&&|\|\|?)$/.test(
        line
          .slice(0, this.comment ?? line.length)
          .trimEnd()
          .slice(-2),
      )
    ) {
      this.dangling = true;
    }
  }

  private inQuote(): boolean {
    const top = this.frames.at(-1);
    return top === 'single' || top === 'ansi' || top === 'double';
  }

  private quoting(): Quoting {
    if (this.comment !== null) return 'comment';
    const top = this.frames.at(-1);
    if (top === 'single' || top === 'ansi') return 'single';
    return top === 'double' ? 'double' : 'none';
  }

  /** Reads one construct at `index` and returns how many units it took. */
  private step(line: string, index: number): number {
    const top = this.frames.at(-1);
    const char = line[index] ?? '';
    if (top === 'single' || top === 'ansi') return this.insideSingle(top, char, index, line);
    if (char === '\\') return this.escape(line, index);
    if (char === '`') return this.backtick();
    if (char === '$') return this.dollar(line, index, top);
    if (top === 'double') {
      if (char === '"') this.frames.pop();
      return 1;
    }
    if (top === 'brace') return this.insideBrace(char);
    return this.plain(line, index, char, top);
  }

  private insideSingle(top: Frame, char: string, index: number, line: string): number {
    if (top === 'ansi' && char === '\\') return Math.min(2, line.length - index);
    if (char === "'") this.frames.pop();
    return 1;
  }

  private escape(line: string, index: number): number {
    if (line.length - index < 80 && line.slice(index + 1).trim() === '') {
      this.dangling = true;
      this.continued = true;
      return line.length - index;
    }
    this.word += 'x';
    return 2;
  }

  private backtick(): number {
    const at = this.frames.lastIndexOf('backtick');
    if (at >= 0) this.frames.length = at;
    else {
      this.frames.push('backtick');
      this.startCommand();
    }
    return 1;
  }

  private dollar(line: string, index: number, top: Frame | undefined): number {
    this.word += '$';
    const next = line[index + 1];
    if (next === "'" && top !== 'double') return this.push('ansi', 2);
    if (next === '{') return this.push('brace', 2);
    if (next !== '(') return 1;
    if (line[index + 2] === '(') {
      this.frames.push('arithmetic');
      return this.push('arithmetic', 3);
    }
    this.startCommand();
    return this.push('group', 2);
  }

  private push(frame: Frame, used: number): number {
    this.frames.push(frame);
    return used;
  }

  private insideBrace(char: string): number {
    if (char === '}') this.frames.pop();
    else if (char === '"') this.frames.push('double');
    else if (char === "'") this.frames.push('single');
    return 1;
  }

  private plain(line: string, index: number, char: string, top: Frame | undefined): number {
    switch (char) {
      case "'":
        this.word += 'x';
        return this.push('single', 1);
      case '"':
        this.word += 'x';
        return this.push('double', 1);
      case '(':
        this.endWord();
        this.startCommand();
        return this.push(top === 'arithmetic' ? 'arithmetic' : 'group', 1);
      case ')':
        this.endWord();
        if (top === 'group' || top === 'arithmetic') this.frames.pop();
        this.commandPosition = true;
        return 1;
      case '#':
        if (this.word === '' && (index === 0 || /[\s;&|(]/.test(line[index - 1] ?? ''))) {
          this.comment = index;
          return line.length - index;
        }
        break;
      case '<':
        if (top !== 'arithmetic') return this.heredoc(line, index);
        break;
    }
    this.separate(char);
    return 1;
  }

  private separate(char: string): void {
    if (char === ' ' || char === '\t') this.endWord();
    else if (char === ';' || char === '&' || char === '|') {
      this.endWord();
      this.startCommand();
    } else this.word += char;
  }

  private heredoc(line: string, index: number): number {
    this.endWord();
    if (line.startsWith('<<<', index)) return 3;
    const found = HEREDOC.exec(line.slice(index, index + 120));
    if (!found) return 1;
    const literal = found[1] !== undefined || found[2] !== undefined || found[3] === '\\';
    this.heredocs.push({ tag: found[1] ?? found[2] ?? found[4] ?? '', literal });
    return found[0].length;
  }

  private startCommand(): void {
    this.word = '';
    this.commandPosition = true;
  }

  /** At the end of a word: keywords in command position open and close compound commands. */
  private endWord(): void {
    const word = this.word;
    this.word = '';
    if (word === '' || !this.commandPosition) return;
    if (OPENERS.has(word)) this.depth += 1;
    else if (CLOSERS.has(word)) this.depth = Math.max(0, this.depth - 1);
    this.commandPosition = LEADERS.has(word) || /^[A-Za-z_]\w*\+?=/.test(word);
  }
}
