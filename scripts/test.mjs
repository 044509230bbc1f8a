/** `npm test [-- jest arguments]`: runs Jest, then counts the tests by kind. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { countByKind, describeCounts } from './results.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Jest's exit code; a signal counts as the shell counts it. */
function runJest(args) {
  const flags = ['--experimental-vm-modules', '--no-warnings', join(root, 'node_modules/jest/bin/jest.js')];
  const child = spawn(process.execPath, [...flags, ...args], { cwd: root, stdio: 'inherit' });
  // Ctrl-C reaches Jest too, which ends its database; we wait for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

await ensureInstalled();
const given = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'dd0c-results-'));
try {
  const named = given.find((arg) => arg.startsWith('--outputFile='))?.slice('--outputFile='.length);
  const file = named ?? join(scratch, 'results.json');
  const output = named === undefined ? ['--json', `--outputFile=${file}`] : ['--json'];
  process.exitCode = await runJest([...output, ...given]);
  if (existsSync(file)) {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    console.log(describeCounts(countByKind(results, root)));
    console.log(describeCounts(countByKind(results, root, 'execution path'), 'Execution path'));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
