import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import {
  type Hints,
  openHints,
  type QueueBackend,
  type QueueName,
  startWorkers,
  type Workers,
} from '../../src/platform/queues.ts';
import { streamId, tenantId } from '../../src/protocol/ids.ts';
import { until } from '../support/eventually.ts';
import { fakeLogger } from '../support/fakes.ts';
import {
  BACKENDS,
  describeWithRedis,
  openTestQueues,
  startTestRedis,
  type TestQueues,
} from '../support/redis.ts';

const ref = (stream: string, tenant = 'T1'): SubjectRef => ({
  tenant: tenantId(tenant),
  stream: streamId(stream),
});

type Processor = (ref: SubjectRef) => Promise<void>;
const opened: { close(): Promise<void> }[] = [];

/** Workers that write down what they look at, and then do what `work` says. */
function work(backend: QueueBackend, work: Processor = async () => undefined, concurrency = 1) {
  const seen: string[] = [];
  const { logger, lines } = fakeLogger();
  const look =
    (queue: QueueName): Processor =>
    async (subject) => {
      seen.push(`${queue} ${JSON.stringify(subject)}`);
      await work(subject);
    };
  const atOnce = {
    parse: concurrency,
    classify: concurrency,
    refine: concurrency,
    step: concurrency,
    match: concurrency,
    render: concurrency,
  };
  const workers: Workers = startWorkers(
    backend,
    {
      parse: look('parse'),
      classify: look('classify'),
      refine: look('refine'),
      step: look('step'),
      match: look('match'),
      render: look('render'),
    },
    logger,
    atOnce,
  );
  opened.push(workers);
  const timesOf = (stream: string) => seen.filter((line) => line.includes(`"${stream}"`)).length;
  return { ...workers, seen, lines, timesOf };
}

async function hintsOf(backend: QueueBackend): Promise<Hints & { lines: Record<string, unknown>[] }> {
  const { logger, lines } = fakeLogger();
  const hints = openHints(backend, systemRandom, logger);
  opened.push(hints);
  await until('the queues to be there', hints.reachable);
  return { ...hints, lines };
}

/** Work that can be held, to see what happens meanwhile. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const said = (lines: readonly Record<string, unknown>[], level: number): unknown[] =>
  lines.filter((line) => line.level === level).map(({ msg }) => msg);
const [INFO, WARN, ERROR] = [30, 40, 50];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

describe.each(BACKENDS)('hints through %s', (kind) => {
  let queues: TestQueues;
  let backend: QueueBackend;

  beforeAll(async () => {
    queues = await openTestQueues(kind);
    ({ backend } = queues);
  });

  beforeEach(async () => {
    await queues.empty();
  });

  afterAll(async () => {
    await queues.close();
  });

  test('reach the processor of their queue, with tenant and stream and nothing else', async () => {
    const worker = work(backend);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-A'));
    hints.add('render', ref('runbook-B', 'T2'), 7);
    await until('both hints', () => worker.seen.length === 2);
    expect(worker.seen.toSorted()).toEqual([
      'render {"tenant":"T2","stream":"runbook-B"}',
      'step {"tenant":"T1","stream":"run-A"}',
    ]);
  });

  test('of the same mark fold into one, whoever adds them; without a mark each counts', async () => {
    const [one, other] = [await hintsOf(backend), await hintsOf(backend)];
    for (const hints of [one, other, one, other]) {
      hints.add('step', ref('run-VERSION'), 3);
      hints.add('step', ref('run-PERIOD'), 'at:1732442400');
      hints.add('step', ref('run-ALWAYS'));
    }
    await Promise.all([one.close(), other.close()]);
    const worker = work(backend);
    await until('all that were added', () => worker.timesOf('run-ALWAYS') === 4);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-LAST'));
    await until('the last one', () => worker.timesOf('run-LAST') === 1);
    expect([worker.timesOf('run-VERSION'), worker.timesOf('run-PERIOD')]).toEqual([1, 1]);
    hints.add('step', ref('run-VERSION'), 3);
    await until('the mark to count again once it was looked at', () => worker.timesOf('run-VERSION') === 2);
  });

  test('whose processor failed are used up: only a new hint brings it back', async () => {
    const worker = work(backend, async ({ stream }) => {
      if (stream === 'run-FAILS') throw new Error('no such luck');
    });
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-FAILS'), 1);
    await until('the failure', () => said(worker.lines, ERROR).length === 1);
    hints.add('step', ref('run-GOOD'));
    await until('the next one', () => worker.timesOf('run-GOOD') === 1);
    expect(worker.timesOf('run-FAILS')).toBe(1);
    hints.add('step', ref('run-FAILS'), 1);
    await until('the new hint', () => worker.timesOf('run-FAILS') === 2);
  });

  test('under way are waited for when the workers close, and no further one is taken', async () => {
    const { open, opened } = gate();
    const done: string[] = [];
    const worker = work(backend, async ({ stream }) => {
      await opened;
      done.push(stream);
    });
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-HELD'));
    await until('it to be under way', () => worker.timesOf('run-HELD') === 1);
    const closed = worker.close().then(() => done.push('closed'));
    hints.add('step', ref('run-TOO-LATE'));
    open();
    await closed;
    expect([done, worker.timesOf('run-TOO-LATE')]).toEqual([['run-HELD', 'closed'], 0]);
  });

  test('that never end do not keep the workers from closing within their limit', async () => {
    const { open, opened } = gate();
    const worker = work(backend, () => opened);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-ENDLESS'));
    await until('it to be under way', () => worker.timesOf('run-ENDLESS') === 1);
    await worker.close(50);
    expect(said(worker.lines, WARN)).toContain('work under way did not end in time, and is left');
    open();
  });

  test('held by a worker that was killed are not needed: the next sweep reaches another worker', async () => {
    const script = fileURLToPath(new URL('../support/stuck-worker.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(backend)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let words = '';
    child.stdout.on('data', (chunk) => {
      words += chunk;
    });
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-KILLED'), 5);
    await until('the other process to take it', () => words.includes('run-KILLED'));
    child.kill('SIGKILL');
    const worker = work(backend);
    hints.add('step', ref('run-KILLED'), 'sweep-1');
    await until('another worker', () => worker.timesOf('run-KILLED') === 1);
    await worker.close();
  });

  test('that vanish in the middle of everything are as good when they are added again', async () => {
    const { open, opened } = gate();
    const worker = work(backend, ({ stream }) => (stream === 'run-UNDER-WAY' ? opened : Promise.resolve()));
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-UNDER-WAY'), 1);
    await until('one to be under way', () => worker.timesOf('run-UNDER-WAY') === 1);
    hints.add('step', ref('run-WAITS'), 1);
    await until('one to wait', async () => (await queues.texts()).some((text) => text.includes('run-WAITS')));
    await queues.empty();
    open();
    hints.add('step', ref('run-WAITS'), 1);
    hints.add('step', ref('run-UNDER-WAY'), 1);
    await until('the one that waited', () => worker.timesOf('run-WAITS') === 1);
    await until('the one under way', () => worker.timesOf('run-UNDER-WAY') === 2);
  });

  test('leave nothing but ids in the queue, also after a failure', async () => {
    const { open, opened } = gate();
    const worker = work(backend, async ({ stream }) => {
      if (stream === 'run-SECRET') throw new Error('Marker-of-a-failure /etc/shadow');
      await opened;
    });
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-SECRET'));
    await until('the failure', () => said(worker.lines, ERROR).length > 0);
    hints.add('step', ref('run-OPEN'));
    await until('one under way', () => worker.timesOf('run-OPEN') === 1);
    hints.add('step', ref('run-WAITING'));
    await until('one waiting', async () => (await queues.texts()).join().includes('run-WAITING'));
    const texts = (await queues.texts()).join('\n');
    open();
    expect(texts).toContain('run-OPEN');
    expect(texts).not.toMatch(/Marker|shadow/);
    await until('the rest', () => worker.timesOf('run-WAITING') === 1);
    await until('an empty queue', async () => !(await queues.texts()).join().includes('"stream"'));
  });

  test('lost on the way while the queues are away cost nothing: later ones arrive, and nothing piled up', async () => {
    const worker = work(backend);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-BEFORE'));
    await until('the way to be good', () => worker.timesOf('run-BEFORE') === 1);
    await queues.cut();
    await until('the loss to be seen', () => {
      hints.add('step', ref('run-PROBE'));
      return !hints.reachable() && !worker.reachable();
    });
    for (let count = 0; count < 5_000; count += 1) hints.add('step', ref('run-DURING'));
    await queues.mend();
    await until('the way to be good again', () => hints.reachable() && worker.reachable());
    hints.add('step', ref('run-AFTER'));
    await until('the worker to go on', () => worker.timesOf('run-AFTER') === 1);
    expect(worker.timesOf('run-DURING')).toBe(0);
    for (const { lines } of [hints, worker]) {
      expect(said(lines, WARN).filter((msg) => /cannot reach/.test(String(msg)))).toHaveLength(1);
      expect(said(lines, INFO)).toHaveLength(1);
    }
  });

  test('and workers that start while the queues are away begin when they are there', async () => {
    await queues.cut();
    const worker = work(backend);
    const { logger, lines } = fakeLogger();
    const hints = openHints(backend, systemRandom, logger);
    opened.push(hints);
    await until('both to know', () => {
      hints.add('step', ref('run-EARLY'));
      return said(lines, WARN).length > 0 && said(worker.lines, WARN).length > 0;
    });
    await queues.mend();
    await until('both to be there', () => hints.reachable() && worker.reachable());
    hints.add('step', ref('run-STARTED'));
    await until('the first hint', () => {
      hints.add('step', ref('run-STARTED'), 'again');
      return worker.timesOf('run-STARTED') > 0;
    });
  });

  test('and workers close while the queues are away, after the work under way', async () => {
    const { open, opened } = gate();
    let ended = false;
    const worker = work(backend, async () => {
      await opened;
      ended = true;
    });
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-CUT'));
    await until('it to be under way', () => worker.timesOf('run-CUT') === 1);
    await queues.cut();
    const closed = Promise.all([worker.close(), hints.close()]);
    open();
    await closed;
    expect(ended).toBe(true);
    await queues.mend();
  });
});

const postgres = withBackend(createPostgresBackend);

describe.each(BACKENDS)('what somebody else wrote into %s', (kind) => {
  let queues: TestQueues;

  beforeAll(async () => {
    queues = await openTestQueues(kind);
  });

  afterAll(async () => {
    await queues.close();
  });

  async function forge(...datas: readonly unknown[]): Promise<void> {
    const { backend } = queues;
    const queue =
      backend.kind === 'redis'
        ? new Queue('step', { connection: { url: backend.url }, prefix: 'dd0c' })
        : new postgres.Queue('step', { connection: { connectionString: backend.url } });
    for (const [index, data] of datas.entries())
      await queue.add('forged', data, { jobId: `forged-${index}` });
    await queue.close();
  }

  test('never reaches a processor unless it is two ids, and never ends the worker', async () => {
    await forge(
      null,
      'rm -rf /',
      42,
      [],
      {},
      { tenant: 'T1' },
      { tenant: 'T1', stream: '' },
      { tenant: 'T1', stream: 'run-A; rm -rf /' },
      { tenant: 'T1', stream: '$(reboot)' },
      { tenant: '../../T1', stream: 'run-A' },
      { tenant: 'T1', stream: 'run-A', command: 'rm -rf /' },
      { tenant: { $ne: null }, stream: ['run-A'] },
      { tenant: 'T1', stream: 'x'.repeat(2_000_000) },
      { tenant: 'T-OF-SOMEBODY-ELSE', stream: 'run-A' },
    );
    const worker = work(queues.backend);
    const hints = await hintsOf(queues.backend);
    hints.add('step', ref('run-REAL'));
    await until('the real one', () => worker.timesOf('run-REAL') === 1);
    expect(worker.seen).toEqual([
      // It is looked at like any subject: nothing is due of one that is not there.
      'step {"tenant":"T-OF-SOMEBODY-ELSE","stream":"run-A"}',
      'step {"tenant":"T1","stream":"run-REAL"}',
    ]);
    expect(said(worker.lines, WARN)).toEqual(['a job that is no hint was thrown away']);
    expect(JSON.stringify(worker.lines)).not.toMatch(/rm -rf|reboot|xxxx/);
    await until(
      'none of it to be kept',
      async () => !/reboot|rm -rf|xxxx/.test((await queues.texts()).join()),
    );
  });
});

describeWithRedis('a Redis', () => {
  let redis: Awaited<ReturnType<typeof startTestRedis>>;
  let raw: Redis;
  let backend: QueueBackend;

  beforeAll(async () => {
    redis = await startTestRedis();
    raw = new Redis(redis.url);
    backend = { kind: 'redis', url: redis.url };
  });

  afterAll(async () => {
    raw.disconnect();
    await redis.end();
  });

  test('whose jobs were edited into nonsense keeps no worker from the good ones', async () => {
    await raw.hset('dd0c:step:broken-data', {
      name: 'x',
      data: '{"tenant',
      opts: '{}',
      timestamp: '1',
      delay: '0',
      priority: '0',
    });
    await raw.hset('dd0c:step:broken-options', { name: 'x', data: '{}', opts: 'not JSON', timestamp: '1' });
    await raw.hset('dd0c:step:broken-all', {
      name: 'x',
      data: '\u0000',
      opts: '{"repeat":{"every":1}}',
      rjk: 'a:b:c:d:e',
      atm: 'many',
      stacktrace: '{',
      parent: '{',
    });
    await raw.rpush('dd0c:step:wait', 'broken-data', 'broken-options', 'broken-all', 'not-there');
    await raw.zadd('dd0c:step:delayed', 1, 'not-there-either');
    await raw.zadd('dd0c:step:marker', 0, '0');
    const worker = work(backend);
    const hints = await hintsOf(backend);
    await until('a good one', () => {
      hints.add('step', ref('run-GOOD'), 'again');
      return worker.timesOf('run-GOOD') > 0;
    });
    expect(worker.seen.filter((line) => !line.includes('run-GOOD'))).toEqual([]);
  });

  test('whose keys are of the wrong type stops one queue and none of the others, until it is put right', async () => {
    await raw.flushall();
    await raw.set('dd0c:step:wait', 'nonsense');
    const worker = work(backend);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-STUCK'));
    hints.add('render', ref('run-OTHER'));
    await until('the other queue', () => worker.timesOf('run-OTHER') === 1);
    await until('a warning', () => said(worker.lines, WARN).length > 0);
    await raw.del('dd0c:step:wait');
    await until('the queue that was put right', () => {
      hints.add('step', ref('run-FREE'), 'again');
      return worker.timesOf('run-FREE') > 0;
    });
    expect(said(worker.lines, WARN)).toHaveLength(1);
  });

  test('that was stopped and started again empty goes on with the same workers', async () => {
    await raw.flushall();
    const worker = work(backend);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-BEFORE'));
    await until('the first', () => worker.timesOf('run-BEFORE') === 1);
    await redis.stop();
    await until('the loss', () => !hints.reachable() && !worker.reachable());
    for (let count = 0; count < 1_000; count += 1) hints.add('step', ref('run-DURING'));
    await redis.start();
    await until('it to be back', () => hints.reachable() && worker.reachable());
    hints.add('step', ref('run-AFTER'));
    await until('the next', () => worker.timesOf('run-AFTER') === 1);
    expect(worker.timesOf('run-DURING')).toBe(0);
    expect(JSON.stringify([worker.lines, hints.lines])).not.toContain(new URL(redis.url).password);
  });

  test('that refuses our password is away, and the password is in no line', async () => {
    const wrong = new URL(redis.url);
    wrong.password = 'not-the-password';
    const { logger, lines } = fakeLogger();
    const hints = openHints({ kind: 'redis', url: wrong.href }, systemRandom, logger);
    opened.push(hints);
    await until('the refusal', () => said(lines, WARN).length > 0);
    hints.add('step', ref('run-A'));
    expect([hints.reachable(), JSON.stringify(lines).includes('not-the-password')]).toEqual([false, false]);
  });

  test('that may throw jobs away is warned of once', async () => {
    await raw.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const hints = await hintsOf(backend);
    await until('the warning', () => said(hints.lines, WARN).length > 0);
    await raw.config('SET', 'maxmemory-policy', 'noeviction');
    expect(said(hints.lines, WARN)).toEqual([
      'Redis may throw jobs away when it is full; set its maxmemory-policy to noeviction',
    ]);
    const good = await hintsOf(backend);
    good.add('step', ref('run-A'));
    await good.close();
    expect(said(good.lines, WARN)).toEqual([]);
  });

  test('holds keys under our prefix alone', async () => {
    const worker = work(backend);
    const hints = await hintsOf(backend);
    hints.add('step', ref('run-PREFIX'));
    await until('it', () => worker.timesOf('run-PREFIX') === 1);
    expect((await raw.keys('*')).filter((key) => !key.startsWith('dd0c:'))).toEqual([]);
  });
});
