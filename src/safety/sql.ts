import { type Dialect, lex, type Token } from './sql-tokens.ts';
import type { Risk } from './verdict.ts';

/** What one SQL text may do: the worst of its statements. */
export interface SqlFinding {
  readonly rule: string;
  readonly risk: Risk;
  readonly sentence: string;
}

const MAX_SQL = 64 * 1024;

/** Functions that only compute or report. Any other name may do anything (design notes on parsing, section 5). */
const PURE = new Set(
  `abs age any array_agg array_length array_to_string avg bool_and bool_or bit_length btrim cardinality ceil ceiling char_length
  character_length chr clock_timestamp coalesce col_description concat concat_ws convert count current_database
  current_date current_schema current_schemas current_setting current_time current_timestamp current_user database date date_add date_format
  date_part date_sub date_trunc datediff dense_rank div encode every exists exp extract first_value floor format format_type
  from_unixtime generate_series greatest group_concat has_database_privilege has_schema_privilege has_table_privilege hour if ifnull in
  inet_server_addr inet_server_port initcap interval isnull json_agg json_build_object json_extract jsonb_agg jsonb_array_elements
  jsonb_build_object jsonb_object_keys jsonb_pretty justify_hours justify_interval lag last_value lead least left length ln local localtime
  localtimestamp log lower lpad ltrim max md5 min minute mod month now nullif ntile numeric obj_description octet_length over overlay
  pg_backend_pid pg_blocking_pids pg_cancel_reason pg_column_size pg_conf_load_time pg_current_wal_flush_lsn pg_current_wal_insert_lsn
  pg_current_wal_lsn pg_database_size pg_encoding_to_char pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_indexdef pg_get_userbyid
  pg_get_viewdef pg_indexes_size pg_is_in_recovery pg_is_wal_replay_paused pg_last_wal_receive_lsn pg_last_wal_replay_lsn
  pg_last_xact_replay_timestamp pg_postmaster_start_time pg_relation_filepath pg_relation_size pg_safe_snapshot_blocking_pids pg_size_bytes
  pg_size_pretty pg_stat_get_activity pg_table_size pg_table_is_visible pg_tablespace_size pg_total_relation_size pg_typeof
  pg_wal_lsn_diff pg_walfile_name position power quote_ident quote_literal random rank regexp_match regexp_matches regexp_replace repeat
  replace reverse right round row row_number row_to_json rpad rtrim schema second session_user sign split_part sqrt statement_timestamp
  str_to_date string_agg string_to_array strpos substr substring sum timediff timestampdiff to_char to_date to_json to_jsonb to_number
  to_timestamp transaction_timestamp translate trim trunc truncate txid_current unix_timestamp unnest upper user uuid values varchar version week
  width_bucket year as using and or not on where select from by having then else when all union except intersect filter
  with char int integer decimal over partition order between like ilike is case end limit offset key primary foreign unique check references default analyze verbose buffers`
    .split(/\s+/)
    .filter((name) => name !== ''),
);

/** Functions with a known effect. */
const EFFECTS: ReadonlyMap<string, readonly [Risk, string]> = new Map([
  ['pg_terminate_backend', ['caution', 'ends sessions of the database']],
  ['pg_cancel_backend', ['caution', 'cancels running queries']],
  ['pg_reload_conf', ['caution', 'reloads the configuration']],
  ['pg_rotate_logfile', ['caution', 'rotates the log']],
  ['pg_switch_wal', ['caution', 'starts a new write-ahead log file']],
  ['pg_wal_replay_pause', ['caution', 'pauses replication']],
  ['pg_wal_replay_resume', ['caution', 'resumes replication']],
  ['pg_stat_reset', ['danger', 'discards the statistics']],
  ['pg_stat_statements_reset', ['danger', 'discards the statistics']],
  ['set_config', ['caution', 'changes a setting']],
  ['setval', ['caution', 'moves a sequence']],
  ['nextval', ['caution', 'moves a sequence']],
  ['pg_sleep', ['caution', 'keeps the session waiting']],
  ['sleep', ['caution', 'keeps the session waiting']],
  ['benchmark', ['caution', 'burns processor time']],
  ['pg_promote', ['danger', 'promotes the standby, which cannot be undone']],
  ['pg_drop_replication_slot', ['danger', 'drops a replication slot']],
  ['pg_replication_slot_advance', ['danger', 'throws away changes a replica has not read']],
  ['pg_logical_slot_get_changes', ['danger', 'consumes changes a replica has not read']],
  ['pg_read_file', ['caution', 'reads a file of the server']],
  ['pg_read_binary_file', ['caution', 'reads a file of the server']],
  ['pg_ls_dir', ['caution', 'lists a directory of the server']],
  ['load_file', ['caution', 'reads a file of the server']],
  ['lo_export', ['danger', 'writes a file on the server']],
  ['lo_import', ['danger', 'reads a file of the server into the database']],
  ['lo_unlink', ['danger', 'deletes a large object']],
  ['pg_file_write', ['danger', 'writes a file on the server']],
  ['pg_file_unlink', ['danger', 'deletes a file on the server']],
  ['query_to_xml', ['danger', 'runs a query given as text']],
  ['dblink', ['danger', 'runs a query given as text on another server']],
  ['dblink_exec', ['danger', 'runs a query given as text on another server']],
  ['sys_exec', ['danger', 'runs a program on the server']],
  ['sys_eval', ['danger', 'runs a program on the server']],
]);

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
const HARMLESS = new Set(['BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT']);
const CAUTIOUS = new Set(
  'INSERT REPLACE UPDATE DELETE MERGE CREATE ALTER GRANT REVOKE VACUUM ANALYZE ANALYSE REINDEX CLUSTER REFRESH COMMENT SET RESET CHECKPOINT LOCK UNLOCK COPY LISTEN NOTIFY UNLISTEN DISCARD DEALLOCATE SECURITY REASSIGN IMPORT OPTIMIZE REPAIR CHECK FLUSH KILL STOP CHANGE SAVEPOINT RELEASE RENAME CACHE'.split(
    ' ',
  ),
);
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/**
 * Judges SQL text: a small lexer that fails closed and a list of first keywords. Never a parser: what it does not
 * know is at least caution, and what it cannot read is danger.
 */
export function judgeSql(text: string, dialect: Dialect): readonly SqlFinding[] {
  if (text.length > MAX_SQL) return [unreadable('This SQL is too long to analyse.')];
  const trimmed = text.trim();
  if (dialect === 'postgres' && trimmed.startsWith('\\') && !trimmed.includes('\n'))
    return [judgeMeta(trimmed)];
  if (dialect === 'postgres' && /^\s*\\/m.test(text)) return judgeMixed(text);
  const tokens = lex(text, dialect);
  if (tokens === null)
    return [
      unreadable(
        'This SQL cannot be read: a quote or comment is open, or it holds text only the client understands.',
      ),
    ];
  const findings = statements(tokens).map((statement) => judgeStatement(statement));
  return findings.length === 0
    ? [{ rule: 'sql.empty', risk: 'safe', sentence: 'There is no SQL in it.' }]
    : findings;
}

/** A script for psql: lines that start with a backslash are commands of the client, the rest is SQL. */
function judgeMixed(text: string): readonly SqlFinding[] {
  const lines = text.split('\n');
  const metas = lines.filter((line) => /^\s*\\/.test(line)).map((line) => judgeMeta(line.trim()));
  const rest = lines.filter((line) => !/^\s*\\/.test(line)).join('\n');
  return [...metas, ...judgeSql(rest, 'postgres')];
}

function unreadable(sentence: string): SqlFinding {
  return { rule: 'sql.unreadable', risk: 'danger', sentence };
}

/** psql commands that only show something or change how results look. */
const META_READ =
  /^\\(d[a-zA-Z]*[+S]*|l\+?|list\+?|conninfo|timing|x|pset|a|t|q|echo|encoding|z|sf\+?|sv\+?|h|\?|c|connect)( [\w."'*$?:@-]+)*\s*;?$/;

function judgeMeta(text: string): SqlFinding {
  if (META_READ.test(text))
    return { rule: 'sql.meta-read', risk: 'safe', sentence: 'This psql command only shows something.' };
  return {
    rule: 'sql.meta',
    risk: 'danger',
    sentence: 'This psql command may run a program or a script, or write a file.',
  };
}

function statements(tokens: readonly Token[]): Token[][] {
  const list: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === ';') list.push([]);
    else list.at(-1)?.push(token);
  }
  return list.filter((statement) => statement.length > 0);
}

function finding(rule: string, risk: Risk, sentence: string): SqlFinding {
  return { rule: `sql.${rule}`, risk, sentence };
}

function judgeStatement(tokens: readonly Token[]): SqlFinding {
  const words = tokens.map((token) =>
    token.kind === 'word' ? token.text : token.kind === 'symbol' ? token.text : '\0',
  );
  const first = words.find((word) => word !== '(') ?? '';
  const found = [judgeFirst(first, words, tokens), ...judgeInside(words, tokens)];
  return found.reduce((a, b) => (order(b.risk) > order(a.risk) ? b : a));
}

function order(risk: Risk): number {
  return risk === 'danger' ? 2 : risk === 'caution' ? 1 : 0;
}

function judgeFirst(first: string, words: readonly string[], tokens: readonly Token[]): SqlFinding {
  if (HARMLESS.has(first)) return finding('transaction', 'safe', 'Opens or closes a transaction.');
  if (READS.has(first)) return finding('read', 'safe', `${first} only reads.`);
  if (first === 'UPDATE' || first === 'DELETE') return judgeWhere(first, tokens);
  if (first === 'ALTER' && (words.includes('DROP') || words.includes('TRUNCATE')))
    return finding('alter-drop', 'danger', 'ALTER … DROP removes part of the structure and its data.');
  if (
    (first === 'ALTER' || first === 'CREATE' || first === 'GRANT') &&
    words.some((word) => /^(SUPERUSER|BYPASSRLS|CREATEROLE)$/.test(word))
  )
    return finding('grant-admin', 'danger', 'This gives administrator rights.');
  if (first === 'GRANT' && words.includes('ALL'))
    return finding('grant-admin', 'danger', 'This gives every right.');
  if (
    first === 'CREATE' &&
    words.some((word) => /^(FUNCTION|PROCEDURE|TRIGGER|EXTENSION|LANGUAGE|EVENT|RULE)$/.test(word))
  )
    return finding('code', 'danger', 'This puts program code into the database.');
  if (first === 'COPY' || (first === 'LOAD' && words[1] === 'DATA')) return judgeCopy(words);
  if (first === 'RESET' && /^(MASTER|SLAVE|REPLICA|BINARY)$/.test(words[1] ?? ''))
    return finding('drop', 'danger', 'This discards replication logs.');
  if (CAUTIOUS.has(first))
    return finding('write', 'caution', `${first} changes data, structure or settings.`);
  if (/^(DROP|TRUNCATE|PURGE)$/.test(first))
    return finding('drop', 'danger', `${first} removes data and cannot be undone.`);
  return finding('unknown', 'danger', 'What this SQL does cannot be told from its first word.');
}

function judgeCopy(words: readonly string[]): SqlFinding {
  if (words.includes('PROGRAM'))
    return finding('program', 'danger', 'COPY … PROGRAM runs a program on the server.');
  if (words[0] === 'COPY' && words[1] === '(' && words.includes('STDOUT'))
    return finding('read', 'safe', 'COPY (query) TO STDOUT only reads.');
  return finding('copy', 'caution', 'This moves data between tables and files.');
}

/** Effects that may stand anywhere in a statement: writes in WITH, INTO, locks, function calls. */
function judgeInside(words: readonly string[], tokens: readonly Token[]): readonly SqlFinding[] {
  const found: SqlFinding[] = [];
  const reads = READS.has(words.find((word) => word !== '(') ?? '');
  words.forEach((word, index) => {
    if (index > 0 && WRITES.has(word) && reads && !(word === 'UPDATE' && words[index - 1] === 'FOR'))
      found.push(
        word === 'INSERT' || word === 'MERGE'
          ? finding('write', 'caution', `${word} inside it changes data.`)
          : judgeWhere(word, tokens.slice(index)),
      );
    if (reads && word === 'INTO')
      found.push(
        finding(
          'into',
          words.some((next) => /^(OUTFILE|DUMPFILE)$/.test(next)) ? 'danger' : 'caution',
          'SELECT … INTO writes its result.',
        ),
      );
    if (reads && word === 'FOR' && /^(UPDATE|SHARE|NO|KEY)$/.test(words[index + 1] ?? ''))
      found.push(finding('lock', 'caution', 'This locks rows.'));
    if (
      /^(DROP|TRUNCATE|ALTER|CREATE|EXECUTE|CALL|DO|REFRESH)$/.test(word) &&
      /^(EXPLAIN|DESC|DESCRIBE)$/.test(words[0] ?? '')
    )
      found.push(finding('explain', 'danger', `${word} inside EXPLAIN may be carried out.`));
    if (index > 0 && words[index + 1] === '(') found.push(...judgeCall(words, index, tokens));
  });
  return found;
}

function judgeCall(words: readonly string[], index: number, tokens: readonly Token[]): readonly SqlFinding[] {
  const token = tokens[index];
  if (token === undefined || token.kind === 'symbol' || token.kind === 'number' || token.kind === 'string')
    return [];
  const name =
    token.kind === 'quoted' ? token.text.slice(1, -1).toLowerCase() : (words[index] ?? '').toLowerCase();
  const effect = EFFECTS.get(name);
  if (effect) return [finding(`function.${name}`, effect[0], `${name} ${effect[1]}.`)];
  const qualified = words[index - 1] === '.' && words[index - 2] !== 'PG_CATALOG';
  if (PURE.has(name) && !qualified) return [];
  if (isTableName(words, index)) return [];
  return [finding('function.unknown', 'caution', `What the function ${name} does is not known.`)];
}

/** `INSERT INTO t (a, b)` and `WITH t (a)` are names with columns, not calls. */
function isTableName(words: readonly string[], index: number): boolean {
  return /^(INTO|TABLE|ON|WITH|RECURSIVE|AS)$/.test(words[index - 1] ?? '');
}

const CONSTANT = /^(\d+|\0|TRUE|NOT|NULL|FALSE|=|<|>|!|\(|\)|OR|AND|IS|LIKE|IN|BETWEEN|,)$/;

/** A write with a real WHERE is caution; without one, or with one that is always true, every row is hit. */
function judgeWhere(verb: string, tokens: readonly Token[]): SqlFinding {
  const all = finding('every-row', 'danger', `${verb} without a real WHERE changes every row.`);
  const condition = whereOf(tokens);
  if (condition.length === 0 || condition.every((word) => CONSTANT.test(word))) return all;
  const alternatives = splitWords(condition, 'OR');
  if (alternatives.length > 1 && alternatives.some((part) => part.every((word) => CONSTANT.test(word))))
    return all;
  if (condition.length === 3 && condition[1] === '=' && condition[0] === condition[2]) return all;
  return finding('write', 'caution', `${verb} changes the rows its WHERE chooses.`);
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
