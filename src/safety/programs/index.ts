import type { Language } from '../schema.ts';
import { judgeAwk } from './awk.ts';
import { finding, type ProgramFinding } from './finding.ts';
import { judgeGdb } from './gdb.ts';
import { JAVASCRIPT, judgeMongo } from './javascript.ts';
import { PERL } from './perl.ts';
import { PHP } from './php.ts';
import type { PostgresParser } from './postgres.ts';
import { judgePsql } from './psql.ts';
import { PYTHON } from './python.ts';
import { judgeRedis } from './redis.ts';
import { RUBY } from './ruby.ts';
import { judgeScript } from './script.ts';
import { judgeSed } from './sed.ts';
import { judgeSftp, judgeSocket } from './session.ts';
import { judgeSql } from './sql.ts';
import { judgeSqlite } from './sqlite.ts';

/** The longest program text that is read, in UTF-16 units. */
const MAX_LENGTH = 64 * 1024;

/** Judges program text of any language but shell, which the scanner judges itself; it may run in any of the directories. */
export function judgeProgram(
  language: Exclude<Language, 'shell'>,
  text: string,
  postgres: PostgresParser | null,
  directories: readonly string[] = [],
): readonly ProgramFinding[] {
  if (text.length > MAX_LENGTH)
    return [finding('program.too-long', 'danger', 'This program text is too long to analyse.')];
  switch (language) {
    case 'sed':
      return [judgeSed(text, directories)];
    case 'awk':
      return judgeAwk(text, directories);
    case 'sql-postgres':
      return judgePsql(text, postgres);
    case 'sql-mysql':
      return judgeSql(text, 'mysql');
    case 'sql-standard':
      return judgeSql(text, 'standard');
    case 'sql-sqlite':
      return judgeSqlite(text);
    case 'redis':
      return [judgeRedis(text)];
    case 'mongo':
      return judgeMongo(text);
    case 'python':
      return judgeScript(text, PYTHON, directories);
    case 'perl':
      return judgeScript(text, PERL, directories);
    case 'ruby':
      return judgeScript(text, RUBY, directories);
    case 'javascript':
      return judgeScript(text, JAVASCRIPT, directories);
    case 'php':
      return judgeScript(text, PHP, directories);
    case 'socket':
      return judgeSocket(text);
    case 'sftp':
      return judgeSftp(text);
    case 'gdb':
      return [judgeGdb(text)];
    default:
      return language satisfies never;
  }
}
