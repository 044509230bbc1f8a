import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type AgentOptions } from '../../../agent/agent.ts';
import { systemClock } from '../../../agent/clock.ts';
import { realHost } from '../../../agent/host.ts';
import { openJournal } from '../../../agent/journal-file.ts';
import { classify, loadSafety, RULESET_VERSION } from '../../../src/safety/index.ts';
import { agentKey, policyOf, stateWith } from '../../agent/world.ts';
import { silent, tls } from './memory.ts';

/** A real agent in this process, with a journal in a folder of its own. */
export async function agentAt(
  port: number,
  folder: string,
  policy: string | null = null,
  edge: Partial<Pick<AgentOptions, 'caPem' | 'logger' | 'journal'>> = {},
): Promise<Agent> {
  await loadSafety();
  return new Agent({
    initial: stateWith({ policy: policyOf(policy) }),
    journal: edge.journal ?? openJournal(join(folder, 'journal')),
    key: agentKey,
    address: `127.0.0.1:${port}`,
    caPem: edge.caPem ?? tls.certPem,
    clock: systemClock,
    random: Math.random,
    host: realHost,
    hostName: 'test',
    scanner: { classify, version: RULESET_VERSION },
    logger: edge.logger ?? silent,
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
