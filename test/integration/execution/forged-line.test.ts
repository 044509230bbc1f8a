/** The named forgeries again, over a real line to a real agent with a real journal: nothing of them starts. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../agent/clock.ts';
import { openJournal } from '../../../agent/journal-file.ts';
import type { Gateway } from '../../../handlers/grpc/gateway.ts';
import { tenantId } from '../../../src/protocol/ids.ts';
import { good, groups } from '../../agent/forgery-classes.ts';
import { agentKey, benchWith, HASH, jobWith, M0, T0 } from '../../agent/world.ts';
import { agentAt, withFolder } from '../../handlers/grpc/agent-in-process.ts';
import { gatewayOver, Memory, until } from '../../handlers/grpc/memory.ts';

const { host, classify } = benchWith();
/** An agent that stands at the moment of the forgeries, and whose processes are only counted. */
const clock = { ...systemClock, now: () => T0, mono: () => M0 };

let count = 0;
let memory: Memory;
let gateway: Gateway;
beforeAll(async () => {
  memory = new Memory();
  memory.now = () => T0;
  memory.agents.set('agent-1', { tenantId: tenantId('T1'), publicKey: agentKey.publicKey, agentEpoch: 1 });
  gateway = await gatewayOver(memory);
});
afterAll(() => gateway.close());

/** Gives an agent that is new these bytes and then one good job; the runs that started and what was answered. */
async function deliver(
  ...bytes: Parameters<Memory['hand']>
): Promise<{ started: string[]; codes: string[] }> {
  const started: string[] = [];
  memory.reports.length = 0;
  memory.waiting.length = 0;
  memory.leaseEpoch = 0;
  count += 1;
  const last = jobWith({ envelope_id: `last-${count}`, run_id: 'run-last', seq: 1_000_000 });
  memory.waiting.push(...bytes, last);
  await withFolder(async (folder) => {
    const agent = await agentAt(gateway.port, folder, 'max_running: 8', {
      clock,
      host,
      scanner: { classify, version: '1', sha256: HASH },
      journal: openJournal(join(folder, 'journal'), undefined, 4096),
      run: (spec, _clock, events) => {
        started.push(spec.env.DD0C_RUN ?? 'last');
        setImmediate(() => events.failed('The test starts nothing.'));
        return { stop: () => undefined };
      },
    });
    await until('the good job', () =>
      memory.ends().some(({ envelopeId }) => envelopeId === last.envelope_id),
    );
    await agent.drain();
  });
  const codes = memory.reports.flatMap((report) =>
    report.kind === 'rejected' && report.envelopeId !== last.envelope_id ? [report.code] : [],
  );
  return { started, codes };
}

test('the envelope that they are made of starts', async () => {
  expect((await deliver(good)).started).toEqual(['run-1', 'last']);
});

/** What never was this agent's gets no answer. */
const UNANSWERED = ['size', 'key', 'signature', 'parse', 'addressee'];

const overTheLine = Object.entries(groups).flatMap(([group, classes]) =>
  classes.flatMap(([name, check, signed, bench]) =>
    bench ? [] : [[`${group} ${name}`, check, signed] as const],
  ),
);

test.each(overTheLine)('%s: refused by "%s", and the next job is run', async (_, check, signed) => {
  const { started, codes } = await deliver(signed);
  expect([started, codes]).toEqual([['last'], UNANSWERED.includes(check) ? [] : [check]]);
});
