import type { Risk } from '../verdict.ts';
import type { ProgramFinding } from './finding.ts';

const REDIS_SAFE =
  /^(get|mget|strlen|exists|ttl|pttl|type|keys|scan|sscan|hscan|zscan|hget|hmget|hgetall|hkeys|hvals|hlen|hexists|llen|lrange|lindex|scard|smembers|sismember|zcard|zrange|zrevrange|zscore|zcount|zrank|zrangebyscore|dbsize|info|ping|echo|time|lastsave|role|randomkey|object|dump|xlen|xrange|xinfo|pubsub|getrange|bitcount|pfcount|command|select|quit|hello|lolwut)$/;
const REDIS_SAFE_PAIR =
  /^(config get|client (list|info|id|getname)|slowlog (get|len)|memory (usage|stats|doctor)|cluster (info|nodes|slots|shards|keyslot|myid|countkeysinslot)|latency (latest|history|doctor)|acl (list|whoami|cat|users)|module list|script exists|debug object|sentinel (masters?|replicas|slaves|sentinels|get-master-addr-by-name|ckquorum|myid))$/;
const REDIS_DANGER =
  /^(del|unlink|flushall|flushdb|shutdown|eval|evalsha|eval_ro|fcall|script|function|module|debug|migrate|restore|replicaof|slaveof|failover|swapdb|rename|getdel|b?[lr]pop|spop|b?zpop(min|max)|b?[lz]mpop|hgetdel|hsetex|(json|ts|graph)\.del|json\.clear|ft\.dropindex|hdel|srem|zrem|lrem|ltrim|xdel|xtrim|zremrangebyrank|zremrangebyscore|cluster|monitor|sync|psync|acl)$/;

/** Settings by which the server writes files of another's choice, loads code, or lets everybody in. */
const REDIS_DANGEROUS_SETTING =
  /\bconfig set\b.*\s(dir|dbfilename|append(filename|dirname)|aclfile|loadmodule|enable-\S+|protected-mode\s+["']?no\b|requirepass\s*(""|''|$))/;

export function judgeRedis(text: string): ProgramFinding {
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
  if (REDIS_DANGEROUS_SETTING.test(text.trim().toLowerCase().replace(/\s+/g, ' ')))
    return say(
      'danger',
      'This setting decides which files the server writes, which code it loads or who may log in.',
    );
  if (/^p?expire\s+\S+\s+(0+|-\d+)\b/i.test(text.trim()))
    return say('danger', `${first.toUpperCase()} with no time left deletes the key.`);
  if (first === 'monitor') return say('caution', 'MONITOR slows the server and shows every command.');
  if (REDIS_DANGER.test(first))
    return say('danger', `${first.toUpperCase()} removes data, runs a script or changes the topology.`);
  return say('caution', `${first.toUpperCase()} changes data or settings.`);
}
