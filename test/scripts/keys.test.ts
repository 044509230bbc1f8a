import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemRandom } from '../../src/platform/clock.ts';
import { prepareKeyFolder } from '../../src/platform/key-folder.ts';
import { dd0c, linesOf } from './dd0c.ts';

let home = '';
let folder = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dd0c-keys-command-'));
  folder = join(home, 'keys');
});
afterAll(() => rmSync(home, { recursive: true }));

const keys = (...args: readonly string[]) =>
  dd0c(['keys', ...args], { cwd: home, env: { KEYS_DIR: folder } });
/** `role id rest` of each line. */
const rows = (out: string) => linesOf(out).map((line) => line.split(/ +/));
const idsOf = (out: string, role: string) =>
  rows(out)
    .filter(([name]) => name === role)
    .map(([, id]) => id);

test('dd0c keys makes no keys where there are none, and says who does', async () => {
  const { code, out, err } = await keys();
  expect([code, out, existsSync(folder)]).toEqual([1, '', false]);
  expect(err).toContain('The first server or worker makes them.');
});

describe('over a folder of keys', () => {
  beforeAll(() => void prepareKeyFolder(folder, systemRandom, Date.now()));

  test('dd0c keys shows the bundle, every key with its times, and where the root key is', async () => {
    const { code, out, err } = await keys();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^bundle +version 1, made 20.* UTC, good until 20.* UTC \(\d\d days left\)$/m);
    expect(out).toMatch(/^root +[0-9a-f]{16} +\/.*root\.pem$/m);
    expect(out).toMatch(/^dispatch [0-9a-f]{16} +signs since 20.* UTC$/m);
    expect(out).toMatch(/^approve +[0-9a-f]{16} +signs since 20.* UTC$/m);
  });

  test('rotate puts a new key first, and the old one still verifies', async () => {
    const [before] = idsOf((await keys()).out, 'approve');
    const { code, out, err } = await keys('rotate', 'approve');
    expect([code, err]).toEqual([0, expect.stringContaining('Trust bundle 2')]);
    const [first, second, ...others] = idsOf(out, 'approve');
    expect([first === before, second, others]).toEqual([false, before, []]);
    expect(out).toMatch(new RegExp(`^approve +${before} +still verifies until 20`, 'm'));
  });

  test('revoke takes a key out at once; the one that signs gets a successor', async () => {
    const [signing = '', old = ''] = idsOf((await keys()).out, 'approve');
    expect(idsOf((await keys('revoke', old)).out, 'approve')).toEqual([signing]);
    const { code, out } = await keys('revoke', signing);
    expect([code, idsOf(out, 'revoked')]).toEqual([0, [old, signing]]);
    const left = idsOf(out, 'approve');
    expect([left.length, left.includes(signing)]).toEqual([1, false]);
    expect(await keys('revoke', signing)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('already'),
    });
  });

  test('renew gives another 30 days under the next version', async () => {
    const version = (out: string) => Number(/version (\d+)/.exec(out)?.[1]);
    const before = await keys();
    const { code, out } = await keys('renew');
    expect([code, version(out)]).toEqual([0, version(before.out) + 1]);
    expect(idsOf(out, 'dispatch')).toEqual(idsOf(before.out, 'dispatch'));
  });

  test.each([
    ['rotate', 'needs a role'],
    ['rotate master', 'needs a role'],
    ['revoke', 'needs the id'],
    ['renew now', 'takes no other word'],
    ['destroy', 'can rotate, revoke and renew'],
    ['rotate approve dispatch', 'does not know what to do with'],
    ['--key x', 'has no option --key'],
  ])('“%s” is asked wrongly, and changes nothing', async (words, sentence) => {
    const before = readdirSync(folder);
    const { code, out, err } = await keys(...words.split(' '));
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(sentence)]);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('without the root key nothing changes, until somebody says where it is', async () => {
    const elsewhere = join(home, 'root.pem');
    renameSync(join(folder, 'root.pem'), elsewhere);
    const [files, shown] = [readdirSync(folder), await keys()];
    expect(shown.out).toContain(`not in ${folder}`);
    for (const words of [['renew'], ['rotate', 'dispatch'], ['revoke', '0123456789abcdef']])
      expect(await keys(...words)).toMatchObject({ code: 1, err: expect.stringContaining('--root FILE') });
    const wrong: readonly (readonly [string, string])[] = [
      [join(home, 'nothing.pem'), 'There is no file'],
      [join(folder, 'root.pub'), 'no private Ed25519 key'],
      [join(folder, `dispatch-${idsOf(shown.out, 'dispatch')[0]}.pem`), 'another root key'],
    ];
    for (const [file, sentence] of wrong)
      expect(await keys('renew', '--root', file)).toMatchObject({
        code: 1,
        err: expect.stringContaining(sentence),
      });
    expect(readdirSync(folder)).toEqual(files);
    expect(await keys('renew', '--root', elsewhere)).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'root.pem'))).toBe(false);
  });
});
