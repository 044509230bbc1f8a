import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ProgramFinding } from '../../src/safety/programs/finding.ts';
import { judgeProgram } from '../../src/safety/programs/index.ts';
import { loadPostgres, type PostgresParser } from '../../src/safety/programs/postgres.ts';
import { type Risk, worst as worse } from '../../src/safety/verdict.ts';

let parser: PostgresParser;
beforeAll(async () => {
  parser = await loadPostgres();
});

const worst = (text: string, dialect: 'postgres' | 'mysql' | 'standard'): Risk =>
  judgeProgram(`sql-${dialect}`, text, parser).reduce<Risk>(
    (risk, finding: ProgramFinding) => worse(risk, finding.risk),
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
    'SELECT 1 /* a /* b */ */',
    "SET statement_timeout = '1s'; SELECT 1",
    'SET LOCAL lock_timeout TO 100',
    'SET default_transaction_read_only TO on',
    'BEGIN TRANSACTION READ ONLY; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT',
    'EXPLAIN DELETE FROM t',
    'EXPLAIN (ANALYZE false, VERBOSE) DELETE FROM t',
    'SELECT pg_stat_get_backend_pid(1), has_table_privilege(a, b) FROM t',
    'SELECT pg_catalog.version(), current_user, greatest(a, b), x::regclass FROM t',
    'COPY t TO STDOUT WITH (FORMAT csv)',
    "SELECT a FROM t WHERE b = 'x;y' AND c ~ '\\d+'",
    'SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t',
    'DECLARE c CURSOR FOR SELECT 1; FETCH 1 FROM c; CLOSE c',
    '\\x\nSELECT 1;\n\\timing',
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
    "SET statement_timeout = DEFAULT; SET role = 'admin'",
    'RESET ALL',
    'SET default_transaction_read_only = off',
    'SET TRANSACTION READ WRITE',
    'SELECT * FROM pg_shadow',
    'SELECT 1 UNION SELECT 2 FOR UPDATE',
    'CREATE TABLE a AS SELECT 1',
    'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE',
    'EXPLAIN ANALYZE UPDATE t SET a = 1 WHERE id = 2',
    'EXPLAIN SELECT evil(1)',
    "SELECT set_config('a', 'b', false)",
    'WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM x',
    "PREPARE TRANSACTION 'a'",
    'ALTER TABLE t ALTER COLUMN a DROP NOT NULL',
    'GRANT SELECT ON t TO bob',
    'SELECT evil.max(1)',
    'ALTER TABLE t ADD COLUMN a int',
    'SELECT "now"(1), "evil"(2)',
    'CHECKPOINT',
    "COPY t TO '/tmp/x'",
    'COPY t FROM STDIN',
    "ALTER USER x PASSWORD 'y'",
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
    'EXPLAIN (\nANALYZE\n) DELETE FROM t',
    'EXPLAIN (ANALYZE off, ANALYZE 1) DELETE FROM t',
    'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE t DISABLE TRIGGER ALL',
    'ALTER TABLE t DROP CONSTRAINT c',
    'ALTER SYSTEM SET fsync = off',
    'DROP DATABASE x',
    'DROP OWNED BY bob',
    'GRANT pg_execute_server_program TO bob',
    'GRANT ALL ON ALL TABLES IN SCHEMA s TO bob',
    'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO bob',
    'CREATE ROLE x LOGIN SUPERUSER',
    'DELETE FROM t WHERE id IN (SELECT id FROM t)',
    'DELETE FROM t WHERE EXISTS (SELECT 1)',
    'DELETE FROM t WHERE a IS NULL OR a IS NOT NULL',
    'DELETE FROM t WHERE (a = 1 AND b = 2) OR 1 = 1',
    'PREPARE x AS DELETE FROM t',
    'CREATE RULE r AS ON SELECT TO t DO INSTEAD DELETE FROM u',
    'CREATE EXTENSION dblink',
    'DECLARE c CURSOR FOR SELECT lo_unlink(1)',
    "COPY (SELECT 1) TO PROGRAM 'x'",
    "COPY t TO '/etc/passwd'",
    "SELECT 1 WHERE 'a' = E'\\'' || dblink('x', 'y')",
    'ALTER USER x SUPERUSER',
    "SELECT lo_export(1, 'x')",
    'EXPLAIN ANALYZE EXECUTE x',
    "LOAD 'x'",
    'FROBNICATE',
    'SELECT 1\n\\! x',
    "SELECT cron.schedule('x', '* * * * *', 'DELETE FROM t')",
    "SELECT net.http_post('x')",
    'MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED BY SOURCE THEN DELETE',
    'MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED BY SOURCE AND true THEN DELETE',
  ])('%s is danger', (text) => {
    expect(worst(text, 'postgres')).toBe('danger');
  });
});

test('PostgreSQL text is danger as long as its grammar is not loaded', () => {
  expect(judgeProgram('sql-postgres', 'SELECT 1', null)).toMatchObject([
    { rule: 'sql.not-loaded', risk: 'danger' },
  ]);
  expect(judgeProgram('sql-postgres', '\\l', null)).toMatchObject([{ risk: 'safe' }]);
});

test('a fault of the grammar itself is danger, and what is no error is not swallowed', () => {
  const failing = (thrown: unknown) => () => {
    throw thrown;
  };
  expect(judgeProgram('sql-postgres', 'SELECT 1', failing(new RangeError('x')))[0]?.risk).toBe('danger');
  expect(() => judgeProgram('sql-postgres', 'SELECT 1', failing('x'))).toThrow();
  expect(
    judgeProgram('sql-postgres', 'SELECT 1', () => ({ stmts: [{ stmt: { NewKindStmt: {} } }] })),
  ).toMatchObject([{ rule: 'sql.unknown', risk: 'danger' }]);
});

describe('MySQL', () => {
  test.each([
    'SHOW PROCESSLIST',
    "SELECT * FROM `t` WHERE a = 'x\\'; DROP TABLE t; -- '",
    'SHOW SLAVE STATUS\\G',
    'USE x; SELECT 1',
    '# DROP\nSELECT 1',
    'SELECT 1 # DROP',
    'SELECT "it""s"',
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

describe('SQL of the standard', () => {
  test.each([
    'SELECT 1',
    'BEGIN; SELECT 1; COMMIT',
    '(SELECT 1) UNION (SELECT 2)',
    'SELECT count(*) FROM "t" WHERE "a" IN (1, 2) AND b = \'it\'\'s\'',
    'SELECT "count"(a) FROM t',
    'WITH t (a) AS (SELECT 1) SELECT a::text FROM t',
    'COPY (SELECT 1) TO STDOUT',
    'SELECT /* DROP */ 1 -- DROP',
    'EXPLAIN SELECT 1',
    'START TRANSACTION READ ONLY; SELECT 1; ROLLBACK',
    'BEGIN TRAN SELECT 1 COMMIT',
    'BEGIN TRAN t1',
    'ROLLBACK TO SAVEPOINT s1',
    'SELECT 1\nGO\nSELECT 2\nGO 2',
    'SELECT [drop], t.create, a AS kill, backup FROM t',
    'SELECT\n  host,\n\n  a FROM t',
    '',
  ])('%s is safe', (text) => {
    expect(worst(text, 'standard')).toBe('safe');
  });
  test.each([
    'WITH x AS (INSERT INTO t VALUES (1)) SELECT 1',
    'WITH x AS (UPDATE t SET a = 1 WHERE b = 2) SELECT 1',
    'SELECT 1 FOR UPDATE',
    'SELECT 1 INTO t',
    'SELECT evil.max(1)',
    'SELECT "evil"(1)',
    'INSERT INTO t (a) VALUES (1)',
    'COPY t FROM s',
    'LOAD DATA INPATH x INTO TABLE t',
    'GRANT SELECT ON t TO bob',
    'CREATE TABLE t (a integer)',
    'RESET x',
    'UPDATE t SET a = (1) WHERE (b = 2 OR c = 3)',
    'DELETE FROM t WHERE id IN (SELECT id FROM s WHERE 1 = 1) AND a = 2',
    "DELETE FROM t WHERE a = 'x' RETURNING a",
    'SELECT NEXT VALUE FOR s',
    'SELECT s.nextval FROM dual',
    'SELECT * FROM t WITH (UPDLOCK)',
    'SELECT 1 KILL 53',
    'BEGIN TRAN UPDATE t SET a = 1 WHERE b = 2 COMMIT',
    'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    'ANALYZE UPDATE t SET a = 1 WHERE b = 2',
    'START REPLICA',
  ])('%s is caution', (text) => {
    expect(worst(text, 'standard')).toBe('caution');
  });
  test.each([
    'DROP TABLE t',
    'ALTER TABLE t DROP COLUMN a',
    'ALTER TABLE t TRUNCATE PARTITION p',
    'ALTER USER x SUPERUSER',
    'GRANT ALL ON t TO bob',
    'CREATE FUNCTION f() RETURNS int',
    "COPY t TO PROGRAM 'x'",
    'EXPLAIN DROP TABLE t',
    'UPDATE t SET a = 1',
    'WITH x AS (DELETE FROM t) SELECT 1 WHERE a = 2',
    'DELETE FROM t WHERE a = 1 OR 1 = 1',
    'DELETE FROM t WHERE "a" = "a"',
    'DELETE FROM t WHERE a = a',
    'SELECT 1; DROP TABLE t',
    "SELECT 'open",
    "SELECT 'a\\' OR 1",
    'SELECT `a`',
    'SELECT :x',
    'SELECT 1 /* open',
    'FROBNICATE',
    ';(',
    'SELECT 1 DROP TABLE t',
    'SELECT 1\nTRUNCATE TABLE t',
    "USE x EXEC xp_cmdshell 'x'",
    'BEGIN DROP TABLE t END',
    'BEGIN TRAN DELETE FROM t COMMIT',
    'COMMIT TRAN SHUTDOWN',
    'SET NOCOUNT ON DELETE FROM t',
    'UPDATE t SET a = 1 WHERE b = 2 DELETE FROM t',
    "SELECT 1\nGO\nsp_configure 'x', 1\nGO",
    'SELECT 1\n#host x\n',
    'SELECT 1\n\nHOST x',
    'START x.sql',
    "SELECT * FROM OPENQUERY(s, 'DELETE FROM t')",
    "SELECT sys.utl_http.request('x') FROM dual",
    'SELECT "UTL_HTTP".request(\'x\') FROM dual',
    'MERGE t USING s ON t.a = s.a WHEN NOT MATCHED BY SOURCE THEN DELETE',
    "INSERT INTO FUNCTION url('x', CSV) SELECT 1",
    'INSERT OVERWRITE TABLE t SELECT 1',
    'CREATE OR REPLACE TABLE t (a integer)',
    'REPLACE TABLE t (a integer)',
    'ANALYZE FORMAT=JSON DELETE FROM t',
  ])('%s is danger', (text) => {
    expect(worst(text, 'standard')).toBe('danger');
  });
});
