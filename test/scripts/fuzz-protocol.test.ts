import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run fuzz:protocol', () => {
  test('hands out as many forged envelopes as it is asked for, and counts in its last line', () => {
    const args = ['--import', 'tsx', 'scripts/fuzz-protocol.ts', '--envelopes', '20'];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect([last, status]).toEqual([{ envelopes: 20, accepted: 0, crashed: 0 }, 0]);
  });
});
