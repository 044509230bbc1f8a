import { describe, expect, test } from '@jest/globals';
import { tenantId } from '../../../src/protocol/ids.ts';
import { agentKey, bash, jobWith, resumeOf, riskyJob, signJob } from '../../agent/world.ts';
import { agentAt, withFolder } from './agent-in-process.ts';
import { gatewayOver, Memory, until } from './memory.ts';

type Job = Parameters<typeof signJob>[0];
let seq = 0;
/** A job for now, with the next seq and an id of its own. */
function jobNow(command: string, overrides: Partial<Job> = {}) {
  seq += 1;
  const iat = Date.now();
  const ids = { envelope_id: `envelope-${seq}`, run_id: `run-${seq}`, seq };
  return signJob(jobWith({ ...ids, iat, exp: iat + 300_000, exec: bash(command), ...overrides }));
}

function enrolled(): Memory {
  const memory = new Memory();
  memory.agents.set('agent-1', { tenantId: tenantId('T1'), publicKey: agentKey.publicKey, agentEpoch: 1 });
  return memory;
}

describe('an agent and a gateway over TLS', () => {
  test('a job is run once and its output, exit code and hash come back', async () => {
    const memory = enrolled();
    const gateway = await gatewayOver(memory);
    await withFolder(async (folder) => {
      const agent = await agentAt(gateway.port, folder);
      memory.hand(jobNow('echo hello; echo oops >&2; exit 3'));
      const finished = await until('the report', () =>
        memory.reports.find((report) => report.kind === 'finished'),
      );
      expect(finished).toMatchObject({
        runId: 'run-1',
        stepId: 's1',
        attempt: 1,
        exitCode: 3,
        signal: null,
        bytes: 11,
      });
      await agent.drain();
      expect(memory.reports.map((report) => report.kind)).toEqual(['started', 'finished']);
    });
    await gateway.close();
  });
});
