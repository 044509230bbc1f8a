import { beforeAll, describe, expect, test } from '@jest/globals';
import { classify, loadSafety } from '../../src/safety/index.ts';

beforeAll(loadSafety);

const traits = (text: string): readonly string[] => classify(text).traits;

describe('hints', () => {
  test.each([
    ['tail -f x', ['It does not end by itself; this does: timeout 10 tail -f x']],
    ['docker stats | cat', ['It does not end by itself; this does: docker stats --no-stream']],
    ['ssh h ping x', ['It does not end by itself; this does: ping x -c 10']],
    ['kubectl get pods -A', ['-A: it reaches every namespace.']],
    ['rm -rf /tmp/*', ['-r: it reaches everything below.', '/tmp/*: it reaches all that matches.']],
    ['docker rm --all', ['--all: it reaches everything of its kind.']],
    ['timeout 5 tail -f x', undefined],
    ['kubectl get pods --all-namespaces=false', undefined],
    ['xargs tail -f', undefined],
    ['sort -r x', undefined],
    ['ls', undefined],
  ])('of %s', (text, hints) => {
    expect(classify(text).hints).toEqual(hints);
  });
});

describe('traits', () => {
  test.each([
    'kubectl exec -it p -- bash',
    'kubectl edit deploy x',
    'vim f',
    'ssh host',
    'psql',
    'mysql -u root -p x',
    'redis-cli -h h',
    'top',
    'htop',
    'less f',
    'sudo -i',
    'su - postgres',
    'docker exec -it c sh',
    'python3',
    'bash',
    'crontab -e',
    'kubectl exec --stdin --tty p -- psql',
    'man ls',
  ])('%s needs a terminal', (text) => {
    expect(traits(text)).toContain('interactive');
  });
  test.each([
    'tail -f x',
    'tail -100f x',
    'watch ls',
    'while true; do date; sleep 1; done',
    'while :; do date; sleep 1; done',
    'kubectl get pods -w',
    'kubectl logs -f x',
    'journalctl -fu nginx',
    'docker logs --follow x',
    'ping host',
    'kubectl port-forward x 1:1',
    'docker stats',
    'ceph -w',
    'kubectl logs -f x | grep y',
  ])('%s does not end by itself', (text) => {
    expect(traits(text)).toContain('endless');
  });
  test.each([
    'X=1',
    'export X=1',
    'X=$(kubectl get pods)',
    'A=1 B=2',
    'export A=1; export B=2',
    'source env.sh',
  ])('%s only sets variables', (text) => {
    expect(traits(text)).toContain('sets-variable');
  });
  test.each(['cd /tmp', 'pushd x'])('%s only changes the directory', (text) => {
    expect(traits(text)).toContain('changes-directory');
  });
  test.each([
    'ls',
    'cd /tmp && ls',
    'X=1 ls',
    'X=1; ls',
    'ping -c 3 h',
    'while true; do date; break; done',
    'top -b -n 1',
    'psql -c "SELECT 1"',
    'ssh host uptime',
    'timeout 5 tail -f x',
    'kubectl logs x',
    'docker stats --no-stream',
    'export X=1 && ls',
  ])('%s runs as one process that ends', (text) => {
    expect(traits(text)).toEqual([]);
  });
});
