import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Candidate, match, type Past } from '../../src/incident/match.ts';
import { runbookId } from '../../src/protocol/ids.ts';
import { extract } from '../../src/runbook/extract.ts';
import { NOW } from '../support/builders.ts';
import { COUNTS, candidate } from '../support/incidents.ts';

const corpus = `${process.env.CORPUS_DIR ?? new URL('../../../shared/corpus', import.meta.url).pathname}/runbooks`;
const inCorpus = existsSync(corpus) ? describe : describe.skip;

const look = (
  title: string,
  runbooks: readonly Candidate[],
  { service = null, history = [] }: { service?: string | null; history?: readonly Past[] } = {},
) => match({ title, service }, runbooks, history);

const best = (...args: Parameters<typeof look>) => look(...args).suggestions[0];
const past = (runbook: string, title: string, service: string | null, at = NOW): Past => ({
  runbook: runbookId(runbook),
  title,
  service,
  at,
});

describe('a runbook fits a page', () => {
  test.each([
    ['KubePodNotReady', 'KubePodNotReady', 'alert name “KubePodNotReady” is the title'],
    [
      '[FIRING:2] KubePodNotReady (payments prod)',
      'Kube Pod Not Ready',
      'alert name “KubePodNotReady” is the title',
    ],
    ['KubePodNotReady', 'What to do about KubePodNotReady', 'alert name “KubePodNotReady” in title'],
    [
      'KubePodNotReady',
      'Fix: kube pod not ready, again',
      'alert name “KubePodNotReady” in title, spelled out',
    ],
    [
      'PostgreSQL replication lag on db-3',
      'Postgres replication lag',
      'words “Postgres”, “replication”, “lag” in title',
    ],
    ['Node maintenance', 'Node Maintenance', 'the same title'],
  ])('by its name: %s with %s', (title, runbook, reason) => {
    expect(best(title, [candidate('Something else'), candidate(runbook)])).toMatchObject({
      title: runbook,
      reasons: [reason],
    });
  });

  test('when its text names the alert', () => {
    const text = '# Restart the queue\nAlert: `QueueBacklogGrowing`';
    expect(best('QueueBacklogGrowing', [candidate('Restart the queue', 'Q', text)])?.reasons).toEqual([
      'alert name “QueueBacklogGrowing” in the text',
    ]);
  });

  test('when its title names the service', () => {
    const found = best('High latency', [candidate('Restart payments-api safely')], {
      service: 'payments-api',
    });
    expect(found?.reasons).toEqual(['service “payments-api” in title']);
  });

  test('when it was started for the same alert last time, whatever host it is now', () => {
    const history = [
      past('A', 'Disk almost full on web-1', 'web', NOW),
      past('B', 'Disk almost full on web-2', 'web', NOW + 1),
    ];
    const runbooks = [candidate('Tidy up', 'A'), candidate('Clean up', 'B')];
    expect(best('Disk almost full on web-7', runbooks, { history })).toMatchObject({
      runbook: 'B',
      reasons: ['used last time for this alert'],
    });
  });

  test('when it was started for the same service last time, which counts for less', () => {
    const history = [past('A', 'Something', 'web'), past('B', 'Sales are low', 'shop')];
    const runbooks = [candidate('Tidy up', 'A'), candidate('Clean up', 'B')];
    const { suggestions } = look('Sales are low', runbooks, { service: 'web', history });
    expect(suggestions.map(({ reasons }) => reasons)).toEqual([
      ['used last time for this alert'],
      ['used last time for this service'],
    ]);
  });

  test('with all its reasons, strongest first', () => {
    const history = [past('KubePodNotReady', 'KubePodNotReady', 'pods')];
    expect(best('KubePodNotReady', [candidate('KubePodNotReady')], { history })?.reasons).toEqual([
      'alert name “KubePodNotReady” is the title',
      'used last time for this alert',
    ]);
  });
});

describe('a runbook does not fit a page', () => {
  test.each([
    ['High error rate on checkout', 'High error rate'],
    ['Service is down', 'Restart a service that is down'],
    ['CRITICAL: server error', 'Server errors'],
    ['[FIRING:1] high memory usage', 'High CPU usage'],
    ['KubeNodeNotReady', 'KubePodNotReady'],
    ['KubePodCrashLooping', 'KubePodNotReady'],
    ['KubePodNotReadyForever', 'KubePodNotReady'],
    ['PrometheusRuleFailures', 'Delete Prometheus Metrics'],
    ['A', 'A'],
    ['', ''],
  ])('%s with %s', (title, runbook) => {
    expect(look(title, [candidate(runbook)]).suggestions).toEqual([]);
  });

  test('by the name of a service that names nothing', () => {
    expect(look('x', [candidate('Restart the API service')], { service: 'API Service' }).suggestions).toEqual(
      [],
    );
  });

  test('by an alert name inside a longer one of its text', () => {
    expect(
      look('QueueBacklog', [candidate('Restart', 'R', 'see MyQueueBacklogGrowing')]).suggestions,
    ).toEqual([]);
  });
});

describe('where nothing fits', () => {
  test('it says what was looked for, in how many runbooks', () => {
    const { suggestions, none } = look('KubePodNotReady', [candidate('A b'), candidate('C d')], {
      service: 'web',
    });
    expect(suggestions).toEqual([]);
    expect(none).toBe(
      'No match, because none of the 2 saved runbooks has the alert name “KubePodNotReady” or the service “web” in its title, and none was started for it before.',
    );
  });

  test('it says that there is no runbook', () => {
    expect(look('KubePodNotReady', []).none).toBe('No match, because no runbook is saved yet.');
  });
});

describe('a match', () => {
  test('is the same whatever order the runbooks come in, and names three at most', () => {
    const runbooks = ['1', '2', '3', '4', '5'].map((id) => candidate('KubePodNotReady', id));
    const found = look('KubePodNotReady', runbooks);
    expect(look('KubePodNotReady', runbooks.toReversed())).toEqual(found);
    expect(found.suggestions.map(({ runbook }) => runbook)).toEqual(['1', '2', '3']);
  });

  test('reads hostile titles and thousands of runbooks', () => {
    const runbooks = Array.from({ length: 3_000 }, (_, index) =>
      candidate(`Runbook ${index} ${'a.'.repeat(200)}`),
    );
    for (const title of [
      'A'.repeat(5_000),
      'aA'.repeat(2_500),
      '(*)+.'.repeat(500),
      '\u0000\ud800',
      'Kube'.repeat(500),
    ]) {
      expect(() => look(title, runbooks, { service: title })).not.toThrow();
    }
  });
});

inCorpus('in the runbooks of the corpus (skipped where CORPUS_DIR has none)', () => {
  const files = existsSync(corpus)
    ? readdirSync(corpus).filter((name) => /\.(?:md|rst|adoc|html)$/.test(name) && name !== 'SOURCES.md')
    : [];
  const runbooks = files.map((name): Candidate => {
    const text = readFileSync(`${corpus}/${name}`, 'utf8');
    return { id: runbookId(name), title: extract(text).title, text, counts: COUNTS };
  });

  test.each([
    ['[FIRING:1] KubePodNotReady (payments-api prod critical)', 'KubePodNotReady'],
    ['KubePersistentVolumeFillingUp: pvc data-0 is 97% full', 'KubePersistentVolumeFillingUp'],
    ['NoLeadingVirtController', 'NoLeadingVirtController'],
    ['VMStorageClassWarning kubevirt', 'VMStorageClassWarning'],
    ['CollectorHigh403ForbiddenResponseRate', 'CollectorHigh403ForbiddenResponseRate'],
    ['NodeWithoutOVNKubeNodePodRunning on ip-10-0-1-2', 'NodeWithoutOVNKubeNodePodRunning'],
    ['CNPGClusterPhysicalReplicationLag', 'CNPGClusterPhysicalReplicationLag'],
    ['MCDRebootError', 'MCDRebootError'],
    ['Ceph OSD down on node 3', 'Troubleshoot a Down OSD'],
    ['RGW health check failed', 'Troubleshoot if RGW Health Check Fails'],
    ['postgres: no space left on device', 'PostgreSQL'],
    ['Cray CLI returns 403 errors', 'Cray CLI 403 Forbidden Errors'],
  ])('%s finds %s first', (title, expected) => {
    expect(best(title, runbooks)?.title).toBe(expected);
  });

  test.each([
    'High error rate on checkout',
    'Service down',
    'CRITICAL: disk usage high',
    'KubeNodeNotReady',
    'CNPGClusterLogicalReplicationLag',
    'Redis memory high',
    'NodeFilesystemSpaceFillingUp',
  ])('%s finds nothing', (title) => {
    expect(look(title, runbooks).suggestions).toEqual([]);
  });
});
