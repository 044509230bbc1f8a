import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeData } from '../../dev/account.ts';
import { type Instance, startInstance } from '../../dev/instance.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { postRunbook, startFromPreview } from '../../dev/walk.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { RunId } from '../../src/protocol/ids.ts';

export type TestInstance = Instance & {
  readonly simulator: Simulator;
  readonly dataDir: string;
  end(): Promise<void>;
};

/** A whole instance on a data folder of its own: database, simulator, server, workers, agent process. */
export async function startTestInstance(settings: Record<string, string> = {}): Promise<TestInstance> {
  const dataDir = mkdtempSync(join(tmpdir(), 'dd0c-e2e-'));
  const config = readConfig({
    PORT: '0',
    SIMULATOR_PORT: '0',
    GATEWAY_PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'fatal',
    ...settings,
  });
  const instance = await startInstance({
    config,
    logger: createLogger(config.LOG_LEVEL),
    environment: 'test',
  });
  const { simulator } = instance;
  if (!simulator) throw new Error('A test instance has no workspace but the simulator.');
  const end = async () => {
    await instance.stop();
    removeData(dataDir);
  };
  return Object.assign(instance, { simulator, dataDir, end });
}

/** A runbook with one command a step. */
export const runbook = (title: string, ...commands: readonly string[]): string =>
  [
    `# ${title}`,
    ...commands.map((command, index) => `${index + 1}. Do part ${index + 1}.\n\n\`\`\`\n${command}\n\`\`\``),
  ].join('\n\n');

/** Posts a runbook as alice and starts it as alice. */
export async function startAs(sim: Simulator, as: string, text: string): Promise<RunId> {
  return startFromPreview(sim, await postRunbook(sim, text, as), {}, as);
}
