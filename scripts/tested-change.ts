/**
 * `tsx scripts/tested-change.ts [BASE]`: a change of the rooms that decide what runs comes with a change of their tests.
 * BASE is the commit to compare with: the argument, or where this branch left origin/main, or the commit before. A commit
 * that has none to offer says why in a line `No-tests: …` of its message, and that line is printed.
 */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/** A room, and where its tests are. */
const ROOMS = [
  { room: /^agent\//, tests: /^test\/(agent|handlers\/grpc|simulation|e2e)\// },
  { room: /^src\/safety\//, tests: /^test\/safety\// },
  { room: /^src\/protocol\//, tests: /^test\/(protocol|agent|simulation)\// },
  { room: /^src\/run\//, tests: /^test\/(run|workers|simulation|integration|e2e)\// },
];

/** The rooms in which something changed without a change of their tests: first files of each. */
export function untested(changed: readonly string[]): string[] {
  return ROOMS.flatMap(({ room, tests }) => {
    const files = changed.filter((file) => room.test(file));
    return changed.some((file) => tests.test(file)) ? [] : files.slice(0, 1);
  });
}

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function resolve(...args: readonly string[]): string {
  try {
    return git(...args);
  } catch {
    return ''; // no such commit here
  }
}

/** Where the change began, or an empty string in a checkout without a past. */
function baseOf(wanted: string | undefined): string {
  if (wanted) return resolve('rev-parse', '--verify', `${wanted}^{commit}`);
  const head = resolve('rev-parse', 'HEAD');
  const left = resolve('merge-base', 'origin/main', 'HEAD');
  return left && left !== head ? left : resolve('rev-parse', '--verify', 'HEAD~1');
}

function main(): void {
  const base = baseOf(process.argv[2]);
  if (!base) {
    console.log('There is no earlier commit to compare with.');
    return;
  }
  const found = untested(git('diff', '--name-only', base, 'HEAD').split('\n').filter(Boolean));
  if (found.length === 0) return;
  const excuses = git('log', '--format=%B', `${base}..HEAD`).match(/^No-tests: \S.*$/gm) ?? [];
  if (excuses.length > 0) {
    console.log(excuses.join('\n'));
    return;
  }
  console.error(
    `Changed without a change of its tests since ${base.slice(0, 12)}: ${found.join(', ')}. Add the tests, or a line "No-tests: why" to the commit (docs/testing.md).`,
  );
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
