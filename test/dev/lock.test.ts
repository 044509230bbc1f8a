import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { LockedError, runningProcess, takeLock } from '../../dev/lock.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'http://127.0.0.1:3000';
const made: string[] = [];
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dd0c-lock-'));
  made.push(folder);
  return folder;
}

/** A process that waits for its input to end. */
async function waiter(): Promise<{ pid: number; end(): Promise<void> }> {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  const gone = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.stdin?.end();
      await gone;
    },
  };
}

/** What an instance leaves in the folder; `started` as the system tells it. */
function leaveClaim(folder: string, pid: number, started: string | undefined, content = page): string {
  const path = join(folder, `instance-${pid}-${started}.lock`);
  writeFileSync(path, content);
  return path;
}

describe('the lock of a data folder', () => {
  test('a second start is told the process that runs and its page, and changes nothing', async () => {
    const folder = dataFolder();
    const other = await waiter();
    const claim = leaveClaim(folder, other.pid, runningProcess(other.pid)?.started);
    expect(() => takeLock(folder, 'http://127.0.0.1:4000')).toThrow(LockedError);
    expect(() => takeLock(folder, 'http://127.0.0.1:4000')).toThrow(
      `dd0c/run is already running on ${folder} as process ${other.pid}: open ${page}, or stop that process first.`,
    );
    expect(readdirSync(folder)).toEqual([basename(claim)]);
    expect(readFileSync(claim, 'utf8')).toBe(page);
  });

  test.each(['', 'no page\u001b[2J'])(
    'a claim that holds %j instead of a page counts, and is not repeated',
    async (content) => {
      const folder = dataFolder();
      const other = await waiter();
      leaveClaim(folder, other.pid, runningProcess(other.pid)?.started, content);
      expect(() => takeLock(folder, page)).toThrow(`as process ${other.pid}: stop that process first.`);
    },
  );

  test('a claim whose process is dead is cleared away', async () => {
    const folder = dataFolder();
    const other = await waiter();
    const claim = leaveClaim(folder, other.pid, runningProcess(other.pid)?.started);
    await other.end();
    const lock = takeLock(folder, page);
    expect(existsSync(claim)).toBe(false);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a process that merely got the same id does not hold it', async () => {
    const folder = dataFolder();
    const other = await waiter();
    leaveClaim(folder, other.pid, '1');
    takeLock(folder, page).release();
  });

  test('it is held once even within one process, and free again when released', () => {
    const folder = dataFolder();
    const lock = takeLock(folder, page);
    expect(() => takeLock(folder, page)).toThrow(`as process ${process.pid}: open ${page}`);
    lock.release();
    lock.release();
    takeLock(folder, page).release();
  });

  test('other files of the folder are left alone', () => {
    const folder = dataFolder();
    writeFileSync(join(folder, 'instance-notes.lock'), 'mine');
    takeLock(folder, page).release();
    expect(readdirSync(folder)).toEqual(['instance-notes.lock']);
  });

  test('of several that start at once never more than one holds it', async () => {
    const folder = dataFolder();
    leaveClaim(folder, 4_000_000, '1');
    const code = `import { takeLock } from './dev/lock.ts';
      process.stdout.write('ready ');
      process.stdin.once('data', () => {
        try { takeLock(${JSON.stringify(folder)}, '${page}'); process.stdout.write('held'); }
        catch (error) { process.stdout.write(error.code); }
      });`;
    const starters = [1, 2, 3, 4].map(() => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
        cwd: root,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      return { child, words: child.stdout[Symbol.asyncIterator]() };
    });
    for (const { words } of starters) expect(String((await words.next()).value)).toBe('ready ');
    for (const { child } of starters) child.stdin.write('go');
    const results = await Promise.all(starters.map(async ({ words }) => String((await words.next()).value)));
    expect(results.filter((result) => result === 'held').length).toBeLessThanOrEqual(1);
    expect(results.filter((result) => result !== 'held' && result !== 'lock.held')).toEqual([]);
    for (const { child } of starters) child.kill('SIGKILL');
  });
});

describe('a running process', () => {
  test('is known by its command and by a start mark that stays', () => {
    const first = runningProcess(process.pid);
    expect(first?.command).toContain('node');
    expect(first?.started).not.toBe('');
    expect(runningProcess(process.pid)?.started).toBe(first?.started);
  });

  test('that has ended is no process', async () => {
    const other = await waiter();
    expect(runningProcess(other.pid)?.command).toBe('cat');
    await other.end();
    expect(runningProcess(other.pid)).toBeNull();
  });
});
