import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemRandom } from '../../src/platform/clock.ts';
import { nonce, shortId } from '../../src/platform/ids.ts';
import { localKeyService } from '../../src/platform/key-service.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { readOrMake } from '../../src/platform/private-file.ts';
import { isGoingOn, isSeen, queueFor } from '../../src/platform/queues.ts';
import { every } from '../../src/platform/timer.ts';
import { tenantId } from '../../src/protocol/ids.ts';
import { fakeLogger, fakeRandom } from '../support/fakes.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dd0c-platform-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ids', () => {
  test('for people hold no letter that is taken for another', () => {
    for (let round = 0; round < 200; round++)
      expect(shortId(systemRandom)).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
  });

  test('use every letter of the alphabet', () => {
    const all = shortId({ bytes: (size) => Uint8Array.from({ length: size }, (_, index) => index) }, 256);
    expect(new Set(all).size).toBe(32);
  });

  test('do not repeat', () => {
    const many = Array.from({ length: 5_000 }, () => shortId(systemRandom));
    expect(new Set(many).size).toBe(many.length);
  });

  test('for machines are 128 bits', () => {
    expect(Buffer.from(nonce(systemRandom), 'base64url')).toHaveLength(16);
  });
});

describe('the local key file', () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  test('is made for its owner alone, in a folder for its owner alone', () => {
    localKeyService(join(folder, 'made', 'master.key'), systemRandom);
    expect([modeOf(join(folder, 'made')), modeOf(join(folder, 'made', 'master.key'))]).toEqual([
      0o700, 0o600,
    ]);
  });

  test('is the one that was there first, also when two containers make it under one process id', () => {
    const file = join(folder, 'race', 'key');
    mkdirSync(join(folder, 'race'));
    const theirs = () => {
      const draft = `${file}.${process.pid}`;
      writeFileSync(draft, 'theirs');
      linkSync(draft, file);
      return 'ours';
    };
    expect(readOrMake(file, theirs)).toBe('theirs');
    expect(readFileSync(file, 'utf8')).toBe('theirs');
    expect(readdirSync(join(folder, 'race'))).toEqual(['key', `key.${process.pid}`]);
  });

  test('stays what it is: a second start opens what the first one wrapped', async () => {
    const file = join(folder, 'stays.key');
    const wrapped = await localKeyService(file, systemRandom).wrap(tenantId('T1'), Buffer.alloc(32, 9));
    expect(Buffer.from(await localKeyService(file, systemRandom).unwrap(tenantId('T1'), wrapped))).toEqual(
      Buffer.alloc(32, 9),
    );
  });

  test('shows no data key in what it wraps, and opens it for no other workspace', async () => {
    const service = localKeyService(join(folder, 'other.key'), systemRandom);
    const wrapped = await service.wrap(tenantId('T1'), Buffer.alloc(32, 9));
    expect(Buffer.from(wrapped).includes(Buffer.alloc(8, 9))).toBe(false);
    await expect(service.unwrap(tenantId('T2'), wrapped)).rejects.toMatchObject({ code: 'sealed' });
  });
});

describe('the log of the process', () => {
  const lineOf = (write: (logger: ReturnType<typeof createLogger>) => void, level = 'info') => {
    const lines: string[] = [];
    write(createLogger(level, { write: (line) => void lines.push(line) }));
    return lines.join('');
  };

  test.each([
    ['a Slack token in the message', (log) => log.info('used xoxb-1234567890-abcdefghij')],
    [
      'a password in an error',
      (log) => log.error({ err: new Error('connect postgres://app:abcdefghij@host/db failed') }, 'x'),
    ],
    ['a header', (log) => log.info({ headers: { authorization: 'Bearer abcdefghij0123456789' } })],
    ['a token field', (log) => log.info({ token: 'abcdefghij' })],
    ['a nested token', (log) => log.info({ agent: { token: 'abcdefghij' } })],
    ['a command', (log) => log.info({ command: 'abcdefghij' })],
    ['a body', (log) => log.info({ req: { body: 'abcdefghij' } })],
  ] as [string, (logger: ReturnType<typeof createLogger>) => void][])('keeps %s to itself', (_, write) => {
    const line = lineOf(write);
    expect(line).toContain('[redacted]');
    expect(line).not.toContain('abcdefghij');
    expect(() => JSON.parse(line)).not.toThrow();
  });

  test('says nothing below its level', () => {
    expect(lineOf((log) => log.info('x'), 'warn')).toBe('');
  });
});

describe('a timer', () => {
  const until = async (done: () => boolean) => {
    for (let turn = 0; turn < 400 && !done(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(done()).toBe(true);
  };

  test('does one turn at a time and goes on after a turn that failed', async () => {
    const { logger, lines } = fakeLogger();
    let [turns, inside, most] = [0, 0, 0];
    const timer = every(1, logger, async () => {
      inside += 1;
      most = Math.max(most, inside);
      turns += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
      if (turns === 1) throw new Error('first turn');
    });
    await until(() => turns >= 3);
    await timer.stop();
    expect([most, inside]).toEqual([1, 0]);
    expect(lines.filter(({ msg }) => String(msg).includes('periodic task failed'))).toHaveLength(1);
    const after = turns;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(turns).toBe(after);
  });
});

test.each([
  ['run', 'running', 'step'],
  ['run', 'failed', 'step'],
  ['runbook', 'received', 'parse'],
  ['runbook', 'parsed', 'classify'],
  ['runbook', 'refining', 'refine'],
  ['runbook', 'refined', 'classify'],
  ['runbook', 'draft', null],
  ['tenant', 'paused', null],
  ['agent', 'described', null],
] as const)('a %s that is %s is looked at by %s', (kind, status, queue) => {
  expect(queueFor(kind, status)).toBe(queue);
});

test.each([
  ['runbook', 'received', false, false],
  ['runbook', 'parsed', false, true],
  ['runbook', 'refining', true, false],
  ['runbook', 'refined', false, true],
  ['runbook', 'edited', true, false],
  ['runbook', 'draft', true, false],
  ['run', 'running', true, false],
] as const)(
  'a %s that has become %s is shown at once: %s; its worker goes on with it: %s',
  (kind, status, seen, on) => {
    expect([isSeen(kind, status), isGoingOn(kind, status)]).toEqual([seen, on]);
  },
);

test('the fake randomness of tests repeats itself in every run and never within one', () => {
  const [one, other] = [fakeRandom(), fakeRandom()];
  const ids = Array.from({ length: 50 }, () => shortId(one));
  expect(ids).toEqual(Array.from({ length: 50 }, () => shortId(other)));
  expect(new Set(ids).size).toBeGreaterThan(30);
});
