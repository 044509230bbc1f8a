import { isWorse } from '../verdict.ts';
import { finding, type ProgramFinding } from './finding.ts';
import { judgeFunction, unknownFunction } from './sql-functions.ts';
import { type Dialect, lex, type Token } from './sql-tokens.ts';

const READS = new Set([
  'SELECT',
  'SHOW',
  'TABLE',
  'VALUES',
  'EXPLAIN',
  'DESCRIBE',
  'DESC',
  'WITH',
  'USE',
  'HELP',
  '(',
]);
/** What opens or closes a transaction, as words with a blank between; in a script, statements may follow it. */
const TRANSACTION =
  /^(BEGIN( NOT ATOMIC)?|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT)( (TRAN|TRANSACTION|WORK|READ|ONLY|WRITE|ISOLATION|LEVEL|REPEATABLE|COMMITTED|UNCOMMITTED|SERIALIZABLE|SNAPSHOT|CONSISTENT|WITH|DEFERRED|IMMEDIATE|EXCLUSIVE|AND|NO|CHAIN|RELEASE|TO|SAVEPOINT|,))*(?= |$)/;
const CAUTIOUS = new Set(
  'INSERT REPLACE UPDATE DELETE MERGE CREATE ALTER GRANT REVOKE VACUUM ANALYZE ANALYSE REINDEX CLUSTER REFRESH COMMENT SET RESET CHECKPOINT LOCK UNLOCK COPY LISTEN NOTIFY UNLISTEN DISCARD DEALLOCATE SECURITY REASSIGN IMPORT OPTIMIZE REPAIR CHECK FLUSH KILL STOP CHANGE SAVEPOINT RELEASE RENAME CACHE'.split(
    ' ',
  ),
);
/**
 * A line that a client keeps for itself: `:!! rm x` and `:r file` of sqlcmd, `!source x` of snowsql, `#host rm x` of
 * sqlplus, which also takes its own commands after a line that ends a statement (an empty one, `.` or `/`).
 */
const CLIENT_LINE =
  /^[ \t]*(?::[a-z!]|[!#@]|[./]?[ \t]*\r?\n\s*(?:ho(?:st)?|start?|sta|spo(?:ol)?|edi?t?|save?|store|get|copy|run)(?=[ \t]))/im;
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
/** Words that begin a statement wherever they stand: SQL Server needs no semicolon before one. */
const BEGINS = new Set(
  'DROP TRUNCATE ALTER CREATE EXEC EXECUTE GRANT REVOKE DENY KILL SHUTDOWN DBCC RECONFIGURE BACKUP RESTORE CHECKPOINT DUMP WAITFOR UPDATETEXT WRITETEXT BULK'.split(
    ' ',
  ),
);
/** Statements that hold none of those words but in a statement of their own. */
const PLAIN = new Set('SELECT WITH USE VALUES TABLE ( INSERT UPDATE DELETE MERGE SET KILL'.split(' '));
/** The line that ends a batch for the clients of SQL Server. */
const BATCH_END = /^[ \t]*GO(?:[ \t]+\d+)?[ \t]*$/im;

/**
 * Judges SQL that no grammar is loaded for: a small lexer that fails closed and a list of first keywords. Never a
 * parser: what it does not know is at least caution, and what it cannot read is danger.
 */
export function judgeSql(text: string, dialect: Dialect): readonly ProgramFinding[] {
  const batches = dialect === 'standard' ? text.split(BATCH_END) : [text];
  const findings = batches.flatMap((batch) => judgeBatch(batch, dialect));
  return findings.length === 0 ? [finding('sql.empty', 'safe', 'There is no SQL in it.')] : findings;
}

function judgeBatch(text: string, dialect: Dialect): readonly ProgramFinding[] {
  const tokens = dialect === 'standard' && CLIENT_LINE.test(text) ? null : lex(text, dialect);
  if (tokens !== null) return statements(tokens).map((statement) => judgeStatement(statement));
  return [
    finding(
      'sql.unreadable',
      'danger',
      'This SQL cannot be read: a quote or comment is open, or it holds text only the client understands.',
    ),
  ];
}

function statements(tokens: readonly Token[]): Token[][] {
  const list: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === ';') list.push([]);
    else list.at(-1)?.push(token);
  }
  return list.filter((statement) => statement.length > 0);
}

function judgeStatement(tokens: readonly Token[]): ProgramFinding {
  const words = tokens.map((token) =>
    token.kind === 'word' ? token.text : token.kind === 'symbol' ? token.text : '\0',
  );
  const opening = TRANSACTION.exec(words.join(' '))?.[0].split(' ').length ?? 0;
  if (opening > 0 && opening < words.length && !isNamed(words, opening))
    return judgeStatement(tokens.slice(opening));
  if (opening > 0) return finding('sql.transaction', 'safe', 'Opens or closes a transaction.');
  const first = words.find((word) => word !== '(') ?? '';
  const found = [judgeFirst(first, words, tokens), ...judgeInside(words, tokens)];
  return found.reduce((a, b) => (isWorse(b.risk, a.risk) ? b : a));
}

/** `COMMIT TRANSACTION t1`, `ROLLBACK TO s1`: one last word that begins no statement. */
function isNamed(words: readonly string[], at: number): boolean {
  const name = words[at] ?? '';
  return (
    at === words.length - 1 &&
    /^(TRAN|TRANSACTION|TO|SAVEPOINT)$/.test(words[at - 1] ?? '') &&
    /^\w+$/.test(name) &&
    !BEGINS.has(name) &&
    !CAUTIOUS.has(name)
  );
}

function judgeFirst(first: string, words: readonly string[], tokens: readonly Token[]): ProgramFinding {
  if (READS.has(first)) return finding('sql.read', 'safe', `${first} only reads.`);
  if (first === 'UPDATE' || first === 'DELETE') return judgeWhere(first, tokens);
  if (first === 'ALTER' && (words.includes('DROP') || words.includes('TRUNCATE')))
    return finding('sql.alter-drop', 'danger', 'ALTER … DROP removes part of the structure and its data.');
  // ClickHouse writes `ALTER TABLE t CLEAR COLUMN c`.
  if (first === 'ALTER' && words.includes('CLEAR'))
    return finding('sql.alter-drop', 'danger', 'ALTER … CLEAR removes data.');
  // ClickHouse writes `ALTER TABLE t DELETE WHERE …`.
  const written = first === 'ALTER' ? words.findIndex((word) => word === 'DELETE' || word === 'UPDATE') : -1;
  if (written > 0) return judgeWhere(words[written] ?? '', tokens.slice(written));
  if (
    (first === 'ALTER' || first === 'CREATE' || first === 'GRANT') &&
    words.some((word) => /^(SUPERUSER|BYPASSRLS|CREATEROLE)$/.test(word))
  )
    return finding('sql.grant-admin', 'danger', 'This gives administrator rights.');
  if (first === 'GRANT' && words.includes('ALL'))
    return finding('sql.grant-admin', 'danger', 'This gives every right.');
  if (
    first === 'CREATE' &&
    words.some((word) => /^(FUNCTION|PROCEDURE|TRIGGER|EXTENSION|LANGUAGE|EVENT|RULE)$/.test(word))
  )
    return finding('sql.code', 'danger', 'This puts program code into the database.');
  if (first === 'COPY' || (first === 'LOAD' && words[1] === 'DATA')) return judgeCopy(words);
  if (first === 'RESET' && /^(MASTER|SLAVE|REPLICA|BINARY)$/.test(words[1] ?? ''))
    return finding('sql.drop', 'danger', 'This discards replication logs.');
  if (/^START (ALL )?(SLAVES?|REPLICA|GROUP_REPLICATION)\b/.test(words.join(' ')))
    return finding('sql.write', 'caution', 'This starts replication.');
  const lost = judgeLoss(first, words, tokens);
  if (lost) return lost;
  if (CAUTIOUS.has(first))
    return finding('sql.write', 'caution', `${first} changes data, structure or settings.`);
  if (/^(DROP|TRUNCATE|PURGE)$/.test(first))
    return finding('sql.drop', 'danger', `${first} removes data and cannot be undone.`);
  return finding('sql.unknown', 'danger', 'What this SQL does cannot be told from its first word.');
}

/** Statements that are changes by their first word, and of which some forms remove data or send it out. */
function judgeLoss(first: string, words: readonly string[], tokens: readonly Token[]): ProgramFinding | null {
  const text = words.join(' ');
  if (/^(CREATE OR REPLACE|REPLACE)( \w+){0,2} (TABLE|DATABASE|SCHEMA|DICTIONARY)\b/.test(text))
    return finding('sql.replaced', 'danger', 'This replaces what is there, with its data.');
  if (/^(INSERT|LOAD DATA .*) OVERWRITE\b/.test(text))
    return finding('sql.replaced', 'danger', 'OVERWRITE removes the rows that are there.');
  if (/^INSERT INTO (TABLE )?FUNCTION\b/.test(text))
    return finding('sql.sent', 'danger', 'INSERT INTO FUNCTION sends rows to a file or another server.');
  if (first === 'MERGE' && /\bBY SOURCE THEN DELETE\b/.test(text))
    return finding('sql.merge-delete', 'danger', 'This deletes every row that the source does not have.');
  // MariaDB carries out what it analyses.
  const analysed =
    first === 'ANALYZE' ? words.findIndex((word) => word === 'DELETE' || word === 'UPDATE') : -1;
  return analysed > 0 ? judgeWhere(words[analysed] ?? '', tokens.slice(analysed)) : null;
}

function judgeCopy(words: readonly string[]): ProgramFinding {
  if (words.includes('PROGRAM'))
    return finding('sql.program', 'danger', 'COPY … PROGRAM runs a program on the server.');
  if (words[0] === 'COPY' && words[1] === '(' && words.includes('STDOUT'))
    return finding('sql.read', 'safe', 'COPY (query) TO STDOUT only reads.');
  if (/ PURGE = TRUE\b/.test(words.join(' ')))
    return finding('sql.copy', 'danger', 'PURGE deletes the files that were loaded.');
  return finding('sql.copy', 'caution', 'This moves data between tables and files.');
}

/** Effects that may stand anywhere in a statement: writes in WITH, INTO, locks, function calls. */
function judgeInside(words: readonly string[], tokens: readonly Token[]): readonly ProgramFinding[] {
  const found: ProgramFinding[] = [];
  const first = words.find((word) => word !== '(') ?? '';
  const reads = READS.has(first);
  words.forEach((word, index) => {
    if (index > 0 && WRITES.has(word) && reads && !(word === 'UPDATE' && words[index - 1] === 'FOR'))
      found.push(
        word === 'INSERT' || word === 'MERGE'
          ? finding('sql.write', 'caution', `${word} inside it changes data.`)
          : judgeWhere(word, tokens.slice(index)),
      );
    if (index > 0 && PLAIN.has(first) && beginsStatement(words, index))
      found.push(judgeFirst(word, words.slice(index), tokens.slice(index)));
    if (!reads && PLAIN.has(first) && index > 0 && word === 'DELETE' && words[index + 1] === 'FROM')
      found.push(judgeWhere(word, tokens.slice(index)));
    if (word === 'NEXTVAL' || (word === 'NEXT' && words[index + 1] === 'VALUE'))
      found.push(finding('sql.sequence', 'caution', 'This moves a sequence.'));
    if (
      reads &&
      (/^(UPDLOCK|XLOCK|TABLOCKX|HOLDLOCK)$/.test(word) || (word === 'LOCK' && words[index + 1] === 'IN'))
    )
      found.push(finding('sql.lock', 'caution', 'This locks rows.'));
    if (reads && word === 'INTO')
      found.push(
        finding(
          'sql.into',
          words.some((next) => /^(OUTFILE|DUMPFILE)$/.test(next)) ? 'danger' : 'caution',
          'SELECT … INTO writes its result.',
        ),
      );
    if (reads && word === 'FOR' && /^(UPDATE|SHARE|NO|KEY)$/.test(words[index + 1] ?? ''))
      found.push(finding('sql.lock', 'caution', 'This locks rows.'));
    if (
      /^(DROP|TRUNCATE|ALTER|CREATE|EXECUTE|CALL|DO|REFRESH)$/.test(word) &&
      /^(EXPLAIN|DESC|DESCRIBE)$/.test(words[0] ?? '')
    )
      found.push(finding('sql.explain', 'danger', `${word} inside EXPLAIN may be carried out.`));
    if (index > 0 && words[index + 1] === '(') found.push(...judgeCall(words, index, tokens));
  });
  return found;
}

/** A word that begins a statement and stands where no name of a column can. */
function beginsStatement(words: readonly string[], index: number): boolean {
  return (
    BEGINS.has(words[index] ?? '') &&
    !/^(\.|\[|AS)$/.test(words[index - 1] ?? '') &&
    !/^(,|\)|=|\.|FROM)$/.test(words[index + 1] ?? '')
  );
}

function judgeCall(
  words: readonly string[],
  index: number,
  tokens: readonly Token[],
): readonly ProgramFinding[] {
  const token = tokens[index];
  if (token === undefined || token.kind === 'symbol' || token.kind === 'number' || token.kind === 'string')
    return [];
  const name =
    token.kind === 'quoted' ? token.text.slice(1, -1).toLowerCase() : (words[index] ?? '').toLowerCase();
  const isForeign = words[index - 1] === '.';
  const { risk, does } = judgeFunction(name, isForeign ? unquoted(words, tokens, index - 2) : null);
  if (does !== null && !(isForeign && risk === 'safe'))
    return [finding(`sql.function.${name}`, risk, `${name} ${does}.`)];
  if (CALL_LIKE.has(name)) return [];
  if (isTableName(words, index)) return [];
  return [unknownFunction(name)];
}

/** The name before a dot, in lower case. */
function unquoted(words: readonly string[], tokens: readonly Token[], index: number): string | null {
  const token = tokens[index];
  if (token === undefined || token.kind === 'symbol') return null;
  return (token.kind === 'quoted' ? token.text.slice(1, -1) : (words[index] ?? '')).toLowerCase();
}

/** Keywords and types that may stand before a bracket. */
const CALL_LIKE = new Set(
  'in using and or not on where select from by having then else when all as union except intersect filter with integer decimal varchar over partition order between like ilike is case end limit offset key primary foreign unique check references default analyze verbose buffers'.split(
    ' ',
  ),
);

/** `INSERT INTO t (a, b)` and `WITH t (a)` are names with columns, not calls. */
function isTableName(words: readonly string[], index: number): boolean {
  return /^(INTO|TABLE|ON|WITH|RECURSIVE|AS)$/.test(words[index - 1] ?? '');
}

const CONSTANT = /^(\d+|\0|TRUE|NOT|NULL|FALSE|=|<|>|!|\(|\)|OR|AND|IS|LIKE|IN|BETWEEN|,)$/;

/** A write with a real WHERE is caution; without one, or with one that is always true, every row is hit. */
function judgeWhere(verb: string, tokens: readonly Token[]): ProgramFinding {
  const all = finding('sql.every-row', 'danger', `${verb} without a real WHERE changes every row.`);
  const condition = whereOf(tokens);
  if (condition.length === 0 || condition.every((word) => CONSTANT.test(word))) return all;
  const alternatives = splitWords(condition, 'OR');
  if (alternatives.length > 1 && alternatives.some((part) => part.every((word) => CONSTANT.test(word))))
    return all;
  if (condition.length === 3 && condition[1] === '=' && condition[0] === condition[2]) return all;
  return finding('sql.write', 'caution', `${verb} changes the rows its WHERE chooses.`);
}

/** The words of the WHERE that belongs to this write: not one of an inner query, nor of the query around it. */
function whereOf(tokens: readonly Token[]): string[] {
  const words: string[] = [];
  let depth = 0;
  let inside = false;
  for (const token of tokens) {
    const word = token.kind === 'string' ? '\0' : token.kind === 'quoted' ? token.text : token.text;
    if (token.kind === 'symbol' && word === '(') depth += 1;
    if (token.kind === 'symbol' && word === ')') depth -= 1;
    if (depth < 0 || (inside && depth === 0 && /^(RETURNING|LIMIT|ORDER)$/.test(word))) break;
    if (inside) words.push(word);
    else inside = depth === 0 && token.kind === 'word' && word === 'WHERE';
  }
  return words;
}

function splitWords(words: readonly string[], separator: string): string[][] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word === separator) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts;
}
