import { beforeAll, describe, expect, test } from '@jest/globals';
import { classify, loadSafety } from '../../src/safety/index.ts';

beforeAll(loadSafety);

const risk = (command: string, cwd?: string) => classify(command, undefined, cwd).risk;

describe('a relative name', () => {
  test.each([
    ['echo x > passwd', '/', 'caution'],
    ['echo x > passwd', '/etc', 'danger'],
    ['echo x > ../etc/passwd', '/srv', 'danger'],
    ['echo x > sda', '/dev', 'danger'],
    ['cp /tmp/x .', '/usr/bin', 'danger'],
    ['tee -a authorized_keys < x', '/home/bob/.ssh', 'danger'],
    ['cat shadow', '/etc', 'caution'],
    ['cat ./shadow', '/etc', 'caution'],
    ['cat < shadow', '/etc', 'caution'],
    ['cat hosts', '/etc', 'safe'],
    ['cd ssl && cat private/web.pem', '/etc', 'caution'],
    ['ls -l shadow', '/etc', 'safe'],
    ['cat /srv/shadow', '/etc', 'safe'],
    ['cat ~/shadow', '/etc', 'safe'],
  ])('in %s of %s is judged where it is: %s', (command, cwd, expected) => {
    expect(risk(command, cwd)).toBe(expected);
  });

  test('is judged as in / when no directory is given', () => {
    expect(risk('echo x > dev/sda')).toBe('danger');
    expect(risk('echo x > sda')).toBe('caution');
  });

  test('is not judged by the directory of another machine', () => {
    expect(risk('kubectl exec p -- cat shadow', '/etc')).toBe(risk('kubectl exec p -- cat hosts', '/etc'));
  });

  test('counts in every directory the text may be in', () => {
    expect(risk('cd /srv || cd /etc; echo x > passwd')).toBe('danger');
    expect(risk('for d in a b; do cd /etc; done; echo x > passwd')).toBe('danger');
    expect(risk('cd gone; cd cron.d; echo x > y', '/etc')).toBe('danger');
  });

  test('after more changes of directory than are followed is danger', () => {
    const changes = Array.from({ length: 80 }, (_, at) => `cd /srv/${at}`).join('; ');
    expect(risk(`${changes}; ls`)).toBe('danger');
  });
});
