import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Evaluates an expression over what a script exports, in plain Node as a fresh clone would. */
function evaluate(script: string, expression: string): unknown {
  const code = `import * as m from './scripts/${script}'; console.log(JSON.stringify(${expression}))`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

describe('before anything is installed', () => {
  test('a Node that is too old is named in one sentence, and one that will do is not', () => {
    const asked = ['v18.19.1', '20.10.0', '20.11.0', '20.20.2', '22.0.0', '120.0.0'];
    const [eighteen, twentyTen, ...fine] = evaluate(
      'install.mjs',
      `${JSON.stringify(asked)}.map(v => m.nodeTooOld(v, '>=20.11'))`,
    ) as (string | null)[];
    expect(eighteen).toBe(
      'dd0c/run needs Node 20.11 or newer, and this is v18.19.1: install a newer Node and run this again.',
    );
    expect(twentyTen).toContain('20.10.0');
    expect(fine).toEqual([null, null, null, null]);
  });

  test('packages count as installed only when npm recorded every one that is not optional, in its version', () => {
    const lock = {
      packages: {
        '': {},
        'node_modules/a': { version: '1' },
        'node_modules/b': { version: '2', optional: true },
      },
    };
    const holds = (packages: object) =>
      evaluate('install.mjs', `m.holdsEverything(${JSON.stringify(lock)}, ${JSON.stringify({ packages })})`);
    expect(holds({ 'node_modules/a': { version: '1' } })).toBe(true);
    expect(holds({ 'node_modules/a': { version: '2' } })).toBe(false);
    expect(holds({})).toBe(false);
  });
});
