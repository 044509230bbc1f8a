import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { bundleAgent } from '../../../scripts/bundle-agent.ts';
import type { Risk } from '../../../src/safety/verdict.ts';
import { bash, jobWith, resumeOf, riskyJob } from '../../agent/world.ts';
import { gatewayOver, inviteFor, Memory, until } from './memory.ts';

/** Started by root, the agent of the test runs as an account that cannot read this repository's owner's files. */
const NOBODY = 65_534;
const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

// Each test starts real programs one after another; a busy machine needs its time.
jest.setTimeout(60_000);

let home = '';
let program = '';
const children: ChildProcess[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dd0c-agent-process-'));
  chmodSync(home, 0o755);
  program = join(home, 'agent.cjs');
  await bundleAgent(program);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

interface Place {
  readonly data: string;
  readonly invite: string;
  readonly policy: string;
}

/** A folder for one agent, owned by the account it runs as, with an invite to this port. */
function placeFor(name: string, port: number, policy = 'drain_grace_ms: 200'): Place {
  const folder = join(home, name);
  mkdirSync(folder);
  const place = {
    data: join(folder, 'data'),
    invite: join(folder, 'invite.json'),
    policy: join(folder, 'policy.yaml'),
  };
  writeFileSync(place.invite, JSON.stringify(inviteFor(port)));
  writeFileSync(place.policy, policy);
  if (account.uid !== undefined) {
    for (const path of [folder, place.invite, place.policy]) chownSync(path, account.uid, account.gid);
  }
  return place;
}

interface Started {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  log(): string;
}

function startAgent(place: Place, as: object = account): Started {
  const args = [program, '--data', place.data, '--invite', place.invite, '--policy', place.policy];
  const env = { PATH: '/usr/bin:/bin', HOME: '/tmp', PLANTED: 'must not reach a step' };
  const child = spawn(process.execPath, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'], ...as });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, exit, log: () => text };
}

let seq = 0;
/** Hands out a job for the agent's first profile, approved by another person when it is not safe. */
function hand(memory: Memory, command: string, risk: Risk = 'safe', panic_epoch = 0): void {
  seq += 1;
  const iat = Date.now();
  const ids = {
    envelope_id: `envelope-${seq}`,
    run_id: `run-${seq}`,
    seq,
    iat,
    exp: iat + 300_000,
    panic_epoch,
  };
  const profile = memory.hellos.at(-1)?.profiles[0] ?? jobWith().profile;
  const job = { ...ids, exec: bash(command), profile };
  memory.hand(risk === 'safe' ? jobWith(job) : riskyJob(risk, job, { iat, start_by: iat + 60_000 }));
}

async function withGateway(test: (memory: Memory, port: number) => Promise<void>): Promise<void> {
  const memory = new Memory();
  const gateway = await gatewayOver(memory);
  try {
    await test(memory, gateway.port);
  } finally {
    await gateway.close();
  }
}

describe('the agent as a program of its own', () => {
  test('enrols once, runs what it is given, drains at SIGTERM, and knows itself at the next start', () =>
    withGateway(async (memory, port) => {
      const place = placeFor('life', port);
      const first = startAgent(place);
      await until('the hello', () => memory.hellos[0]);
      hand(memory, 'echo hello; env | sort');
      await until('the outcome', () => memory.ends().length === 1);
      const [finished] = memory.ends();
      expect(finished).toMatchObject({
        kind: 'finished',
        exitCode: 0,
        head: expect.stringMatching(/^hello\n/),
      });
      expect(JSON.stringify(finished)).not.toContain('PLANTED');
      first.child.kill('SIGTERM');
      expect(await first.exit).toBe(0);
      expect(statSync(join(place.data, 'key.pem')).mode & 0o777).toBe(0o600);
      const second = startAgent(place);
      await until('the second hello', () => memory.hellos[1]?.seqMark === seq);
      expect(memory.agents.size).toBe(1);
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(0);
      expect(memory.ends().length).toBe(1);
    }));

  test('killed in the middle of a step reports UNKNOWN after its restart and does not run the step again', () =>
    withGateway(async (memory, port) => {
      const place = placeFor('killed', port);
      const first = startAgent(place);
      await until('the hello', () => memory.hellos[0]);
      const trace = join(place.data, 'trace');
      hand(memory, `echo ran >> ${trace}; sleep 1`, 'danger');
      await until('the step', () => existsSync(trace));
      first.child.kill('SIGKILL');
      await first.exit;
      const second = startAgent(place);
      await until('the outcome', () => memory.ends().length === 1);
      expect(memory.ends()).toMatchObject([
        { kind: 'unknown', sentence: expect.stringContaining('may have run') },
      ]);
      hand(memory, 'echo next');
      await until('the next step', () => memory.ends().length === 2);
      expect(readFileSync(trace, 'utf8')).toBe('ran\n');
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(0);
    }));

  test('remembers a pause over its restart, and starts nothing until its signed end', () =>
    withGateway(async (memory, port) => {
      const place = placeFor('paused', port);
      memory.pause = { epoch: 1, paused: true, resume: null };
      const first = startAgent(place);
      await until('the hello', () => memory.hellos[0]);
      first.child.kill('SIGTERM');
      await first.exit;
      const second = startAgent(place);
      const hello = await until('the second hello', () => memory.hellos[1]);
      expect(hello).toMatchObject({ panicEpoch: 1, paused: true });
      memory.pause = { epoch: 1, paused: false, resume: resumeOf(1) };
      hand(memory, 'echo again', 'safe', 1);
      await until('the outcome', () => memory.ends().length === 1);
      expect(memory.ends()).toMatchObject([{ kind: 'finished' }]);
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(0);
    }));

  test('with a damaged journal starts nothing and says so', () =>
    withGateway(async (memory, port) => {
      const place = placeFor('damaged', port);
      const first = startAgent(place);
      await until('the hello', () => memory.hellos[0]);
      hand(memory, 'echo before');
      await until('the outcome', () => memory.ends().length === 1);
      first.child.kill('SIGTERM');
      await first.exit;
      const journal = join(place.data, 'journal');
      const bytes = readFileSync(journal);
      bytes[60] = (bytes[60] ?? 0) ^ 1;
      writeFileSync(journal, bytes);
      const second = startAgent(place);
      const hello = await until('the second hello', () => memory.hellos[1]);
      expect(hello.pausedBecause).toContain('damaged');
      rmSync(journal);
      second.child.kill('SIGTERM');
      await second.exit;
      startAgent(place);
      expect((await until('the third hello', () => memory.hellos[2])).pausedBecause).toContain('gone');
    }));

  test('with an unusable policy starts nothing and says so', () =>
    withGateway(async (memory, port) => {
      startAgent(placeFor('unusable', port, 'mode: whatever'));
      const hello = await until('the hello', () => memory.hellos[0]);
      expect(hello).toMatchObject({ profiles: [], pausedBecause: expect.stringContaining('policy file') });
    }));

  test('does not start twice on one data folder', () =>
    withGateway(async (memory, port) => {
      const place = placeFor('twice', port);
      const first = startAgent(place);
      await until('the hello', () => memory.hellos[0]);
      const second = startAgent(place);
      expect(await second.exit).toBe(1);
      expect(second.log()).toContain('Another agent');
      first.child.kill('SIGTERM');
      expect(await first.exit).toBe(0);
    }));

  test('does not enrol with a token that has been used', () =>
    withGateway(async (memory, port) => {
      const first = startAgent(placeFor('token-1', port));
      await until('the hello', () => memory.hellos[0]);
      const second = startAgent(placeFor('token-2', port));
      expect(await second.exit).toBe(1);
      expect(second.log()).toContain('token');
      expect(memory.agents.size).toBe(1);
      first.child.kill('SIGTERM');
      await first.exit;
    }));

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('refuses to run as root', async () => {
    const place = placeFor('root', 1);
    const started = startAgent(place, {});
    expect(await started.exit).toBe(1);
    expect(started.log()).toContain('does not run as root');
  });
});
