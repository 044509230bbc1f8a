import { describe, expect, test } from '@jest/globals';
import { dd0c } from './dd0c.ts';

const bind = (...args: string[]) => dd0c(['bind', ...args]);
const json = async (...args: string[]) => {
  const { code, out } = await bind(...args, '--json');
  return { code, answer: JSON.parse(out) as unknown };
};

describe('bind', () => {
  test('fills every spelling of every input and prints exactly the command', async () => {
    const template = 'kubectl logs <pod-name> -n {{namespace}} --tail=$COUNT | grep "$HOME"  # once';
    const { code, out, err } = await bind(
      ...[template, '--var', 'POD_NAME=web-0', '--var', '<namespace>=prod', '--var', '$COUNT=5'],
    );
    expect(out).toBe('kubectl logs web-0 -n prod --tail=5 | grep "$HOME"  # once\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('takes a template of many lines from standard input and keeps its line breaks', async () => {
    const { code, out } = await dd0c(['bind', '-', '--var', 'a=x=y'], { input: 'echo <a> \\\n  <a>\n' });
    expect(out).toBe('echo x=y \\\n  x=y\n');
    expect(code).toBe(0);
  });

  test('with --json tells the risk of the command that came out', async () => {
    expect(await json('du -sk <dir>', '--var', 'dir=/tmp')).toEqual({
      code: 0,
      answer: { ok: true, text: 'du -sk /tmp', risk: 'safe' },
    });
    expect(await json('rm -rf <dir>', '--var', 'dir=/etc')).toMatchObject({ answer: { risk: 'danger' } });
    expect(await json('df -h')).toEqual({ code: 0, answer: { ok: true, text: 'df -h', risk: 'safe' } });
  });

  test.each([
    ['x; id'],
    ['$(id)'],
    ['`id`'],
    ['a b'],
    ["'"],
    ['-rf'],
    ['*'],
    ['~'],
    [''],
    ['a\nb'],
    ['a'.repeat(1001)],
    ['\u00a0'],
  ])('refuses the value %j and prints no command', async (value) => {
    const { code, answer } = await json('ls <x>', `--var=x=${value}`);
    expect(code).toBe(1);
    expect(answer).toEqual({ ok: false, code: 'refused-value', sentence: expect.stringMatching(/\.|-$/) });
  });

  test('says a refusal on standard error, with nothing on standard output', async () => {
    const { code, out, err } = await bind('ls <name>', '--var', 'name=a;b');
    expect(err).toContain('The value of name holds a character that is not allowed');
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });

  test('refuses a missing value, and tells of a name that the template does not have', async () => {
    const { code, out, err } = await bind('kubectl logs <pod>', '--var', 'pdo=web-0');
    expect(err).toContain('The template has no input pdo.');
    expect(err).toContain('pod has no value yet');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(await json('ls <x>')).toMatchObject({ answer: { ok: false, code: 'missing-value' } });
  });

  test('knows the type of an input by its name, and takes another', async () => {
    expect(await json('nc -z h <port>', '--var', 'port=http')).toMatchObject({
      answer: { ok: false, code: 'refused-value' },
    });
    expect(await json('nc -z h <port>', '--var', 'port=http', '--type', 'port=text')).toMatchObject({
      code: 0,
      answer: { ok: true, text: 'nc -z h http' },
    });
    expect(await json('ls <x>', '--var', 'x=../etc', '--type', 'x=path')).toMatchObject({ code: 1 });
  });

  test('refuses an empty template, one that is too long, and one that cannot be filled', async () => {
    expect(await json(' ')).toMatchObject({ code: 1, answer: { ok: false, code: 'empty' } });
    expect(await json('a'.repeat(17_000))).toMatchObject({ code: 1, answer: { code: 'too-large' } });
    expect(await json('ls $' + '{DIR%/}', '--var', 'DIR=x')).toMatchObject({
      code: 1,
      answer: { ok: false, code: 'left-over' },
    });
  });
});
