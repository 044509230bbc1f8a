import { writeRisk } from './redirect.ts';
import type { ProgramSpec } from './schema.ts';
import { judgeSql } from './sql.ts';
import type { Dialect } from './sql-tokens.ts';
import type { Risk } from './verdict.ts';

/** What a program text inside an argument may do. */
export interface ProgramFinding {
  readonly rule: string;
  readonly risk: Risk;
  readonly sentence: string;
}

/** Judges sed, awk, SQL and Redis text. Shell text is judged by the scanner itself. */
export function judgeProgram(
  language: Exclude<ProgramSpec['language'], 'shell'>,
  text: string,
): readonly ProgramFinding[] {
  switch (language) {
    case 'sed':
      return [judgeSed(text)];
    case 'awk':
      return judgeAwk(text);
    case 'sql-postgres':
    case 'sql-mysql': {
      const dialect: Dialect = language === 'sql-postgres' ? 'postgres' : 'mysql';
      return judgeSql(text, dialect);
    }
    case 'redis':
      return [judgeRedis(text)];
    default:
      return language satisfies never;
  }
}

const ADDRESS = /^(?:\d+(?:~\d+)?|\$|[+~]\d+)/;

/**
 * Reads a sed script command by command. Only commands that print, edit the stream or branch pass; `w` writes a file,
 * `e` and the `e` flag of `s` run a program, and what cannot be read is danger.
 */
function judgeSed(script: string): ProgramFinding {
  const bad = (risk: Risk, sentence: string): ProgramFinding => ({ rule: 'sed.script', risk, sentence });
  const unread = bad('danger', 'This sed script cannot be read, so it may write files or run programs.');
  let at = 0;
  while (at < script.length) {
    at += /^[\s;{}]*/.exec(script.slice(at))?.[0].length ?? 0;
    if (at >= script.length) break;
    if (script[at] === '#') {
      at = lineEnd(script, at);
      continue;
    }
    const past = skipAddresses(script, at);
    if (past === null) return unread;
    at = past;
    const command = script[at] ?? '';
    at += 1;
    if ('pPdDnNhHgGxlqQ=zF}{'.includes(command)) at += /^[ \t]*\d*/.exec(script.slice(at))?.[0].length ?? 0;
    else if ('btT:'.includes(command)) at += /^[ \t]*[\w.-]*/.exec(script.slice(at))?.[0].length ?? 0;
    else if ('aic'.includes(command)) at = lineEnd(script, at);
    else if (command === 'r' || command === 'R') at = lineEnd(script, at);
    else if (command === 's' || command === 'y') {
      const end = skipDelimited(script, at, 2);
      if (end === null) return unread;
      const flags = /^[gpiImM\d]*/.exec(script.slice(end))?.[0] ?? '';
      at = end + flags.length;
      const next = script[at];
      if (next === 'e') return bad('danger', 'The e flag of s runs the result as a program.');
      if (next === 'w') return written(script, at + 1);
      if (next !== undefined && !/[\s;}]/.test(next)) return unread;
    } else if (command === 'w' || command === 'W') return written(script, at);
    else if (command === 'e') return bad('danger', 'The e command of sed runs a program.');
    else return unread;
  }
  return { rule: 'sed.script', risk: 'safe', sentence: 'The sed script only edits what is printed.' };
}

/** What sed writes with `w`: the rest of the line is the name of the file. */
function written(script: string, at: number): ProgramFinding {
  const path = script.slice(at, lineEnd(script, at)).trim();
  const risk = writeRisk(path)?.risk === 'danger' ? 'danger' : 'caution';
  return { rule: 'sed.script', risk, sentence: 'This sed script writes a file.' };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function skipAddresses(script: string, from: number): number | null {
  let at = from;
  for (let count = 0; count < 2; count += 1) {
    const char = script[at];
    if (char === '/' || char === '\\') {
      const end = skipDelimited(script, char === '/' ? at : at + 1, 1);
      if (end === null) return null;
      at = end + (/^[IM]*/.exec(script.slice(end))?.[0].length ?? 0);
    } else at += ADDRESS.exec(script.slice(at))?.[0].length ?? 0;
    if (script[at] !== ',') break;
    at += 1;
  }
  return at + (/^[\s!]*/.exec(script.slice(at))?.[0].length ?? 0);
}

/** Skips `/a/` (one part) or `/a/b/` (two) that starts at the delimiter; null when it never ends. */
function skipDelimited(text: string, from: number, parts: 1 | 2): number | null {
  const delimiter = text[from];
  if (delimiter === undefined || /[\w\s\\]/.test(delimiter)) return null;
  let at = from + 1;
  let left: number = parts;
  let bracket = false;
  while (at < text.length && left > 0) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '[' && left === parts) bracket = true;
    else if (char === ']') bracket = false;
    else if (char === delimiter) {
      if (bracket) return null;
      left -= 1;
    }
    at += 1;
  }
  return left === 0 ? at : null;
}

/** Judges an awk program after its strings and patterns are taken out. Pipes and `system` run programs. */
function judgeAwk(program: string): readonly ProgramFinding[] {
  const say = (risk: Risk, sentence: string): ProgramFinding[] => [{ rule: 'awk.program', risk, sentence }];
  const bare = stripAwk(program);
  if (bare === null) return say('danger', 'This awk program cannot be read.');
  if (/\bsystem\s*\(/.test(program) || /\bsystem\b/.test(bare))
    return say('danger', 'system in awk runs a program.');
  if (/@/.test(bare)) return say('danger', 'This awk program loads other code or calls a computed name.');
  if (bare.replaceAll('||', '').includes('|')) return say('danger', 'A pipe in awk runs a program.');
  if (/\bgetline\b/.test(bare)) return say('caution', 'getline in awk reads another file.');
  if (/\bprintf?\b[^;}\n]*>/.test(bare.replace(/\([^()]*\)/g, ''))) {
    const texts = [...program.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
    return say(
      texts.some((text) => writeRisk(text)?.risk === 'danger') ? 'danger' : 'caution',
      'This awk program writes a file.',
    );
  }
  return say('safe', 'The awk program only prints.');
}

function stripAwk(program: string): string | null {
  let bare = '';
  let at = 0;
  while (at < program.length) {
    const char = program[at] ?? '';
    if (char === '#') at = lineEnd(program, at);
    else if (char === '"') {
      const end = /^"(?:[^"\\\n]|\\[\s\S])*"/.exec(program.slice(at))?.[0].length;
      if (end === undefined) return null;
      bare += '""';
      at += end;
    } else if (char === '/' && /(^|[({};!~,&|\n])[ \t]*$/.test(bare)) {
      const end = /^\/(?:[^/\\\n[]|\\[^\n]|\[\^?\]?[^\]\n]*\])*\//.exec(program.slice(at))?.[0].length;
      if (end === undefined) return null;
      bare += '//';
      at += end;
    } else {
      bare += char;
      at += 1;
    }
  }
  return bare;
}

const REDIS_SAFE =
  /^(get|mget|strlen|exists|ttl|pttl|type|keys|scan|sscan|hscan|zscan|hget|hmget|hgetall|hkeys|hvals|hlen|hexists|llen|lrange|lindex|scard|smembers|sismember|zcard|zrange|zrevrange|zscore|zcount|zrank|zrangebyscore|dbsize|info|ping|echo|time|lastsave|role|randomkey|object|dump|xlen|xrange|xinfo|pubsub|getrange|bitcount|pfcount|command|select|quit|hello|lolwut)$/;
const REDIS_SAFE_PAIR =
  /^(config get|client (list|info|id|getname)|slowlog (get|len)|memory (usage|stats|doctor)|cluster (info|nodes|slots|shards|keyslot|myid|countkeysinslot)|latency (latest|history|doctor)|acl (list|whoami|cat|users)|module list|script exists|debug object|sentinel (masters?|replicas|slaves|sentinels|get-master-addr-by-name|ckquorum|myid))$/;
const REDIS_DANGER =
  /^(del|unlink|flushall|flushdb|shutdown|eval|evalsha|eval_ro|fcall|script|function|module|debug|migrate|restore|replicaof|slaveof|failover|swapdb|rename|getdel|lpop|rpop|spop|hdel|srem|zrem|lrem|ltrim|xdel|xtrim|zremrangebyrank|zremrangebyscore|cluster|monitor|sync|psync|acl)$/;

function judgeRedis(text: string): ProgramFinding {
  const [first = '', second = ''] = text.trim().toLowerCase().split(/\s+/);
  const say = (risk: Risk, sentence: string): ProgramFinding => ({
    rule: `redis.${first || 'none'}`,
    risk,
    sentence,
  });
  if (text.trim().includes('\n')) {
    const lines = text.trim().split('\n').map(judgeRedis);
    return (
      lines.find((line) => line.risk === 'danger') ??
      lines.find((line) => line.risk === 'caution') ??
      say('safe', 'These commands only read.')
    );
  }
  if (first === '' || REDIS_SAFE.test(first) || REDIS_SAFE_PAIR.test(`${first} ${second}`))
    return say('safe', `${first.toUpperCase()} only reads.`);
  if (first === 'monitor') return say('caution', 'MONITOR slows the server and shows every command.');
  if (REDIS_DANGER.test(first))
    return say('danger', `${first.toUpperCase()} removes data, runs a script or changes the topology.`);
  return say('caution', `${first.toUpperCase()} changes data or settings.`);
}
