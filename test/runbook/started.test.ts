import { expect, test } from '@jest/globals';
import { startedBy } from '../../src/runbook/started.ts';

test.each([
  ['kubectl get', 'kubectl'],
  ['/usr/bin/ls -l', 'ls'],
  ['A=1 ls', 'ls'],
  ['sudo -u app -E psql', 'psql'],
  ['sudo -u', 'sudo'],
  ['sudo -nu', 'sudo'],
  ['strace -fp', 'strace'],
  ['chroot', 'chroot'],
  ['flock -w 5 /tmp/l ls', 'ls'],
  ['ip netns exec blue ping', 'ping'],
  ['timeout', 'timeout'],
  ['timeout -k 5 10 curl', 'curl'],
  ['env -u X A=1 nice -n 5 tar', 'tar'],
  ['ssh', 'ssh'],
  ['ssh -p', 'ssh'],
  ['ssh -p 22 web-0 rm -f', 'rm'],
  ['kubectl exec web-0 -c app -- sudo ls', 'ls'],
  ['docker exec -u app web ls', 'ls'],
  ['docker exec -u', 'docker'],
  ['find . -name x -exec gzip', 'gzip'],
  ['npm run build --', 'npm'],
  ['gcloud compute ssh vm', 'gcloud'],
])('the next word of %j is read by %s', (words, program) => {
  expect(startedBy(words.split(' '))).toBe(program);
});

test.each([
  '',
  'A=1',
  'sudo',
  'sudo -u app',
  'sudo env A=1',
  'timeout 5',
  'sudo -nu app',
  'chroot /mnt',
  'flock /tmp/l -c',
  'strace -f',
  'ip netns exec blue',
  'xargs -n 1',
  'ssh -p 22 web-0',
  'ssh web-0 sudo',
  'kubectl exec web-0 --',
  'docker exec -it web',
  'find . -exec',
  'if !',
])('the next word of %j is itself the program', (words) => {
  expect(startedBy(words.split(' ').filter((word) => word !== ''))).toBeNull();
});
