import { finding, type ProgramFinding } from './finding.ts';
import { judgePostgres, type PostgresParser } from './postgres.ts';

/** Judges a text given to psql: SQL, commands of the client, or both, each client command on a line of its own. */
export function judgePsql(text: string, parser: PostgresParser | null): readonly ProgramFinding[] {
  const isMeta = (line: string): boolean => /^\s*\\/.test(line);
  const lines = text.split('\n');
  const metas = lines.filter(isMeta).map((line) => judgeMeta(line.trim()));
  const sql = lines.filter((line) => !isMeta(line)).join('\n');
  return metas.length > 0 && sql.trim() === '' ? metas : [...metas, ...judgePostgres(sql, parser)];
}

/** psql commands that only show something or change how results look. */
const META_READ =
  /^\\(d[a-zA-Z]*[+S]*|l\+?|list\+?|conninfo|timing|x|pset|a|t|q|echo|encoding|z|sf\+?|sv\+?|h|\?|c|connect)( [\w."'*$?:@-]+)*\s*;?$/;

function judgeMeta(text: string): ProgramFinding {
  return META_READ.test(text)
    ? finding('sql.meta-read', 'safe', 'This psql command only shows something.')
    : finding('sql.meta', 'danger', 'This psql command may run a program or a script, or write a file.');
}
