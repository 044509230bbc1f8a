import { describe, expect, test } from '@jest/globals';
import { judgeSql } from '../../src/safety/sql.ts';
import type { Dialect } from '../../src/safety/sql-tokens.ts';
import { RISKS, type Risk } from '../../src/safety/verdict.ts';

const worst = (text: string, dialect: Dialect): Risk =>
  judgeSql(text, dialect).reduce<Risk>(
    (risk, item) => (RISKS.indexOf(item.risk) > RISKS.indexOf(risk) ? item.risk : risk),
    'safe',
  );

describe('PostgreSQL', () => {
  test.each([
    'SELECT 1',
    "select * from t where a = 'DROP TABLE x'",
    'SHOW max_connections',
    'TABLE t',
    'VALUES (1)',
    'EXPLAIN ANALYZE SELECT 1',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    '/* DROP */ SELECT 1 -- DROP',
    'BEGIN; SELECT 1; ROLLBACK',
    'SELECT count(*), max(a) FROM t',
    'COPY (SELECT 1) TO STDOUT',
    "SELECT a::text, now() - interval '5 min' FROM t",
    'SELECT "delete" FROM t',
    '\\dt+ public.*',
    '\\l',
    'SELECT $$DROP TABLE x$$',
    '',
  ])('%s is safe', (text) => {
    expect(worst(text, 'postgres')).toBe('safe');
  });
  test.each([
    "UPDATE t SET a='WHERE' WHERE id = 3",
    'DELETE FROM t WHERE id IN (1,2) AND x > 3',
    'INSERT INTO t (a) VALUES (1)',
    'SELECT pg_cancel_backend(1)',
    'SELECT unknown_function(1)',
    'SELECT * INTO x FROM t',
    'SELECT 1 FOR UPDATE',
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    'REINDEX TABLE t',
    "SET statement_timeout='1s'",
    'GRANT SELECT ON t TO bob',
    'SELECT evil.max(1)',
    'ALTER TABLE t ADD COLUMN a int',
    'SELECT "now"(1), "evil"(2)',
    'CHECKPOINT',
    "COPY t TO '/tmp/x'",
  ])('%s is caution', (text) => {
    expect(worst(text, 'postgres')).toBe('caution');
  });
  test.each([
    'DROP TABLE t',
    'TRUNCATE t',
    'DELETE FROM t',
    'UPDATE t SET a = (SELECT 1 FROM x WHERE y = 2)',
    'DELETE FROM t WHERE 1 = 1',
    'DELETE FROM t WHERE true',
    "DELETE FROM t WHERE 'a' = 'a'",
    'DELETE FROM t WHERE id = id',
    'DELETE FROM t WHERE a = 1 OR true',
    'WITH x AS (UPDATE t SET a=1 RETURNING 1) SELECT * FROM x WHERE b = 2',
    "COPY t FROM PROGRAM 'x'",
    'DO $$ x $$',
    'CALL p()',
    'EXECUTE x',
    'CREATE FUNCTION f() RETURNS int',
    'ALTER TABLE t DROP COLUMN a',
    'SELECT 1; DROP TABLE t',
    "SELECT 'unclosed",
    'SELECT 1 /* open',
    'SELECT :x',
    "SELECT :'x'",
    '\\! x',
    "\\copy t to program 'x'",
    '\\i f',
    '\\o |x',
    'SELECT 1 \\gexec',
    '\\dt `x`',
    'SELECT 1 /* a /* b */ */',
    'ALTER USER x SUPERUSER',
    "SELECT lo_export(1, 'x')",
    'EXPLAIN ANALYZE EXECUTE x',
    "LOAD 'x'",
    'FROBNICATE',
    'SELECT 1\n\\! x',
  ])('%s is danger', (text) => {
    expect(worst(text, 'postgres')).toBe('danger');
  });
});

describe('MySQL', () => {
  test.each([
    'SHOW PROCESSLIST',
    "SELECT * FROM `t` WHERE a = 'x\\'; DROP TABLE t; -- '",
    'SHOW SLAVE STATUS\\G',
    'USE x; SELECT 1',
    '# DROP\nSELECT 1',
    'DESC t',
  ])('%s is safe', (text) => {
    expect(worst(text, 'mysql')).toBe('safe');
  });
  test.each([
    'KILL 5',
    'SET GLOBAL a = 1',
    'SELECT SLEEP(5)',
    "SELECT LOAD_FILE('x')",
    'OPTIMIZE TABLE t',
    'DELETE FROM t WHERE id = 1 LIMIT 5',
  ])('%s is caution', (text) => {
    expect(worst(text, 'mysql')).toBe('caution');
  });
  test.each([
    'SELECT 1 /*!50000 INTO OUTFILE "x" */',
    'SELECT 1 /*+ x */',
    "SELECT 1 INTO OUTFILE 'x'",
    'DROP DATABASE x',
    'system x',
    '\\! x',
    'source x',
    'RESET MASTER',
    'PURGE BINARY LOGS TO "x"',
    'DELETE FROM t WHERE "a"',
    'SELECT 1; -- x\nTRUNCATE t',
    'INSTALL PLUGIN x',
    'SELECT 1 --1\n',
  ])('%s is danger', (text) => {
    expect(worst(text, 'mysql')).toBe('danger');
  });
});
