import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { bindCommand, bindNamed } from '../../src/runbook/bind.ts';
import { findVariables, variableKey } from '../../src/runbook/variables.ts';

interface Case {
  readonly id: string;
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
  readonly expect: 'ok' | 'refuse';
}

const CASES = readFileSync(new URL('../safety/corpus/binding.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case);

const fill = (template: string, values: Readonly<Record<string, string>>) =>
  bindNamed(template, new Map(Object.entries(values)));

/** As a run does it: an input has the spellings that a runbook with this one command gives it. */
function fillAsRunbook(template: string, values: Readonly<Record<string, string>>) {
  const byKey = new Map(Object.entries(values).map(([name, value]) => [variableKey(name), value]));
  const variables = findVariables(
    [{ text: template, source: { start: 0, end: template.length } }],
    template,
  ).filter(({ name }) => byKey.has(variableKey(name)));
  const given = variables.map(({ name }) => [name, byKey.get(variableKey(name)) ?? ''] as const);
  return bindCommand(template, variables, new Map(given));
}

describe.each([
  ['by names', fill],
  ['as a runbook', fillAsRunbook],
])('a corpus that was written without knowledge of the rules, filled in %s,', (_way, bind) => {
  test('loses no attack', () => {
    const attacks = CASES.filter((each) => each.expect !== 'ok');
    expect(attacks.length).toBeGreaterThan(100);
    expect(attacks.filter(({ template, values }) => bind(template, values).ok)).toEqual([]);
  });
  test('has its benign values filled in', () => {
    const benign = CASES.filter((each) => each.expect === 'ok');
    expect(benign.length).toBeGreaterThan(100);
    expect(benign.filter(({ template, values }) => !bind(template, values).ok)).toEqual([]);
  });
});

describe('a value is written so that the shell reads exactly it', () => {
  test.each<[string, Record<string, string>, string]>([
    ['tail <path>', { path: '/var/log/My App/x.log' }, "tail '/var/log/My App/x.log'"],
    ['grep "<text>" f', { text: 'costs 5$ (a\\b)' }, 'grep "costs 5\\$ (a\\\\b)" f'],
    ["grep '<name>' f", { name: "O'Brien" }, "grep 'O'\\''Brien' f"],
    ['kubectl logs {{ pod }} -n $NS', { pod: 'web-0', NS: 'prod' }, 'kubectl logs web-0 -n prod'],
    ['kubectl logs --tail=<lines>', { lines: '-1' }, 'kubectl logs --tail=-1'],
    ["sh -c 'du -sh /data/$DIR'", { DIR: 'pg_wal' }, "sh -c 'du -sh /data/pg_wal'"],
    ['psql <<EOF\nSELECT <id>;\nEOF', { id: '42' }, 'psql <<EOF\nSELECT 42;\nEOF'],
    ['curl <url>', { url: 'https://x.example.com/a?b=1&c=2' }, "curl 'https://x.example.com/a?b=1&c=2'"],
    ['grep <pattern> f', { pattern: '^a.*"b"|c$' }, 'grep \'^a.*"b"|c$\' f'],
    ['find /srv -name <pattern>', { pattern: '*.log' }, "find /srv -name '*.log'"],
    ['notify <msg>', { msg: "It's up; see #4" }, "notify 'It'\\''s up; see #4'"],
    ['kubectl patch deploy a -p <patch>', { patch: '{"a":1}' }, `kubectl patch deploy a -p '{"a":1}'`],
    ['journalctl --since <since>', { since: '10 min ago' }, "journalctl --since '10 min ago'"],
    ['redis-cli get <key>', { key: 'cart:{8}:x' }, "redis-cli get 'cart:{8}:x'"],
    ['mount -o remount,<x> /a', { x: 'rw' }, 'mount -o remount,rw /a'],
    ['strace -fp <pid>', { pid: '7' }, 'strace -fp 7'],
    ['> <file>', { file: '/tmp/x' }, '> /tmp/x'],
    ['REGION=<region>', { region: 'eu' }, 'REGION=eu'],
    ['sudo -u <user> psql <db>', { user: 'postgres', db: 'shop' }, 'sudo -u postgres psql shop'],
    ['timeout <n> ls <dir>', { n: '5', dir: '/' }, 'timeout 5 ls /'],
    ['docker exec -u <user> <box> ls', { user: 'app', box: 'web' }, 'docker exec -u app web ls'],
    ['$HOME_DIR/bin/jstack <pid>', { HOME_DIR: '/opt/java', pid: '7' }, '/opt/java/bin/jstack 7'],
    ['ssh h du -c <dir>', { dir: '/srv' }, 'ssh h du -c /srv'],
    ['ssh h "grep -E \'(a|<word>)\' f"', { word: 'b' }, 'ssh h "grep -E \'(a|b)\' f"'],
    ["python3 -c 'print(<n>)'", { n: '-5' }, "python3 -c 'print(-5)'"],
    ['psql "<dsn>"', { dsn: 'host=a dbname=b' }, 'psql "host=a dbname=b"'],
    ['curl http://q/api/<vhost>/x', { vhost: '%2F' }, 'curl http://q/api/%2F/x'],
    [
      'cat <<EOF | kubectl apply -f -\nimage: <image>\nnote: "<note>"\nEOF',
      { image: 'r.example:5000/a:1', note: 'for 12' },
      'cat <<EOF | kubectl apply -f -\nimage: r.example:5000/a:1\nnote: "for 12"\nEOF',
    ],
    ['git commit -m "<message>"', { message: 'saves $5 a day' }, 'git commit -m "saves \\$5 a day"'],
    ['note "<note>"', { note: 'now "Acme" is up' }, 'note "now \\"Acme\\" is up"'],
    ['curl --data "query=<query>" h', { query: 'a{b=~"c"}' }, 'curl --data "query=a{b=~\\"c\\"}" h'],
    ['journalctl --since <since>', { since: '-1h' }, 'journalctl --since -1h'],
    ['renice -n <n> -p <pid>', { n: '-5', pid: '7' }, 'renice -n -5 -p 7'],
    ['find /srv -mtime <days>', { days: '+7' }, 'find /srv -mtime +7'],
    ["sed 's|a|<image>|' f", { image: 'r.example/a:1' }, "sed 's|a|r.example/a:1|' f"],
    ['aws x --namespace <ns>', { ns: 'AWS/RDS' }, 'aws x --namespace AWS/RDS'],
    ['psql -c "select \'<age>\'"', { age: '5 minutes' }, 'psql -c "select \'5 minutes\'"'],
    [
      'ssh h "sudo journalctl --since \'<since>\'"',
      { since: '1 hour ago' },
      'ssh h "sudo journalctl --since \'1 hour ago\'"',
    ],
    ['cat <<EOF > /tmp/n\n<text>\nEOF', { text: 'a; b' }, 'cat <<EOF > /tmp/n\na; b\nEOF'],
  ])('%s', (template, values, text) => {
    expect(fill(template, values)).toEqual({ ok: true, text });
  });
});

describe('refused with a sentence', () => {
  test.each<[string, Record<string, string>]>([
    ['ansible web -a "systemctl status <unit>"', { unit: 'x; id' }],
    ["awk -F , '{print $<c>}' f", { c: '1; system("id")' }],
    ['echo "systemctl restart <unit>" | ssh host', { unit: 'x; id' }],
    ['echo "select <id>" | psql', { id: '1; drop table x' }],
    ['ssh h "sh -c \'ls <dir>\'"', { dir: 'x; id' }],
    ['curl -s <url>', { url: 'file:///etc/shadow' }],
    ['curl https://<site>/x', { site: 'evil/x?' }],
    ['curl https://<site>/x', { site: 'good@evil' }],
    ["psql -c 'DELETE FROM t WHERE id = <id>'", { id: 'id' }],
    ["psql -c 'DELETE FROM t WHERE id = <id>'", { id: 'true' }],
    ['ls {a,<x>}', { x: 'b,c' }],
    ['cat <<EOF\n<x>\nEOF', { x: '$(id)' }],
    ["find . -exec sh -c 'echo <x>' \\;", { x: 'a; id' }],
    ["sed 's/<a>/<b>/' f", { a: 'x', b: 'y/e' }],
    ['ping <host>', { host: '\uff45vil.example.com' }],
    ["trap 'echo <p>' EXIT", { p: 'x; id' }],
    ['gcloud compute ssh vm --command="df <d>"', { d: '/; id' }],
    ['ssh h <<EOF\nls <dir>\nEOF', { dir: 'x; id' }],
    ['ssh node <<EOF\nrm <file>\nEOF', { file: '-rf' }],
    ['sudo -i <<EOF\nls <dir>\nEOF', { dir: 'x; id' }],
    ['crontab - <<EOF\n* * * * * ls <dir>\nEOF', { dir: 'x; id' }],
    ['cat <<EOF | bash\nls <dir>\nEOF', { dir: 'x; id' }],
    ['cat <<EOF | sudo tee /etc/cron.d/a\nls <dir>\nEOF', { dir: 'x; id' }],
    ['cat > /tmp/a.sh <<EOF\nls <dir>\nEOF', { dir: 'x; id' }],
    ["echo 'ls <dir>' >> ~/.profile", { dir: 'x; id' }],
    ["echo '<x>' | bash -s cat", { x: 'a; id' }],
    ["python3 <<EOF\nprint('<x>')\nEOF", { x: "'+open('f').read()+'" }],
    ["mysql <<EOF\n-- one\nselect '<x>'\nEOF", { x: "' or '1" }],
    ['kubectl apply -f - <<EOF\nmetadata: {name: <name>}\nEOF', { name: 'x, namespace: y' }],
    ['kubectl apply -f - <<EOF\nname: "<name>"\nEOF', { name: 'x", "y": "z' }],
    ['tclsh <<< "puts <x>"', { x: '[exec id]' }],
    ["bash <<< 'ls <dir>'", { dir: 'x y' }],
    ["tmux send-keys 'ls <dir>' Enter", { dir: 'x; id' }],
    ["gdb -p 1 -ex 'print <x>'", { x: 'system(1)' }],
    ['sqlite3 a.db ".read <file>"', { file: '|id' }],
    ["ldapsearch '(uid=<uid>)'", { uid: '*' }],
    ['promtool query instant http://p \'up{job="<job>"}\'', { job: '"} or up{a="' }],
    ['<x> nginx', { x: 'rm' }],
    ['sudo -u app <x> nginx', { x: 'rm' }],
    ['timeout 5 <x>', { x: 'rm' }],
    ['ssh h <x>', { x: 'reboot' }],
    ["ssh h 'sudo <x> a'", { x: 'rm' }],
    ['kubectl exec a -- <x>', { x: 'rm' }],
    ['docker exec a <x>', { x: 'rm' }],
    ['find . -exec <x> {} +', { x: 'rm' }],
    ['sh -c \'ls && "<x>" a\'', { x: 'rm' }],
    ['gcloud compute ssh a --command=<x>', { x: 'reboot' }],
    ["trap '<x> f' EXIT", { x: 'rm' }],
    ["vagrant ssh -c 'ls <x>'", { x: 'a; id' }],
    ["flock /tmp/l -c '<x> a'", { x: 'rm' }],
    ["echo 'disable server a/<x>' | socat stdio /run/h.sock", { x: 'b; c' }],
    ['ssh -o <x> h', { x: 'ProxyCommand=id' }],
    ['git -c core.pager=<x> log', { x: 'id' }],
    ["rsync -e '<x>' a b", { x: 'sh' }],
    ['tar cf a --use-compress-program=<x> b', { x: 'rm' }],
    ["env -S '<x>'", { x: 'rm' }],
    ['mount -o remount,<x> /a', { x: 'rw,exec' }],
    ['env <x>=1 ls', { x: 'LD_PRELOAD' }],
    ['ssh h "kill <pid>"', { pid: '-1' }],
    ['ssh h \'ls "<dir>"\'', { dir: '-R' }],
    ['kill <pid>', { pid: '0' }],
    ['pkill -f "<x>"', { x: '.*' }],
    ['systemctl restart "<unit>"', { unit: '*' }],
    ['rm -rf /srv/<dir>', { dir: './' }],
    ['sudo rm -rf <dir>', { dir: '/' }],
    ["ssh h 'rm -rf <dir>'", { dir: '//' }],
    ['rm -rf "/srv/<dir>"', { dir: ' ' }],
    ['find /srv -name <pattern> -delete', { pattern: '*' }],
    ['find <dir>', { dir: '!' }],
    ['dig <name>', { name: '+trace' }],
    ['git push origin <branch>', { branch: ':main' }],
    ['git clone <repo>', { repo: 'ext::sh -c id' }],
    ['make <target>', { target: 'SHELL=/x' }],
    ['psql <db>', { db: 'service=x' }],
    ['tar xf <file>', { file: 'evil:x.tar' }],
    ['aws x --payload=<p>', { p: 'fileb:///etc/x' }],
    ['curl <site>', { site: 'gopher://x/1' }],
    ['curl --data-urlencode <x> h', { x: 'a@/etc/x' }],
    ['curl -F "a=<x>" h', { x: '</etc/x' }],
    ["curl -d 'a=<x>' h", { x: 'b&c=d' }],
    ['curl "https://<env>.example.com/x"', { env: 'evil.test/' }],
    ['curl "https://example.com/<id>"', { id: 'a?b' }],
    ['curl "https://example.com/v1/<id>"', { id: 'a/b' }],
    ['curl "https://example.com/<x>"', { x: '%2e%2e/a' }],
    ['curl "https://example.com/?a=<x>"', { x: 'b&c=d' }],
    ['helm upgrade a b --set c=<x>', { x: '1,d=2' }],
    ['aws x --filters Name=a,Values=<x>', { x: 'b,c' }],
    ["ansible-playbook a -e 'b=<x>'", { x: 'c d=e' }],
    ['kubectl delete deployment/<x>', { x: 'a/b' }],
    ['ssh h notify <text>', { text: 'a; id' }],
    ['ssh h journalctl --since <since>', { since: '1 min ago' }],
    ['kubectl patch deploy a -p <patch>', { patch: '{"a":1} --all' }],
    ['rm <pattern>', { pattern: '*.log' }],
    ['docker stop "<container>"', { container: 'a; id' }],
    ['docker stop "<container>"', { container: 'a b' }],
    ['cat "<path>"', { path: '/var/log/*' }],
    ['cat "<path>"', { path: '/a /b' }],
    ["journalctl --since '<since>'", { since: 'now; id' }],
    ["kubectl get pods -l '<selector>'", { selector: 'a=b; id' }],
    ['kubectl get pods -l a=<app>', { app: 'b,c!=d' }],
    ["kubectl get pods -l 'a in (<app>)'", { app: 'b),(c' }],
    ["kubectl get pods -o jsonpath='{.a.<key>}'", { key: 'b}{.c' }],
    ["kubectl get pods -o custom-columns='A:.<key>'", { key: 'b,C:.d' }],
    ["gcloud logging read 'severity>=<level>'", { level: 'ERROR OR a' }],
    ["rabbitmqctl eval 'f(<queue>).'", { queue: 'a). g("b"' }],
    ["openssl req -subj '/CN=<cn>'", { cn: 'a/O=b' }],
    ['docker run -v <dir>:/d a', { dir: '/:/h' }],
    ['ansible-playbook a --limit <host>', { host: 'a:b' }],
    ["redis-cli --scan --pattern '<prefix>:*'", { prefix: '*' }],
    ["grep -E '(<word>)' f", { word: 'a)|(.*' }],
    ["curl -X DELETE 'http://es:9200/<index>'", { index: '_all' }],
    ["curl -X DELETE 'http://es:9200/<index>'", { index: 'a,b' }],
    ["terraform import '<address>' b", { address: 'a; id' }],
    ['tail <lines> f', { lines: '+5' }],
    ['git checkout -b <branch>', { branch: '-5' }],
    ["sed 's|a|<x>|' f", { x: 'b|e' }],
    ["sed 's/a s|b/<x>/' f", { x: 'c/e' }],
    ['ssh h "sudo -iu app \'ls <since>\'"', { since: '1 day' }],
    ['git commit -m "<message>"', { message: 'a" "b' }],
    ['git commit -m "<message>"', { message: '$5; $PATH' }],
    ['ionice -p <pid> <x>', { pid: '7', x: 'rm' }],
    ['kubectl logs <pod>', {}],
    ['kubectl logs $POD', {}],
    ['kubectl logs <pod> "', { pod: 'web-0' }],
    ['kubectl logs web-0 # <pod>', { pod: 'x' }],
    [`kubectl logs \${POD%-*}`, { POD: 'web-0' }],
    [`echo ${'('.repeat(60)} <x>`, { x: 'a' }],
  ])('%s with %j', (template, values) => {
    expect(fill(template, values)).toEqual({
      ok: false,
      code: expect.stringMatching(/^(refused-value|missing-value|left-over)$/),
      sentence: expect.stringMatching(/^\S.*\.$|"\.\."\.$/),
    });
  });
});
