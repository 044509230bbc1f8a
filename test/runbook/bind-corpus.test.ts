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
