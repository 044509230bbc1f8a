import { beforeAll, describe, expect, test } from '@jest/globals';
import { refuseDeclared } from '../../src/safety/declarable.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { openKnowledge } from '../../src/safety/knowledge.ts';
import { corpus } from './support.ts';

beforeAll(loadSafety);

const NAME = 'cloudctl-status';
const judged = (command: string, ...names: string[]) =>
  classify(command, { readOnly: new Set(names.length > 0 ? names : [NAME]) });

describe('a program that is declared read-only', () => {
  test.each([
    NAME,
    `${NAME} --region eu "two words"`,
    `${NAME} | grep -c web`,
    `${NAME} && df -h`,
    `echo "$(${NAME})"`,
  ])('is safe where it stands plainly: %s', (command) => {
    expect([classify(command).risk, judged(command).risk]).toEqual(['caution', 'safe']);
  });

  test('says so, and names no other program', () => {
    expect(judged(NAME).reasons).toMatchObject([{ rule: 'program.declared', risk: 'safe' }]);
    expect(judged('cloudctl-stop').risk).toBe('caution');
    expect(judged('Cloudctl-Status').risk).toBe('caution');
  });

  test.each([
    `sudo ${NAME}`,
    `${NAME} | sh`,
    `${NAME} | xargs rm -rf`,
    `${NAME}; rm -rf /srv`,
    `${NAME} > /etc/passwd`,
    `${NAME} $(rm -rf /srv)`,
    `./${NAME}`,
    `/usr/local/bin/${NAME}`,
    `../${NAME}`,
    `env REGION=eu X=1 ${NAME}`,
    `env -i ${NAME}`,
    `X=1 ${NAME}`,
    `X=1; ${NAME}`,
    `LD_PRELOAD=/tmp/x.so ${NAME}`,
    `export HOOK=1; ${NAME}`,
    `set -a; ${NAME}`,
    `read HOOK < f; ${NAME}`,
    `unset PATH; ${NAME}`,
    `alias ${NAME}=rm; ${NAME} x`,
    `hash -p /bin/rm ${NAME}; ${NAME} x`,
    `eval 'X=1'; ${NAME}`,
    `command ${NAME}`,
    `exec ${NAME}`,
    `nohup ${NAME}`,
    `xargs ${NAME} < f`,
    `find . -exec ${NAME} {} +`,
    `sh -c ${NAME}`,
    `bash -c '${NAME}'`,
    `ssh host ${NAME}`,
    `kubectl exec pod -- ${NAME}`,
    `docker run image ${NAME}`,
    `${NAME}() { rm -rf /srv; }; ${NAME}`,
    `"${NAME}"x`,
    `cloud''ctl-status`,
    `cloud\\ctl-status`,
    `$${'X'} ${NAME}`,
    `${NAME} /etc/shadow`,
    `${NAME} <secret>`,
    `${NAME} &&`,
    'сloudctl-status',
    'cloudctl\u2010status',
    'cloudctl-status\u200b',
  ])('changes nothing about %s', (command) => {
    expect(classify(command).risk).not.toBe('safe');
    expect(judged(command).risk).toBe(classify(command).risk);
  });

  test('lowers no danger, whatever is declared', () => {
    const texts = [...corpus('canaries'), ...corpus('danger')];
    const words = new Set(texts.flatMap((text) => text.split(/[\s"'|;&()]+/)));
    const lowered = texts
      .filter((text) => classify(text).risk === 'danger')
      .filter((text) => classify(text, { readOnly: words }).risk !== 'danger');
    expect([words.size > 1_000, lowered]).toEqual([true, []]);
  });
});

describe('a name that may be declared', () => {
  const refused = (name: string) => refuseDeclared(name, openKnowledge());

  test.each([NAME, 'cloudctl', 'my_tool.v2', 'g++-status', '7status', 'x', 'a'.repeat(64), 'constructor'])(
    'is a bare one that nothing here knows: %s',
    (name) => {
      expect(refused(name)).toBeNull();
    },
  );

  test.each([
    ['bare name', ['', ' ', '.', '..', '../x', './x', '/bin/x', 'a/b', '~x', '-x', '-rf', '+x', '_x', '42']],
    [
      'bare name',
      ["'x'", '"x"', '$x', '`x`', 'x y', 'x\n', 'x\0', 'x;y', 'x=1', 'x*', '{x}', 'a'.repeat(65)],
    ],
    ['bare name', ['сloudctl', 'cloudctl‐status', 'cloudctl\u200b', 'ｒｍ', 'rm\u0301', '__proto__']],
    ['is known here', ['rm', 'ls', 'kubectl', 'sh', 'sudo', 'python3', 'env', 'cat']],
    ['word of the shell', ['if', 'fi', 'jobs', 'getopts', 'TIME']],
    ['a script', ['status.sh', 'status.py', 'Status.SH', 'tool.exe']],
    ['a shell or an interpreter', ['zzsh', 'osh5', 'luajit5', 'pypy9', 'ipython9', 'guile-3.0']],
    ['spelt like', ['RM', 'Kubectl', 'kubectl1.29', 'rm-2', 'psql_16', 'ls9']],
  ])('is not one of these, and the reason says “%s”: %j', (reason, names) => {
    for (const name of names) expect([name, refused(name)]).toEqual([name, expect.stringContaining(reason)]);
  });

  test('is asked for again by the scanner, whoever has declared it', () => {
    for (const name of ['zzsh', 'pypy9', 'status.sh', 'Kubectl', 'RM'])
      expect([name, judged(`${name} x`, name).risk]).not.toEqual([name, 'safe']);
  });
});
