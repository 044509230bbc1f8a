import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { LockedError, runningProcess, takeLock } from '../../dev/lock.ts';

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

function leaveLock(folder: string, holder: unknown): void {
  writeFileSync(join(folder, 'instance.lock'), typeof holder === 'string' ? holder : JSON.stringify(holder));
}

describe('the lock of a data folder', () => {
  test('a second start is told the process that runs and its page, and changes nothing', async () => {
    const folder = dataFolder();
    const other = await waiter();
    leaveLock(folder, { pid: other.pid, started: runningProcess(other.pid)?.started, page });
    const before = readFileSync(join(folder, 'instance.lock'), 'utf8');
    expect(() => takeLock(folder, 'http://127.0.0.1:4000')).toThrow(LockedError);
    expect(() => takeLock(folder, 'http://127.0.0.1:4000')).toThrow(
      `dd0c/run is already running on ${folder} as process ${other.pid}: open ${page}, or stop that process first.`,
    );
    expect(readFileSync(join(folder, 'instance.lock'), 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['instance.lock']);
  });

  test('a lock whose process is dead is taken over', async () => {
    const folder = dataFolder();
    const other = await waiter();
    leaveLock(folder, { pid: other.pid, started: runningProcess(other.pid)?.started, page });
    await other.end();
    const lock = takeLock(folder, page);
    expect(JSON.parse(readFileSync(join(folder, 'instance.lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      page,
    });
    lock.release();
  });

  test('a process that merely got the same id does not hold it', async () => {
    const folder = dataFolder();
    const other = await waiter();
    leaveLock(folder, { pid: other.pid, started: 'at another time', page });
    takeLock(folder, page).release();
  });

  test.each(['', '{"pid":', '[]', '{"pid":"1"}'])('a damaged lock file %j is taken over', (content) => {
    const folder = dataFolder();
    leaveLock(folder, content);
    takeLock(folder, page).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('it is held once even within one process, and free again when released', () => {
    const folder = dataFolder();
    const lock = takeLock(folder, page);
    expect(() => takeLock(folder, page)).toThrow(LockedError);
    lock.release();
    lock.release();
    expect(existsSync(join(folder, 'instance.lock'))).toBe(false);
    takeLock(folder, page).release();
  });

  test('releasing twice does not free what another process has taken since', async () => {
    const folder = dataFolder();
    const lock = takeLock(folder, page);
    const other = await waiter();
    leaveLock(folder, { pid: other.pid, started: runningProcess(other.pid)?.started, page });
    lock.release();
    expect(existsSync(join(folder, 'instance.lock'))).toBe(true);
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
