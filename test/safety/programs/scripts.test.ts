import { describe, expect, test } from '@jest/globals';
import { judgeProgram } from '../../../src/safety/programs/index.ts';
import type { Language } from '../../../src/safety/schema.ts';
import { type Risk, worst } from '../../../src/safety/verdict.ts';

const risk = (language: Exclude<Language, 'shell'>, text: string): Risk =>
  judgeProgram(language, text, null).reduce<Risk>((found, each) => worst(found, each.risk), 'safe');

const TABLE: Record<string, { readonly safe: readonly string[]; readonly danger: readonly string[] }> = {
  python: {
    safe: [
      'print(1)',
      'import json,sys; d=json.load(sys.stdin); print(d["db"]["pool"]["active"])',
      'import sys, ssl; print(sys.version, ssl.OPENSSL_VERSION)',
      "import socket; s=socket.create_connection(('10.0.0.5', 5432), 3); print('ok'); s.close()",
      'print("import os; os.remove(\\"/tmp/x\\")")',
      'from datetime import datetime, timezone\nprint(datetime.fromtimestamp(1714556400, tz=timezone.utc).isoformat())',
      'import json;print(json.load(open("a.json"))["x"])',
      "print(f'{1 + 2} {x!r:>3}') if (x := 3) else None".replace('(x := 3)', 'x') &&
        'x = 3\nprint(f"{x} {x!r}")',
      'import re,sys\nfor line in sys.stdin:\n  m = re.search(r"a(\\d+)", line)\n  if m: print(m.group(1))',
      'def f(a):\n  return a * 2\nprint([f(x) for x in range(3)])',
    ],
    danger: [
      'import os; os.remove("x")',
      'import os; os.system("x")',
      'import os; os.replace("a", "b")',
      'import os as o; o.replace("a", "b")',
      'import os; o = os; o.replace("a", "b")',
      'import os; f = (print, os); f.replace("a", "b")',
      'import os; print(os, os); (os).replace("a", "b")',
      'from os import replace',
      'import os; f = os.system; f("x")',
      'import subprocess; subprocess.run("x")',
      'open("x", "w").write("y")',
      'f = open; f("x", "w")',
      'list(map(eval, ["x"]))',
      'x(eval=1); list(map(eval, ["y"]))',
      '__import__("os").system("x")',
      'print("".__class__.__mro__)',
      'getattr(x, "y")',
      'import importlib',
      'from os import *',
      'from os import system',
      'import sys; sys.modules["os"].system("x")',
      'f"""{__import__}"""',
      'f"""{exit()}"""',
      'print(f"{x["a"]}")',
      'x = [print]; x[0]("a")',
      'import pickle',
      'exec("x")',
      'import json.decoder',
      '@x\ndef f(): pass',
      'import operator; operator.attrgetter("x")',
      'a = b\na("x")',
      "'unclosed",
    ],
  },
  javascript: {
    safe: [
      'console.log(process.versions.v8, process.arch)',
      'JSON.parse(require("fs").readFileSync("package.json")).version',
      `const a = [1,2].map(x => x * 2); console.log(\`\${a.length} items\`)`,
      'for (const [k, v] of Object.entries(process.memoryUsage())) console.log(k, v / 2)',
      'console.log("a/b".split(/\\//).length)',
    ],
    danger: [
      'require("child_process")',
      'require("fs").writeFileSync("x", "y")',
      'eval("x")',
      'x["constructor"]',
      'x["const" + "ructor"]',
      'x[k][k]("y")()',
      'a = x.constructor',
      'const {constructor: f} = x',
      'const {["con"+"structor"]: f} = x',
      'if (a) /"/; process.kill(1); /"/',
      `console.log(\`\${ {a: 1}.a }\`)`,
      'i++ /process.exit()/ 1',
      '} /"/; evil(); /"/',
      '"\\143onstructor"',
      '-->`\nevil()\n-->`',
      'require(x)',
      'fetch("x")',
      'setTimeout("x")',
      'let f = x; f("y")',
    ],
  },
  perl: {
    safe: [
      'print if /10:0[0-5].*ERROR/',
      '$s{$F[8]}++; END { print "$_ $s{$_}" for sort keys %s }',
      'print strftime("%F %T\\n", localtime 1714556400)',
      'print JSON::PP->new->pretty->encode(decode_json($_))',
      's/a/b/; print unless /^#/',
      '@a = split /,/; print join("\\t", @a[0,2]), "\\n"',
      'print $F[1] / 2',
      "print 'a', join(' ', qw(b c)), $n * 2, ($n) * 3",
      'print if /^$x$/ && /a{2,3}/',
      'my ($n, $t) = (0, 0); while (<STDIN>) { chomp; $n++; $t += $_ } printf "%.2f\\n", $t / $n',
    ],
    danger: [
      'system "x"',
      'print `x`',
      's/x/system("y")/e',
      's/x/y/ee',
      's#x#system("y")#e',
      's{x}{unlink $_}e',
      'print "@{[ system 1 ]}"',
      'print "$h{system(1)}"',
      'open F, ">x"',
      '@ARGV = ("x|"); print <>',
      '/(?{ system 1 })/',
      '} /"/; unlink $f; /"/',
      'shift /"/; unlink $f; /"/',
      'print <<E;\n"\nE\nunlink $f; print "x"',
      "lc'x;unlink $f;'",
      '=pod\n"\n=cut\nunlink $f;"',
      'qx(x)',
      'q{"}; unlink $f; q{"}',
      '&$x',
      '$x->$y',
      '$x->("y")',
      '*{"x"}',
      'print $"; unlink "x"',
      'require x',
      'do "x"',
      'eval "x"',
      'exec "x"',
      'unlink $_',
      '$i++ /unlink($f)/ 1',
      'print <*.c> if `x`',
    ],
  },
  ruby: {
    safe: [
      'puts JSON.parse(STDIN.read).fetch("status")',
      'require "json"; puts JSON.pretty_generate(JSON.parse(ARGF.read))',
      'puts [1,2,3].map { |x| x * 2 }.sum',
      'puts %w[a b].map(&:upcase).join(", ")',
      'puts "#{RUBY_VERSION} on #{RUBY_PLATFORM}"',
      'puts "%d" % 5',
      'puts 10 / 2',
      'n = gets.to_i; puts n / 2, (n) / 3',
      'require("set"); puts Set.new([1]).size',
    ],
    danger: [
      'system "x"',
      'puts `x`',
      'puts %x(x)',
      'puts "#{system 1}"',
      'puts "#{ {a: 1}[:a] }"',
      'File.write("x", "y")',
      'File.delete("x")',
      'x.send(:system, "y")',
      'open("|x")',
      'IO.read("|x")',
      'require "./x"',
      'p ?"; unlink x; p ?"',
      'puts % " ; system "x" ',
      'puts <<E\n"\nE\nsystem "x"; puts "y"',
      'Kernel.exit',
      '[1].map(&method(:system))',
      'eval "x"',
      '=begin\n"\n=end\nsystem "y"; "',
    ],
  },
  php: {
    safe: [
      'echo ini_get("memory_limit"), PHP_EOL;',
      'print_r(get_loaded_extensions());',
      'echo date("c", 1714556400);',
    ],
    danger: [
      'system("x");',
      'echo `x`;',
      '$f = "system"; $f("x");',
      '"system"("x");',
      'include "x";',
      'echo "{$x->y()}";',
      'file_put_contents("x", "y");',
      'array_map("system", ["x"]);',
      '?>x<?php y',
    ],
  },
  mongo: {
    safe: [
      'rs.status().members.forEach(m => print(m.name, m.stateStr))',
      'db.orders.find({status: "stuck"}).limit(5).toArray()',
      'db.currentOp({active: true, secs_running: {$gt: 30}})',
      'db.orders.getIndexes()',
      'db.adminCommand({ping: 1})',
      "db.adminCommand('listDatabases')",
      'show dbs',
      'db.getSiblingDB("x").orders.aggregate([{$match: {a: 1}}, {$group: {_id: "$b", n: {$sum: 1}}}])',
    ],
    danger: [
      'db.x.drop()',
      'db.dropDatabase()',
      'db.x.drop/**/()',
      'db["dropDatabase"]()',
      'db.x.remove({})',
      'db.x.deleteMany({})',
      'db.x.aggregate([{$out: "y"}])',
      'db.x.aggregate([{["$o" + "ut"]: "y"}])',
      'db.x.find({$where: "x"})',
      'db.adminCommand({shutdown: 1})',
      'db.runCommand(x)',
      'db.x.drop.call()',
      'load("x")',
      'require("child_process")',
    ],
  },
  gdb: {
    safe: ['thread apply all bt', 'info threads', 'bt full'],
    danger: ['call system("x")', 'p f()', 'shell x', 'kill', '!x', 'info line x'],
  },
  'sql-sqlite': {
    safe: [
      '.schema jobs',
      '.tables',
      'PRAGMA integrity_check;',
      'select status, count(*) from jobs group by 1',
      'PRAGMA table_info(t)',
    ],
    danger: [
      '.shell x',
      '.read x',
      '.output x',
      'DROP TABLE x',
      '.load x',
      '.system x',
      'select load_extension("x")',
      'DELETE FROM t',
    ],
  },
  'sql-standard': {
    safe: ['SELECT 1', 'SHOW CREATE TABLE logs.events', 'DESCRIBE KEYSPACE shop'],
    danger: ['DROP TABLE t', "SELECT 'a\\'; DROP TABLE t; -- '", 'SELECT $$x$$', 'TRUNCATE t'],
  },
};

describe.each(Object.keys(TABLE))('%s', (name) => {
  const language = name as Exclude<Language, 'shell'>;
  test.each(TABLE[name]?.safe ?? [])('only computes or shows: %s', (text) => {
    expect(risk(language, text)).toBe('safe');
  });
  test.each(TABLE[name]?.danger ?? [])('may do more: %s', (text) => {
    expect(risk(language, text)).toBe('danger');
  });
});

test.each<[Exclude<Language, 'shell'>, string]>([
  ['mongo', 'db.x.insertOne({a: 1})'],
  ['mongo', 'db.x.updateMany({a: 1}, {$set: {b: 2}})'],
  ['python', 'print(open("/etc/shadow").read())'],
  ['sql-sqlite', 'PRAGMA journal_mode=WAL'],
  ['sql-sqlite', 'INSERT INTO t VALUES (1)'],
])('%s text that can be put back, or reads a secret, is caution: %s', (language, text) => {
  expect(risk(language, text)).toBe('caution');
});

test('a text that is too long is not read', () => {
  expect(risk('python', `print(${'1+'.repeat(40_000)}1)`)).toBe('danger');
});
