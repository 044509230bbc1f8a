/** The families of SQL that are read here: MySQL, and what the standard says. */
export type Dialect = 'mysql' | 'standard';

/** One token; words are in capitals, quoted names and strings as written. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol';
  readonly text: string;
}

const TOKEN =
  /\s+|--[^\n]*|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(\d[\w.]*)|("(?:[^"]|"")*")|([,;()[\]=<>!~+\-*/%^|&.:?@#{}])/y;

/** Splits SQL into tokens; null when anything is open, conditional, or for the client to replace. */
export function lex(text: string, dialect: Dialect): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const special = lexSpecial(text, at, dialect);
    if (special === null) return null;
    if (special !== undefined) {
      if (special.token) tokens.push(special.token);
      at = special.end;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return null;
    at = TOKEN.lastIndex;
    if (match[0].startsWith('--') && dialect === 'mysql' && !/^--(\s|$)/.test(match[0])) return null;
    if (match[1] !== undefined) tokens.push({ kind: 'word', text: match[1].toUpperCase() });
    else if (match[2] !== undefined) tokens.push({ kind: 'number', text: match[2] });
    else if (match[3] !== undefined)
      tokens.push({ kind: dialect === 'mysql' ? 'string' : 'quoted', text: match[3] });
    else if (match[4] !== undefined) tokens.push({ kind: 'symbol', text: match[4] });
  }
  return tokens;
}

type Special = { readonly token: Token | null; readonly end: number };

/** Strings, block comments, dollar quotes and client variables: undefined when none starts here, null when unreadable. */
function lexSpecial(text: string, at: number, dialect: Dialect): Special | null | undefined {
  const char = text[at];
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    const body = text.slice(at + 2, end);
    if (end < 0 || /^[!+M]/.test(body) || body.includes('/*')) return null;
    return { token: null, end: end + 2 };
  }
  if (char === '#' && dialect === 'mysql') {
    const end = text.indexOf('\n', at);
    return { token: null, end: end < 0 ? text.length : end };
  }
  if (char === '\\')
    return dialect === 'mysql' && /^\\[gG]\s*$/.test(text.slice(at))
      ? { token: null, end: text.length }
      : null;
  if (char === "'" || (char === '"' && dialect === 'mysql')) return lexString(text, at, dialect);
  if (char === '`') {
    const end = text.indexOf('`', at + 1);
    return end < 0 || dialect === 'standard'
      ? null
      : { token: { kind: 'quoted', text: text.slice(at, end + 1) }, end: end + 1 };
  }
  if (
    char === ':' &&
    dialect === 'standard' &&
    /^:['"{A-Za-z_]/.test(text.slice(at, at + 2)) &&
    text[at - 1] !== ':'
  )
    return null;
  return undefined;
}

/** Databases of the standard dialect disagree on what a backslash means in a string, so there it is unreadable. */
function lexString(text: string, at: number, dialect: Dialect): Special | null {
  const quote = text[at];
  let index = at + 1;
  while (index < text.length) {
    const char = text[index];
    if (char === '\\' && dialect === 'standard') return null;
    if (char === '\\') index += 2;
    else if (char === quote && text[index + 1] === quote) index += 2;
    else if (char === quote)
      return { token: { kind: 'string', text: text.slice(at, index + 1) }, end: index + 1 };
    else index += 1;
  }
  return null;
}
