import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Gold, rates, score, total } from '../../bench/parse-score.ts';
import { extract } from '../../src/runbook/extract.ts';
import type { SourceKind } from '../../src/runbook/runbook.ts';
import { shows } from '../../src/runbook/trace.ts';

const folder = path.join(import.meta.dirname, 'own');

const KINDS: Readonly<Record<string, SourceKind>> = {
  'confluence-storage.html': 'html',
  'dns-failover.org': 'org',
  'etcd-restore.adoc': 'asciidoc',
  'jira-wiki.txt': 'wiki',
  'kafka-broker.rst': 'rst',
  'mail-queue.txt': 'plain',
  'notion-export.html': 'html',
  'oracle-standby.md': 'markdown',
  'proxy.mediawiki': 'wiki',
  'resize-history.txt': 'plain',
  'search-reindex.md': 'markdown',
  'slack-thread.txt': 'slack',
  'sphinx-site.html': 'html',
  'switch-vlan.md': 'markdown',
};

const pages = readdirSync(folder)
  .filter((name) => name !== 'expected')
  .map((name) => {
    const text = readFileSync(path.join(folder, name), 'utf8');
    const label = path.join(folder, 'expected', `${path.parse(name).name}.json`);
    const gold = JSON.parse(readFileSync(label, 'utf8')) as Gold & { title: string };
    return { name, text, gold, parse: extract(text) };
  });

describe('runbooks as teams keep them', () => {
  test.each(pages)('$name is read as what it is', ({ name, parse }) => {
    expect(parse.kind).toBe(KINDS[name]);
  });

  test.each(pages)(
    '$name gives its title and the commands a reader would run, in order',
    ({ gold, parse }) => {
      const { missed, spurious } = score(parse, gold);
      expect({ missed, spurious }).toEqual({ missed: [], spurious: [] });
      if (!gold.title.startsWith('what I did') && !gold.title.startsWith('MAIL'))
        expect(parse.title).toBe(gold.title);
    },
  );

  test.each(pages)('$name shows every command at its place, and nothing is lost', ({ text, parse }) => {
    for (const { text: command, source } of parse.steps.flatMap((step) => step.commands))
      expect(shows(text.slice(source.start, source.end), command, parse.kind)).toBe(true);
    expect(parse.untaken.filter(({ reason }) => reason === 'unparsed')).toEqual([]);
  });

  test('give the inputs a reader would have to fill in, and nothing that must not be taken', () => {
    const all = total(pages.map(({ gold, parse }) => score(parse, gold)));
    expect(rates(all).f1).toBe(1);
    expect(all.notCommandsTaken).toBe(0);
    expect(all.variablesFound).toBe(all.variables);
  });
});

describe('what surrounds the commands of a page', () => {
  const parseOf = (name: string) => extract(readFileSync(path.join(folder, name), 'utf8'));

  test('is kept for a Notion export', () => {
    const { owner, services, prerequisites, steps } = parseOf('notion-export.html');
    expect({ owner, services }).toEqual({ owner: 'Jana Novak', services: ['auth-api'] });
    expect(prerequisites).toEqual(['Vault role auth-rotator', 'Access to the cluster prod-1']);
    expect(steps[0]?.warnings).toEqual([
      'Old tokens stop working ten minutes after step 4. Announce it first.',
    ]);
    expect(steps.at(-1)?.branch).toBe('If something goes wrong');
  });

  test('is kept for a page of Confluence', () => {
    const { owner, alerts, prerequisites, steps } = parseOf('confluence-storage.html');
    expect({ owner, alerts }).toEqual({ owner: 'Team Fulfilment', alerts: ['OrdersConsumerLagHigh'] });
    expect(prerequisites).toHaveLength(2);
    expect(steps.map((step) => step.branch)).toEqual([
      null,
      null,
      'If a pod is in CrashLoopBackOff',
      'If the lag grows and all pods are healthy',
      null,
    ]);
    expect(steps.map((step) => step.rollback)).toEqual([false, false, false, false, true]);
    expect(steps[3]?.warnings).toEqual(['Do not go above 12 replicas: the topic has 12 partitions.']);
  });

  test('is kept for an AsciiDoc procedure', () => {
    const { alerts, prerequisites, steps } = parseOf('etcd-restore.adoc');
    expect(alerts).toEqual(['EtcdNoQuorum']);
    expect(prerequisites).toEqual(['A backup not older than 24 hours', 'SSH access as the core user']);
    expect(steps.flatMap((step) => step.warnings)).toEqual([
      'IMPORTANT: Read the whole procedure once before you run any of it.',
      'WARNING: All changes made after the backup are lost.',
    ]);
  });

  test('sends a reader on by the author’s own count', () => {
    const steps = parseOf('slack-thread.txt').steps;
    const target = steps.find((step) => step.target)?.target;
    expect(target?.to).toBe('step');
    expect(target?.to === 'step' ? steps[target.step]?.description : '').toContain('if the bank is down');
  });

  test('says of a pasted session who types what where', () => {
    const commands = parseOf('resize-history.txt').steps.flatMap((step) => step.commands);
    expect(commands.map(({ text, session }) => [text.split('\n', 1)[0], session?.opener ?? null])).toEqual([
      ['ssh ops@grafana-01', null],
      ['df -h /var/lib/grafana', 'ssh ops@grafana-01'],
      ['exit', 'ssh ops@grafana-01'],
      ['aws ec2 describe-volumes --filters Name=tag:Name,Values=grafana-data \\', null],
      ['aws ec2 modify-volume --volume-id vol-0ab12cd34ef56ab78 --size 100', null],
      ['ssh ops@grafana-01', null],
      ['sudo -i', 'ssh ops@grafana-01'],
      ['lsblk /dev/nvme1n1', 'sudo -i'],
      ['resize2fs /dev/nvme1n1', 'sudo -i'],
      ['df -h /var/lib/grafana | tail -1', 'sudo -i'],
      ['exit', 'sudo -i'],
    ]);
  });
});
