import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { describeWithRedis } from '../support/redis.ts';

/** What `npm run …` runs, as a person starts it. Resolves to the exit code and the last line. */
function npmRun(
  script: 'demo' | 'chaos',
  ...args: string[]
): Promise<{ code: number | null; last: unknown; all: string }> {
  const file = fileURLToPath(new URL(`../../scripts/${script}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let all = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      all += chunk;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const line =
        all
          .trim()
          .split('\n')
          .findLast((one) => one.startsWith('{')) ?? 'null';
      resolve({ code, last: JSON.parse(line), all });
    });
  });
}

const WHOLE = { steps: 12, approved: 12, executed: 12, refused: 0, chainVerified: true };

describe('the demo', () => {
  test('can begin with a signed body of PagerDuty', async () => {
    const { code, last, all } = await npmRun('demo', '--incident');
    expect({ code, last }).toEqual({ code: 0, last: expect.objectContaining(WHOLE) });
    expect(all).toContain('Because: alert name “DiskFull” in title');
  }, 120_000);

  test.each([
    [['--backend', 'memcached'], '--backend is postgres or redis'],
    [['--processes', '0'], '--processes is at least 1'],
    [['--processes', 'many'], '--processes is a number'],
  ])(
    'that is asked wrongly says how (%j)',
    async (args, sentence) => {
      const { code, all } = await npmRun('demo', ...args);
      expect(code).toBe(2);
      expect(all).toContain(sentence);
    },
    30_000,
  );
});

describeWithRedis('with Redis and two of everything', () => {
  test('the demo runs the whole example', async () => {
    const { code, last } = await npmRun('demo', '--backend', 'redis', '--processes', '2');
    expect({ code, last }).toEqual({ code: 0, last: expect.objectContaining(WHOLE) });
  }, 180_000);

  test('nothing runs twice, is lost or gets stuck while a saboteur kills processes', async () => {
    const { code, last, all } = await npmRun('chaos', '--runs', '6');
    expect({ last, all: code === 0 ? '' : all }).toEqual({
      last: expect.objectContaining({ doubles: 0, lost: 0, stuck: 0 }),
      all: '',
    });
  }, 240_000);
});
