import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type AgentOptions } from '../../../agent/agent.ts';
import { systemClock } from '../../../agent/clock.ts';
import { realHost } from '../../../agent/host.ts';
import { openJournal } from '../../../agent/journal-file.ts';
import { connectClient, Link } from '../../../agent/link.ts';
import { run } from '../../../agent/supervisor.ts';
import { classify, loadSafety, RULESET_SHA256, RULESET_VERSION } from '../../../src/safety/index.ts';
import { agentKey, enrolledAt, policyOf } from '../../agent/world.ts';
import { silent, tls } from './memory.ts';

interface Edge extends Partial<Omit<AgentOptions, 'connect'>> {
  readonly caPem?: string;
}

/** A real agent in this process, with a journal in a folder of its own. */
export async function agentAt(
  port: number,
  folder: string,
  policy: string | null = null,
  { caPem = tls.certPem, clock = systemClock, ...edge }: Edge = {},
): Promise<Agent> {
  await loadSafety();
  return new Agent({
    initial: enrolledAt(clock.now(), policyOf(policy)),
    journal: edge.journal ?? openJournal(join(folder, 'journal')),
    connect: (events) =>
      new Link(
        {
          client: () => connectClient(`127.0.0.1:${port}`, caPem),
          agentId: 'agent-1',
          signer: agentKey,
          clock,
          random: Math.random,
          nonce: () => randomBytes(16).toString('base64url'),
        },
        events,
      ),
    run,
    clock,
    host: realHost,
    hostName: 'test',
    scanner: { classify, version: RULESET_VERSION, sha256: RULESET_SHA256 },
    logger: silent,
    ...edge,
  });
}

/** Runs the test with a folder that is gone afterwards. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dd0c-agent-'));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
