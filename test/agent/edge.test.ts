import { describe, expect, test } from '@jest/globals';
import { readJournal } from '../../agent/journal.ts';
import { failure, MemoryDisk } from './memory-disk.ts';
import { outcome } from './play.ts';
import { Rig } from './rig.ts';
import { bash, jobWith, policyOf, signJob } from './world.ts';

/** The n-th job; its process can be found by its envelope's id. */
const job = (n = 1, lease_epoch = 1) =>
  signJob(
    jobWith({
      envelope_id: `envelope-${n}`,
      run_id: `run-${n}`,
      seq: n,
      lease_epoch,
      exec: bash('echo', { DD0C_ENVELOPE: `envelope-${n}` }),
    }),
  );

const journaled = (disk: MemoryDisk) =>
  readJournal(disk.files.get('journal')?.now ?? Buffer.alloc(0)).entries;

describe('the agent, around its core', () => {
  test('makes durable what it does before it does it', () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job());
    rig.processes.get('envelope-1')?.exited(outcome);
    rig.line.acked('envelope-1', 'finished');
    expect(rig.trace).toEqual([
      'open',
      ...['append', 'sync', 'credit 1'],
      ...['append', 'append', 'sync', 'spawn', 'send started', 'credit 0'],
      ...['append', 'sync', 'send finished', 'credit 1'],
      ...['append', 'sync'],
    ]);
  });

  test('says in its hello how far its journal is durable, and who it is', () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job(5));
    expect(rig.line.seqMark()).toBe(5);
    expect(rig.line.hello('n', 'l')).toMatchObject({
      nonce: 'n',
      leaseNonce: 'l',
      seqMark: 5,
      leaseEpoch: 1,
      bundleVersion: 1,
      pausedBecause: '',
      profiles: [{ name: 'default' }],
    });
    expect(new Rig(undefined, policyOf('mode: paused')).line.hello('n', 'l').pausedBecause).toContain(
      'policy file',
    );
  });

  test('that could not start a process says that it did not run', () => {
    const rig = new Rig();
    rig.welcome();
    rig.whenRun = () => {
      throw new Error('EAGAIN');
    };
    rig.line.job(job());
    expect(rig.sent.at(-1)).toMatchObject({
      kind: 'rejected',
      code: 'spawn',
      sentence: expect.stringContaining('EAGAIN'),
    });
  });

  test('passes on output, kills, pauses and resumes', () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job());
    rig.processes.get('envelope-1')?.output('half', 4);
    rig.line.kill('envelope-1');
    expect(rig.trace.slice(-2)).toEqual(['send output', 'stop']);
    rig.line.pause(1);
    expect(rig.trace.slice(-3)).toEqual(['append', 'sync', 'credit 0']);
  });

  test('connects anew when its lease has run out, and is not deaf after it', () => {
    const rig = new Rig();
    rig.welcome();
    rig.clear();
    rig.clock.pass(10_999);
    expect(rig.trace).toEqual(['credit 0', 'reopen']);
    rig.welcome(2);
    rig.line.job(job(1, 2));
    expect(rig.trace).toContain('spawn');
  });
});

describe('an agent that drains', () => {
  test('lets what runs end, waits for the last word of the server, and goes', async () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job());
    const drained = rig.agent.drain();
    rig.processes.get('envelope-1')?.exited(outcome);
    await Promise.resolve();
    expect(rig.trace).not.toContain('close');
    rig.line.acked('envelope-1', 'finished');
    await drained;
    expect(rig.trace.at(-1)).toBe('close');
  });

  test('stops what does not end by itself, and waits 3 s for a server that says nothing', async () => {
    const rig = new Rig(undefined, policyOf('drain_grace_ms: 1000'));
    rig.welcome();
    rig.line.job(job());
    const drained = rig.agent.drain();
    rig.clock.pass(1_000);
    expect(rig.trace.at(-1)).toBe('stop');
    rig.processes.get('envelope-1')?.exited(outcome);
    await Promise.resolve();
    rig.clock.pass(2_999);
    expect(rig.trace).not.toContain('close');
    rig.clock.pass(1);
    await drained;
    rig.clear();
    rig.clock.pass(60_000);
    expect(rig.trace).toEqual([]);
  });

  test('does not wait for a server that is away', async () => {
    const rig = new Rig();
    await rig.agent.drain();
    expect(rig.trace).toEqual(['open', 'close']);
  });
});

describe('an agent on a full disk', () => {
  test('refuses the next job, and says so: in its answer, by its credit and in its next hello', () => {
    const rig = new Rig();
    rig.welcome();
    rig.disk.room = 0;
    rig.line.job(job());
    expect(rig.trace).not.toContain('spawn');
    expect(rig.trace).toContain('reopen');
    rig.welcome(2);
    expect(rig.hellos.at(-1)?.pausedBecause).toContain('The disk of this host is full');
    expect(rig.sent.at(-1)).toMatchObject({
      kind: 'rejected',
      code: 'standstill',
      sentence: expect.stringContaining('is full'),
    });
    expect(rig.trace.at(-1)).toBe('credit 0');
    expect(journaled(rig.disk).map(({ kind }) => kind)).toEqual(['lease', 'rejected', 'lease']);
  });

  test('records and reports how what runs has ended, and starts nothing after it', () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job());
    rig.disk.room = 0;
    rig.processes.get('envelope-1')?.exited(outcome);
    expect(rig.sent.at(-1)).toMatchObject({ kind: 'finished' });
    rig.welcome(2);
    rig.line.job(job(2, 2));
    expect(rig.trace.filter((one) => one === 'spawn').length).toBe(1);
    expect(rig.trace.at(-1)).toBe('credit 0');
  });

  test('from its start starts nothing', () => {
    const disk = new MemoryDisk();
    disk.room = 1000;
    const rig = new Rig(disk);
    rig.welcome();
    expect(rig.hellos[0]?.pausedBecause).toContain('is full');
    expect(rig.trace.at(-1)).toBe('credit 0');
  });
});

describe('an agent whose disk fails', () => {
  const failing = (operation: string) => {
    const rig = new Rig();
    rig.welcome();
    const { before } = rig.disk;
    rig.disk.before = (now, path) => {
      before(now, path);
      if (now === operation) throw failure('EIO');
    };
    return rig;
  };

  test.each(['append', 'sync'])(
    'at the %s of a start starts nothing, then or later, and says why',
    (operation) => {
      const rig = failing(operation);
      rig.line.job(job(1));
      rig.welcome(2);
      rig.line.job(job(2, 2));
      expect(rig.processes.size).toBe(0);
      expect(rig.sent).toEqual([]);
      expect(rig.hellos.at(-1)?.pausedBecause).toContain('The journal cannot be written: Error: EIO');
    },
  );

  test('at the end of a step reports nothing that is not durable', () => {
    const rig = new Rig();
    rig.welcome();
    rig.line.job(job());
    rig.disk.before = () => {
      throw failure('EIO');
    };
    rig.processes.get('envelope-1')?.exited(outcome);
    expect(rig.sent.map(({ kind }) => kind)).toEqual(['started']);
    expect(rig.trace.at(-1)).toBe('reopen');
  });

  test('nowhere, but whose line fails after the start, knows that it has started', () => {
    const rig = new Rig();
    rig.welcome();
    rig.whenSent = () => {
      rig.whenSent = () => undefined;
      throw new Error('The line is broken.');
    };
    rig.line.job(job());
    rig.line.job(job());
    expect(rig.trace.filter((one) => one === 'spawn').length).toBe(1);
    rig.processes.get('envelope-1')?.exited(outcome);
    expect(rig.sent.at(-1)).toMatchObject({ kind: 'finished' });
  });
});

describe('an agent whose host loses power', () => {
  /** Runs one job to its end, on a disk that dies at the n-th operation; what was started by then. */
  function live(disk: MemoryDisk, dies: number): { readonly started: boolean; readonly done: boolean } {
    let left = dies;
    disk.before = () => {
      left -= 1;
      if (left === 0) throw new PowerLoss();
    };
    let rig: Rig | null = null;
    try {
      rig = new Rig(disk);
      rig.welcome();
      rig.line.job(job());
      rig.processes.get('envelope-1')?.exited(outcome);
      rig.line.acked('envelope-1', 'finished');
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
    return { started: rig?.trace.includes('spawn') ?? false, done: left > 0 };
  }
  class PowerLoss extends Error {}

  test('at any operation of its disk, with any part of the last write left, runs nothing twice and denies nothing that ran', () => {
    let lives = 0;
    for (let dies = 1, done = false; !done; dies += 1) {
      for (const torn of [0, 1, 40, 10_000]) {
        const disk = new MemoryDisk();
        const life = live(disk, dies);
        done = life.done;
        lives += 1;
        disk.losePower(torn);
        disk.before = () => undefined;
        const next = new Rig(disk);
        next.welcome(9);
        const said = next.sent.map(({ kind }) => kind);
        next.line.job(job());
        next.line.job(job(1, 9));
        const starts = next.trace.filter((one) => one === 'spawn').length + (life.started ? 1 : 0);
        expect([dies, torn, starts <= 1]).toEqual([dies, torn, true]);
        const isSettled = journaled(disk).some(({ kind }) => kind === 'acked');
        if (life.started && !isSettled) expect(['unknown', 'finished']).toContain(said[0]);
      }
    }
    expect(lives).toBeGreaterThan(40);
  });
});
