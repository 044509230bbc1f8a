import { beforeAll, describe, expect, test } from '@jest/globals';
import { openDeclarations } from '../../agent/declarations.ts';
import { agentRef, runbookRef } from '../../src/audit/streams.ts';
import type { UserId } from '../../src/protocol/ids.ts';
import { decodeSigned, openTrust, parseRecord } from '../../src/protocol/index.ts';
import { advanceRun, approveStep, findRun, type RunDeps, startRun } from '../../src/run/service.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import { classify, loadSafety, plannedInvocations } from '../../src/safety/index.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import type { ProgramsChange } from '../../src/tenant/programs.ts';
import { changePrograms } from '../../src/tenant/service.ts';
import { policyOf, publicOf } from '../agent/world.ts';
import {
  ABE,
  ADA,
  AGENT,
  admin,
  BOB,
  buildParse,
  buildRunbook,
  CHANNEL,
  MANY,
  member,
  NOW,
  RUNBOOK,
  S1,
  TENANT,
} from '../support/builders.ts';
import { fakeDirectory, fakeRegistry, memoryLog, testBundle, testKey, testRoot } from '../support/fakes.ts';

beforeAll(loadSafety);

const NAME = 'cloudctl-status';

/** A workspace whose runbook has this one command, judged by the real scanner. */
function room(command = NAME, trust: RunDeps['trust'] = 'copilot') {
  const { log, put } = memoryLog();
  let ids = 0;
  const deps: RunDeps = {
    log,
    directory: fakeDirectory([member(BOB), admin(ADA), admin(ABE)], MANY),
    registry: fakeRegistry(),
    scanner: { classify, plannedInvocations },
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    bundle: testBundle,
    trust,
    newId: () => `NEW000000${++ids}`,
    nonce: () => Buffer.alloc(16).toString('base64url'),
  };
  const profiles = [{ name: 'default', digest: 'b'.repeat(64) }];
  const about = { hostName: 'h', version: '1', rulesetVersion: 'test', rulesetSha256: 'a'.repeat(64) };
  put(agentKind, agentRef(TENANT, AGENT), {
    agentId: AGENT,
    epoch: 1,
    publicKey: '',
    description: { ...about, policySha256: '', pausedBecause: '', profiles },
  });
  put(runbookKind, runbookRef(TENANT, RUNBOOK), buildRunbook(buildParse([[command]]), { status: 'saved' }));
  const change = async (by: UserId, what: ProgramsChange) => {
    expect(await changePrograms(deps, TENANT, by, what)).toMatchObject({ ok: true });
  };
  return {
    declare: async (name = NAME) => {
      await change(ADA, { type: 'declare-program', name, reason: 'It only looks.' });
      await change(ABE, { type: 'confirm-program', name });
    },
    ask: () => change(ADA, { type: 'declare-program', name: NAME, reason: 'It only looks.' }),
    withdraw: () => change(ADA, { type: 'withdraw-program', name: NAME }),
    start: async () => {
      const values = new Map<string, string>();
      const started = await startRun(deps, {
        tenant: TENANT,
        runbook: RUNBOOK,
        by: BOB,
        shown: null,
        values,
        channel: CHANNEL,
      });
      if (!started.ok) throw new Error(started.refusal.sentence);
      const step = async () => {
        const found = (await findRun(log, TENANT, started.run))?.steps[0];
        if (!found?.job) throw new Error('There is no step.');
        return { ...found, job: found.job };
      };
      const dispatch = async () => {
        const { job, status } = await step();
        if (status === 'awaiting-approval') {
          const yes = { by: ADA, shown: job.execSha256, typed: null };
          expect(
            await approveStep(deps, { tenant: TENANT, run: started.run, step: S1, ...yes }),
          ).toMatchObject({ ok: true });
        }
        await advanceRun(deps, TENANT, started.run);
        const { dispatch: sent } = await step();
        const parsed = sent && parseRecord('job', decodeSigned(sent.envelope).payload);
        if (!parsed?.ok) throw new Error('Nothing was dispatched.');
        return parsed.record;
      };
      return { step, dispatch };
    },
  };
}

/** What an agent that believes our keys makes of the envelope's declaration. */
function believed(
  envelope: Awaited<ReturnType<Awaited<ReturnType<ReturnType<typeof room>['start']>>['dispatch']>>,
) {
  const opened = openTrust(testBundle().signed, publicOf(testRoot));
  if (!opened.ok) throw new Error(opened.sentence);
  const declared = openDeclarations({
    envelope,
    state: { trust: opened.trust, policy: policyOf() },
    now: NOW,
  });
  return declared.ok ? [...declared.names] : declared.sentence;
}

test('an envelope names the rules that found its risk', async () => {
  const envelope = await (await room('uptime').start()).dispatch();
  const { rulesetVersion, rulesetSha256 } = classify('uptime');
  expect(envelope.verdict).toEqual({
    risk: 'safe',
    ruleset_version: rulesetVersion,
    ruleset_sha256: rulesetSha256,
  });
});

describe('a run of a workspace that has declared a program', () => {
  test('calls it safe, and its envelope carries the word of both people to the agent', async () => {
    const at = room();
    await at.declare();
    const run = await at.start();
    expect((await run.step()).job.verdict.risk).toBe('safe');
    const envelope = await run.dispatch();
    expect(envelope.authority.declarations).toHaveLength(1);
    const [declaration] = envelope.authority.declarations;
    expect(parseRecord('declaration', decodeSigned(declaration).payload)).toMatchObject({
      record: { version: 1, programs: [{ name: NAME, by: [ADA, ABE], forced: '' }], exp: envelope.exp },
    });
    expect(believed(envelope)).toEqual([NAME]);
  });

  test('carries only what the command may name', async () => {
    const at = room('uptime');
    await at.declare();
    expect((await (await at.start()).dispatch()).authority.declarations).toEqual([]);
    const both = room(`${NAME} | sort`);
    await both.declare();
    await both.declare('cloudctl-top');
    expect(believed(await (await both.start()).dispatch())).toEqual([NAME]);
  });

  test('lets it run by itself where safe steps do', async () => {
    const at = room(NAME, 'guided');
    await at.declare();
    const envelope = await (await at.start()).dispatch();
    expect([envelope.authority.rule, believed(envelope)]).toEqual(['auto', [NAME]]);
  });

  test('calls everything else what it was', async () => {
    for (const [command, risk] of [
      [`sudo ${NAME}`, 'danger'],
      [`${NAME} | sh`, 'danger'],
      [`/usr/bin/${NAME}`, 'caution'],
      ['cloudctl-stop', 'caution'],
    ] as const) {
      const at = room(command);
      await at.declare();
      expect([command, (await (await at.start()).step()).job.verdict.risk]).toEqual([command, risk]);
    }
  });
});

describe('a run of a workspace in which', () => {
  test('nobody has declared it, or one admin only has asked, calls it caution and carries nothing', async () => {
    for (const ask of [false, true]) {
      const at = room();
      if (ask) await at.ask();
      const run = await at.start();
      expect((await run.step()).job.verdict.risk).toBe('caution');
      expect((await run.dispatch()).authority.declarations).toEqual([]);
    }
  });

  test('it was withdrawn after the plan tells the agent nothing, so the agent refuses what was planned as safe', async () => {
    const at = room();
    await at.declare();
    const run = await at.start();
    await at.withdraw();
    const envelope = await run.dispatch();
    expect([envelope.verdict.risk, envelope.authority.declarations]).toEqual(['safe', []]);
    expect((await (await at.start()).step()).job.verdict.risk).toBe('caution');
  });
});
