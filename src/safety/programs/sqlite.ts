import { finding, type ProgramFinding } from './finding.ts';
import { judgeSql } from './sql.ts';

/** Commands of the client that only show something or change how results look. */
const DOTS_READ =
  /^\.(tables|schema|fullschema|indexes|indices|databases|dbinfo|headers?|mode|width|nullvalue|separator|show|stats|timer|help|quit|exit|echo|print|eqp|lint|sha3sum|dump|changes|bail|explain)( [\w."'%*|,-]+)*$/;

/** Pragmas that report; in brackets, those of the first group are told what to report of, and others would be set. */
const PRAGMA_READ =
  /^\s*PRAGMA\s+(\w+\.)?((table_info|table_xinfo|table_list|index_list|index_info|index_xinfo|foreign_key_list|foreign_key_check|integrity_check|quick_check)(\s*\(\s*['"]?\w+['"]?\s*\))?|database_list|compile_options|user_version|schema_version|page_count|page_size|freelist_count|journal_mode|encoding|foreign_keys|cache_size|auto_vacuum|function_list|collation_list)\s*;?\s*$/i;

/** Judges a text for sqlite3: SQL, or one command of the client a line. */
export function judgeSqlite(text: string): readonly ProgramFinding[] {
  const isDot = (line: string): boolean => /^\s*\./.test(line);
  const lines = text.split('\n');
  const dots = lines
    .filter(isDot)
    .map((line) =>
      DOTS_READ.test(line.trim())
        ? finding('sql.meta-read', 'safe', 'This sqlite3 command only shows something.')
        : finding(
            'sql.meta',
            'danger',
            'This sqlite3 command may run a program, read a script or write a file.',
          ),
    );
  const sql = lines.filter((line) => !isDot(line)).join('\n');
  if (sql.trim() === '' && dots.length > 0) return dots;
  if (PRAGMA_READ.test(sql)) return [...dots, finding('sql.read', 'safe', 'This PRAGMA only reports.')];
  if (/^\s*PRAGMA\b[^;]*;?\s*$/i.test(sql))
    return [...dots, finding('sql.setting', 'caution', 'This PRAGMA changes a setting.')];
  return [...dots, ...judgeSql(sql, 'standard')];
}
