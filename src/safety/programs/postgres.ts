import { writeRisk } from '../redirect.ts';
import { isWorse } from '../verdict.ts';
import { finding, type ProgramFinding } from './finding.ts';
import { judgeFunction, unknownFunction } from './sql-functions.ts';

/** Parses PostgreSQL to the tree of its own grammar, as plain JSON. Throws an Error on what PostgreSQL would not read. */
export type PostgresParser = (sql: string) => unknown;

/** Loads the grammar: libpg-query, PostgreSQL 18's own parser as WebAssembly (1.7 MB, some 60 ms). */
export async function loadPostgres(): Promise<PostgresParser> {
  const { loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  return parseSync;
}

/** The rule that fires when PostgreSQL text is judged before its grammar is loaded. */
export const NOT_LOADED = 'sql.not-loaded';

/** A node's fields; nodes stand in each other as `{ SelectStmt: {…} }`. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Judges PostgreSQL by its own grammar: by the kind of each statement and by all that stands inside it. A kind not
 * listed here is danger (design notes on parsing, section 5).
 */
export function judgePostgres(sql: string, parser: PostgresParser | null): readonly ProgramFinding[] {
  if (parser === null) return [finding(NOT_LOADED, 'danger', 'The grammar of PostgreSQL is not loaded yet.')];
  const statements = parse(sql, parser);
  if (statements === null)
    return [finding('sql.unreadable', 'danger', 'PostgreSQL would not read this, so it cannot be analysed.')];
  if (statements.length === 0) return [finding('sql.empty', 'safe', 'There is no SQL in it.')];
  return statements.map((statement) => {
    const [first = UNKNOWN, ...others] = inside(statement);
    return others.reduce((a, b) => (isWorse(b.risk, a.risk) ? b : a), first);
  });
}

function parse(sql: string, parser: PostgresParser): readonly unknown[] | null {
  if (sql.trim() === '') return [];
  try {
    return listOf(fieldsOf(parser(sql)).stmts).map((item) => fieldsOf(item).stmt);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The fields of the nodes of one kind in a list. */
const ofKind = (list: unknown, kind: string): readonly Fields[] =>
  listOf(list).flatMap((item) => (kind in fieldsOf(item) ? [fieldsOf(fieldsOf(item)[kind])] : []));

/** What a subtree does: its statements, clauses that write or lock, calls, and tables that hold secrets. */
function inside(value: unknown): readonly ProgramFinding[] {
  if (Array.isArray(value)) return value.flatMap(inside);
  return Object.entries(fieldsOf(value)).flatMap(([key, inner]) => {
    const fields = fieldsOf(inner);
    if (key === 'ExplainStmt' && !carriesOut(fields)) return [EXPLAINED, ...calls(fields)];
    const own = /^[A-Z]\w*Stmt$/.test(key) ? judgeStatement(key, fields) : judgeClause(key, fields);
    return own === null ? inside(inner) : [own, ...inside(inner)];
  });
}

/** EXPLAIN alone carries nothing out, but some functions run while a plan is made. */
function calls(value: unknown): readonly ProgramFinding[] {
  if (Array.isArray(value)) return value.flatMap(calls);
  return Object.entries(fieldsOf(value)).flatMap(([key, inner]) =>
    key === 'FuncCall' ? [judgeCall(fieldsOf(inner)), ...calls(inner)] : calls(inner),
  );
}

const UNKNOWN = finding('sql.unknown', 'danger', 'What this statement does is not known.');
const EXPLAINED = finding('sql.explain', 'safe', 'EXPLAIN only shows a plan.');
const WRITE = finding('sql.write', 'caution', 'This changes data, structure or settings.');

/** EXPLAIN ANALYZE runs its statement, unless the option is switched off. */
const carriesOut = ({ options }: Fields): boolean =>
  ofKind(options, 'DefElem').some(({ defname, arg }) => defname === 'analyze' && !isOff(arg));

/** True for the values by which PostgreSQL's own grammar spells a switched-off option. */
function isOff(arg: unknown): boolean {
  const { String: text, Integer: number, Boolean: boolean, A_Const: constant } = fieldsOf(arg);
  if (constant !== undefined) {
    const { sval, ival, boolval } = fieldsOf(constant);
    return isOff({ String: sval, Integer: ival, Boolean: boolval });
  }
  if (text !== undefined) return /^(off|false|no|0)$/i.test(String(fieldsOf(text).sval));
  if (number !== undefined) return fieldsOf(number).ival === undefined;
  return boolean !== undefined && fieldsOf(boolean).boolval === undefined;
}

function judgeClause(key: string, fields: Fields): ProgramFinding | null {
  switch (key) {
    case 'intoClause':
      return finding('sql.into', 'caution', 'SELECT … INTO makes a table.');
    case 'lockingClause':
      return finding('sql.lock', 'caution', 'This locks rows.');
    case 'FuncCall':
      return judgeCall(fields);
    case 'RangeVar':
      return /^(pg_authid|pg_shadow|pg_user_mappings?)$/.test(String(fields.relname))
        ? finding('sql.secret', 'caution', 'This reads a table that holds password hashes.')
        : null;
    default:
      return null;
  }
}

function judgeCall({ funcname }: Fields): ProgramFinding {
  const names = ofKind(funcname, 'String').map(({ sval }) => String(sval));
  const name = names.at(-1)?.toLowerCase() ?? '';
  const { risk, does } = judgeFunction(name, names.at(-2)?.toLowerCase() ?? null);
  const isForeign = names.length > 1 && names[0] !== 'pg_catalog';
  return does === null || (isForeign && risk === 'safe')
    ? unknownFunction(names.join('.'))
    : finding(`sql.function.${name}`, risk, `${name} ${does}.`);
}

const READS =
  /^(Select|VariableShow|Fetch|ClosePortal|DeclareCursor|Prepare|Return|SetOperation|Transaction)Stmt$/;
const CAUTIOUS =
  /^(Alter(?!System|EventTrig|Fdw)\w+|Create(Schema|Seq|Stats|Domain|Enum|Range|TableAs|Policy|Publication|Subscription|ForeignTable|ForeignServer|UserMapping|TableSpace|Conversion)?|CompositeType|Createdb|Index|View|Insert|Merge|Vacuum|Cluster|Reindex|RefreshMatView|CheckPoint|Comment|SecLabel|Lock|Listen|Unlisten|Notify|Discard|Deallocate|ConstraintsSet|Rename|ReassignOwned|ImportForeignSchema|Define|ReplicaIdentity)Stmt$/;
const CODE =
  /^(Create(Function|Trig|EventTrig|Extension|PLang|Fdw|Cast|Transform|OpClass|OpFamily|Am)|Rule|Load|Do|Call|Execute|AlterEventTrig|AlterFdw)Stmt$/;

function judgeStatement(kind: string, fields: Fields): ProgramFinding {
  switch (kind) {
    case 'ExplainStmt':
      return finding('sql.explain', 'safe', 'EXPLAIN ANALYZE carries out its statement.');
    case 'TransactionStmt':
      return /PREPARE/.test(String(fields.kind))
        ? finding('sql.transaction', 'caution', 'This settles a transaction in two phases.')
        : finding('sql.transaction', 'safe', 'This opens or closes a transaction.');
    case 'UpdateStmt':
    case 'DeleteStmt':
      return judgeRows(kind === 'UpdateStmt' ? 'UPDATE' : 'DELETE', fields);
    case 'MergeStmt':
      return judgeMerge(fields);
    case 'CopyStmt':
      return judgeCopy(fields);
    case 'VariableSetStmt':
      return judgeSet(fields);
    case 'AlterTableStmt':
      return judgeAlterTable(fields);
    case 'GrantStmt':
    case 'GrantRoleStmt':
      return judgeGrant(fields);
    case 'AlterDefaultPrivilegesStmt':
      return judgeGrant(fieldsOf(fields.action));
    case 'CreateRoleStmt':
    case 'AlterRoleStmt':
      return judgeRole(fields);
    case 'AlterSystemStmt':
      return finding('sql.system', 'danger', 'ALTER SYSTEM changes the settings of the whole server.');
    default:
      return judgeKind(kind);
  }
}

function judgeKind(kind: string): ProgramFinding {
  if (READS.test(kind)) return finding('sql.read', 'safe', 'This only reads.');
  if (/^(Drop|Truncate)/.test(kind))
    return finding('sql.drop', 'danger', 'This removes data or structure and cannot be undone.');
  if (CODE.test(kind))
    return finding('sql.code', 'danger', 'This runs program code or puts it into the database.');
  return CAUTIOUS.test(kind) ? WRITE : UNKNOWN;
}

function judgeMerge({ mergeWhenClauses, joinCondition }: Fields): ProgramFinding {
  const joinsAll = holdsForEvery(joinCondition, null);
  const isUnbounded = ofKind(mergeWhenClauses, 'MergeWhenClause').some(
    ({ commandType, matchKind, condition }) =>
      commandType === 'CMD_DELETE' &&
      (joinsAll || matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE') &&
      (condition === undefined || holdsForEvery(condition, null)),
  );
  return isUnbounded
    ? finding(
        'sql.merge-delete',
        'danger',
        'This deletes every row, or every row that the source does not have.',
      )
    : WRITE;
}

function judgeCopy({ is_program, is_from, filename }: Fields): ProgramFinding {
  if (is_program === true)
    return finding('sql.program', 'danger', 'COPY … PROGRAM runs a program on the server.');
  if (is_from === true) return finding('sql.copy', 'caution', 'COPY FROM adds rows.');
  if (filename === undefined) return finding('sql.read', 'safe', 'COPY TO STDOUT only reads.');
  const risk = writeRisk(String(filename), [])?.risk === 'danger' ? 'danger' : 'caution';
  return finding('sql.copy', risk, 'COPY TO writes a file on the server.');
}

/** Settings of one session that bound or shape what it plans and prints. */
const HARMLESS_SETTING =
  /^(statement_timeout|lock_timeout|idle_in_transaction_session_timeout|timezone|datestyle|intervalstyle|client_encoding|client_min_messages|application_name|extra_float_digits|work_mem|bytea_output|jit|enable_\w+|track_io_timing|max_parallel_workers_per_gather)$/i;
const READ_ONLY = /^(default_)?transaction_(read_only|isolation|deferrable)$/;

function judgeSet({ kind, name, args }: Fields): ProgramFinding {
  const own = String(name);
  const settings =
    kind === 'VAR_SET_MULTI' ? ofKind(args, 'DefElem') : [{ defname: own, arg: listOf(args)[0] }];
  const isBound = settings.every(({ defname, arg }) => READ_ONLY.test(String(defname)) && !isOff(arg));
  if (
    /^VAR_SET_(MULTI|VALUE)$/.test(String(kind)) &&
    settings.length > 0 &&
    (isBound || HARMLESS_SETTING.test(own))
  )
    return finding('sql.setting', 'safe', 'This setting only holds for the session and changes no data.');
  return finding('sql.setting', 'caution', 'This changes a setting of the session.');
}

function judgeAlterTable({ cmds }: Fields): ProgramFinding {
  const kinds = ofKind(cmds, 'AlterTableCmd').map(({ subtype }) => String(subtype));
  if (kinds.some((kind) => /^AT_Drop(Column|Constraint)/.test(kind)))
    return finding('sql.alter-drop', 'danger', 'ALTER … DROP removes part of the structure and its data.');
  if (kinds.some((kind) => /^AT_(Disable(Trig|Rule|RowSecurity)|NoForceRowSecurity)/.test(kind)))
    return finding('sql.unprotected', 'danger', 'This turns off a protection of the table.');
  return WRITE;
}

function judgeGrant({ is_grant, privileges, granted_roles }: Fields): ProgramFinding {
  if (is_grant !== true) return finding('sql.write', 'caution', 'REVOKE takes rights away.');
  const roles = ofKind(granted_roles, 'AccessPriv').map(({ priv_name }) => String(priv_name));
  if (roles.some((role) => /^pg_|^postgres$|admin|super/i.test(role)))
    return finding('sql.grant-admin', 'danger', 'This gives administrator rights.');
  if (privileges === undefined && granted_roles === undefined)
    return finding('sql.grant-admin', 'danger', 'This gives every right.');
  return finding('sql.write', 'caution', 'GRANT gives rights.');
}

function judgeRole({ options }: Fields): ProgramFinding {
  const rules = ofKind(options, 'DefElem').some(
    ({ defname, arg }) =>
      /^(superuser|bypassrls|createrole|isreplication)$/.test(String(defname)) && !isOff(arg),
  );
  return rules ? finding('sql.grant-admin', 'danger', 'This gives administrator rights.') : WRITE;
}

/** A write with a real WHERE is caution; without one, or with one that is always true, every row is hit. */
function judgeRows(verb: string, { whereClause, relation }: Fields): ProgramFinding {
  if (whereClause === undefined || holdsForEvery(whereClause, fieldsOf(relation).relname))
    return finding('sql.every-row', 'danger', `${verb} without a real WHERE changes every row.`);
  return finding('sql.write', 'caution', `${verb} changes the rows its WHERE chooses.`);
}

/** True when a condition looks at no column, compares a thing with itself, or has such an alternative. */
function holdsForEvery(condition: unknown, table: unknown): boolean {
  if (!JSON.stringify(condition).includes('"ColumnRef"')) return true;
  const { BoolExpr, A_Expr, SubLink } = fieldsOf(condition);
  const { boolop, args } = fieldsOf(BoolExpr);
  const holds = (each: unknown): boolean => holdsForEvery(each, table);
  if (boolop === 'OR_EXPR') return listOf(args).some(holds) || coverAll(listOf(args));
  if (boolop === 'AND_EXPR') return listOf(args).every(holds);
  const { lexpr, rexpr } = fieldsOf(A_Expr);
  if (lexpr !== undefined) return shapeOf(lexpr) === shapeOf(rexpr);
  return SubLink !== undefined && isWhole(fieldsOf(fieldsOf(fieldsOf(SubLink).subselect).SelectStmt), table);
}

/** `a IS NULL OR a IS NOT NULL`. */
function coverAll(args: readonly unknown[]): boolean {
  const tests = ofKind(args, 'NullTest');
  return tests.some((a) =>
    tests.some((b) => a.nulltesttype !== b.nulltesttype && shapeOf(a.arg) === shapeOf(b.arg)),
  );
}

/** `IN (SELECT … FROM t)` over the whole of the table that is changed. */
function isWhole({ fromClause, whereClause, limitCount, havingClause }: Fields, table: unknown): boolean {
  const [first, ...others] = ofKind(fromClause, 'RangeVar');
  const bounds = [whereClause, limitCount, havingClause];
  return first?.relname === table && others.length === 0 && bounds.every((bound) => bound === undefined);
}

/** A node as text, without where it stands. */
function shapeOf(node: unknown): string {
  return JSON.stringify(node, (key, value) => (key === 'location' ? undefined : value)) ?? '';
}
