import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineCutter } from '../../scripts/commands/support/input.ts';
import { dd0c, linesOf, PROGRAM } from './dd0c.ts';

interface Answer {
  readonly id: string | number | null;
  readonly risk: string;
  readonly reasons: readonly string[];
}

const answersIn = (out: string): Answer[] => linesOf(out).map((line) => JSON.parse(line) as Answer);
const record = (id: unknown, cmd: unknown): string => JSON.stringify({ id, cmd });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dd0c-scan-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('scan --jsonl', () => {
  test('answers one for one, in order, and gives every id back as it was', async () => {
    const ids = ['a', 7, 0, -1, 1.5, '', '7', '😀', 'a'.repeat(5_000), '\ud800', '"\n\u2028', '__proto__'];
    const { code, out, err } = await dd0c(['scan', '--jsonl'], {
      input: ids.map((id) => record(id, 'ls')).join('\n'),
    });
    expect(answersIn(out).map(({ id }) => id)).toEqual(ids);
    expect(answersIn(out).map((answer) => Object.keys(answer).join())).toEqual(
      ids.map(() => 'id,risk,reasons'),
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('judges what the command is, line breaks and all, without running any of it', async () => {
    const marker = join(folder, 'ran');
    const { code, out } = await dd0c(['scan', '--jsonl'], {
      input: [
        record(1, 'ls -la'),
        record(2, 'ls\nrm -rf /'),
        record(3, `touch ${marker}`),
        record(4, `$(touch ${marker})`),
        record(5, ''),
        record(6, 'ls \u200b'),
        record(7, 'echo \ud800'),
        record(8, `ls ${'a'.repeat(20_000)}`),
        JSON.stringify({ cmd: 'ls', more: [1], id: 9 }),
      ].join('\r\n'),
    });
    expect(answersIn(out).map(({ id, risk }) => `${id} ${risk}`)).toEqual([
      '1 safe',
      '2 danger',
      '3 caution',
      '4 danger',
      '5 danger',
      '6 danger',
      '7 danger',
      '8 danger',
      '9 safe',
    ]);
    for (const { reasons } of answersIn(out)) expect(reasons.join(' ')).toMatch(/\.$/);
    expect(code).toBe(0);
    expect(existsSync(marker)).toBe(false);
  });

  test('answers a line it cannot read with danger and the reason, goes on, and exits with 1', async () => {
    const lines = [
      '{',
      'ls -la',
      'null',
      '[]',
      '"ls"',
      '{}',
      '{"cmd":"ls"}',
      '{"id":null,"cmd":"ls"}',
      '{"id":{"a":1},"cmd":"ls"}',
      '{"id":12345678901234567890,"cmd":"ls"}',
      '{"id":"kept"}',
      '{"id":3,"cmd":["ls"]}',
      '['.repeat(100_000),
      record('good', 'ls'),
      '{"id":"cut off","cm',
    ];
    const { code, out, err } = await dd0c(['scan', '--jsonl'], { input: lines.join('\n') });
    const answers = answersIn(out);
    expect(answers).toHaveLength(lines.length);
    expect(answers.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 10 }, () => null),
      'kept',
      3,
      null,
      'good',
      null,
    ]);
    for (const { id, risk, reasons } of answers) {
      expect(risk).toBe(id === 'good' ? 'safe' : 'danger');
      expect(reasons.join(' ')).toMatch(/^\S.*\.$/);
    }
    expect(code).toBe(1);
    expect(err).toContain('14 of 15 lines could not be read');
  });

  test('takes a byte order mark, bytes that are no text and a line of megabytes in its stride', async () => {
    const input = Buffer.concat([
      Buffer.from(`\ufeff${record(1, 'ls')}\n`),
      Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
      Buffer.from(`${record(2, 'x'.repeat(3_000_000))}\n\n  \n${record(3, 'ls')}`),
    ]);
    const { code, out } = await dd0c(['scan', '--jsonl'], { input });
    expect(answersIn(out).map(({ id, risk }) => [id, risk])).toEqual([
      [1, 'safe'],
      [null, 'danger'],
      [null, 'danger'],
      [3, 'safe'],
    ]);
    expect(answersIn(out)[2]?.reasons).toEqual(['This line is longer than 1 MB, so it was not read.']);
    expect(code).toBe(1);
  });

  test('answers thousands of lines, each in its place', async () => {
    const count = 3_000;
    const input = Array.from({ length: count }, (_, at) => record(at, at % 3 === 0 ? 'rm -rf x' : 'ls'));
    const { out } = await dd0c(['scan', '--jsonl'], { input: input.join('\n') });
    const answers = answersIn(out);
    expect(answers).toHaveLength(count);
    expect(answers.every(({ id, risk }, at) => id === at && (risk === 'danger') === (at % 3 === 0))).toBe(
      true,
    );
  });

  test('answers a line as soon as it is there, so that another program can ask and wait', async () => {
    const child = spawn(PROGRAM, ['scan', '--jsonl'], { stdio: 'pipe' });
    const answers: string[] = [];
    for (const id of [1, 2, 3]) {
      child.stdin.write(`${record(id, 'ls')}\n`);
      answers.push(String(await new Promise((done) => child.stdout.once('data', done))));
    }
    child.stdin.end();
    expect(answers.map((line) => (JSON.parse(line) as Answer).id)).toEqual([1, 2, 3]);
    expect(await new Promise((done) => child.on('close', done))).toBe(0);
  });
});

describe('scan for people', () => {
  const commands = 'ls -la\n\n\t\nkubectl rollout restart deploy/web\r\nrm -rf /data\n';

  test('shows mark, risk, command and reason, skips blank lines, and exits with 0 whatever the risks', async () => {
    const { code, out, err } = await dd0c(['scan'], { input: commands });
    const shown = linesOf(out).filter((line) => !line.startsWith(' '));
    expect(shown).toEqual([
      '🟢 safe     ls -la',
      '🟡 caution  kubectl rollout restart deploy/web',
      '🔴 danger   rm -rf /data',
    ]);
    expect(linesOf(out).filter((line) => /^ {12}\S.*\.$/.test(line)).length).toBeGreaterThanOrEqual(3);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('with --json gives a line of JSON each, by line number, from a file as from standard input', async () => {
    const file = join(folder, 'commands.txt');
    writeFileSync(file, commands);
    const piped = await dd0c(['scan', '--json'], { input: commands });
    expect(answersIn(piped.out).map(({ id, risk }) => `${id} ${risk}`)).toEqual([
      '1 safe',
      '4 caution',
      '5 danger',
    ]);
    expect(await dd0c(['scan', file, '--json'])).toEqual(piped);
    expect(await dd0c(['scan', '-', '--json'], { input: commands })).toEqual(piped);
  });

  test('with --max-risk exits with 1 when a command is riskier, and not when it is as risky', async () => {
    const exit = async (risk: string, input: string) =>
      (await dd0c(['scan', '--max-risk', risk], { input })).code;
    expect(await exit('caution', commands)).toBe(1);
    expect(await exit('safe', 'mkdir a\n')).toBe(1);
    expect(await exit('caution', 'mkdir a\n')).toBe(0);
    expect(await exit('safe', 'ls\n')).toBe(0);
    expect(await exit('safe', '')).toBe(0);
  });

  test('never passes control characters of a command on to the terminal', async () => {
    const { out } = await dd0c(['scan'], { input: 'ls \u001b[2J\u202e\n' });
    expect(out).toContain('ls \\u{1b}[2J\\u{202e}');
    expect(out).not.toContain('\u001b');
  });
});

test('a reader that has seen enough is no fault, even of an input without end', async () => {
  const pipe = `set -o pipefail; (while echo ls; do :; done 2>/dev/null || true) | "$0" scan | head -n 1`;
  const child = spawn('bash', ['-c', pipe, PROGRAM], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise((done) => child.on('close', done));
  expect(out).toBe('🟢 safe     ls\n');
  expect(err).toBe('');
  // 141: only the shell's own loop was ended by the closed pipe.
  expect([0, 141]).toContain(code);
});

test('lines do not depend on how the bytes arrive, and a long one is cut and not kept', () => {
  const limit = 8;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '\n', '\r\n', '\r', '12345678', '123456789', 'ü'), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 10 }),
      (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''));
        const cutter = new LineCutter(limit);
        const lines = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          lines.push(...cutter.take(bytes.subarray(at, at + size)));
          at += size;
        }
        lines.push(...cutter.end());
        const whole = bytes.toString('latin1').split('\n');
        if (whole.at(-1) === '') whole.pop();
        expect(lines.map((line) => line.cut)).toEqual(whole.map((line) => line.length > limit));
        lines.forEach((line, at) => {
          if (!line.cut) expect(line.bytes.toString('latin1')).toBe((whole[at] ?? '').replace(/\r$/, ''));
          expect(line.bytes.length).toBeLessThanOrEqual(limit);
        });
      },
    ),
  );
});
