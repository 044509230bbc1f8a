/** `npm run chaos`: runs under a saboteur who kills servers, workers, the agent and the database at any moment. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadConfig } from '../../src/platform/config.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { plainAccount, removeData } from '../account.ts';
import { verifyInstance } from '../audit.ts';
import { startCluster } from '../cluster.ts';
import { openLedger } from '../ledger.ts';
import { progress } from '../progress.ts';
import { dice } from '../random.ts';
import { sentenceOf } from '../sentence.ts';
import { type Count, countLedger } from './count.ts';
import { type Crew, startCrew } from './crew.ts';
import { type CutLine, openLine } from './line.ts';
import { startSaboteur } from './saboteur.ts';
import { startWatch, type Timing } from './watch.ts';

const USAGE = `Usage: npm run chaos -- [--runs N] [--seed N] [--backend redis|postgres] [--data DIR]

Starts two servers, two workers, an agent, Postgres and the simulated Slack, and lets people run a runbook N times
(default 10) while a saboteur kills these processes with SIGKILL, one after the other, and starts them again, and cuts the
agent's lines between any two frames. Then it counts, from a file that the steps append to and not from the product's own records:
  doubles   commands that were started more often than a person approved
  lost      steps that the product says have run, and have not, or have run, and the product does not know
  stuck     runs that neither ended nor asked a person within two minutes
  unknown   runs in which a person had to say how a step ended; this is not a fault
The line before the last says how soon things went on, in ms: agentBack is the time from a kill of the agent to its next
connection when nothing else was hit meanwhile, agentBackAfterMore the time from the last blow when something was, and
longestPause the longest time in which nothing was recorded although something waited for the system and not for a person;
the line above it says what waited then, and what was hit.
The last line is JSON. The exit code is 0 when the first three are zero and the log verifies. The seed decides who is
killed in which order; when it hits depends on the machine.`;

const argumentsSchema = z.strictObject({
  runs: z.coerce.number().int().min(1).max(10_000).default(10),
  seed: z.coerce.number().int().min(0).default(1),
  backend: z.enum(['redis', 'postgres']).default('redis'),
  data: z.string().optional(),
  help: z.boolean().optional(),
});
type Arguments = z.infer<typeof argumentsSchema>;

const options = {
  runs: { type: 'string' },
  seed: { type: 'string' },
  backend: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<number> {
  const read = readArguments();
  if (read === null || read.help) {
    console.log(USAGE);
    return read === null ? 2 : 0;
  }
  const dataDir = read.data ?? mkdtempSync(join(tmpdir(), 'dd0c-chaos-'));
  let clean = false;
  try {
    const { count, findings, timing } = await underFire(read, dataDir);
    const { pauseStory, ...times } = timing;
    for (const line of [...count.notes, ...findings, pauseStory]) console.log(line);
    const { doubles, lost, stuck } = count;
    console.log(JSON.stringify(times));
    clean = doubles === 0 && lost === 0 && stuck === 0 && findings.length === 0;
    console.log(JSON.stringify({ runs: count.runs, doubles, lost, stuck, unknown: count.unknown }));
    return clean ? 0 : 1;
  } finally {
    if (read.data === undefined && clean) removeData(dataDir);
    else if (!clean) console.error(`Everything it left is in ${dataDir} (logs/, ledger).`);
  }
}

async function underFire(
  { runs, seed, backend }: Arguments,
  dataDir: string,
): Promise<{ count: Count; findings: string[]; timing: Timing }> {
  const line = progress('starting the cluster');
  const { REDIS_URL, LOG_LEVEL } = loadConfig();
  const ways: CutLine[] = [];
  const cluster = await startCluster({
    dataDir,
    servers: 2,
    workers: 2,
    redis: backend === 'redis' ? (REDIS_URL ?? 'own') : null,
    logger: createLogger(LOG_LEVEL === 'warn' ? 'fatal' : LOG_LEVEL),
    onProgress: (doing) => line.say(doing),
    between: async (port) => {
      const way = await openLine(port);
      ways.push(way);
      return way.port;
    },
  });
  try {
    const ledger = openLedger(join(dataDir, 'ledger'), dataDir, plainAccount());
    const crew: Crew = startCrew(cluster.simulator, { runs, ledger: ledger.path, dice: dice(seed + 1) });
    const watch = startWatch(cluster.ownerUrl);
    const saboteur = startSaboteur(cluster, ways, watch, dice(seed));
    const shown = setInterval(() => {
      line.say(`${crew.ended()} of ${runs} runs have ended, ${saboteur.total()} kills`);
    }, 250);
    await Promise.race([crew.done, saboteur.trouble]);
    clearInterval(shown);
    await saboteur.stop();
    await crew.settled();
    const timing = await watch.stop();
    line.end(`${crew.ended()} of ${runs} runs have ended. Killed: ${saboteur.tally()}.`);
    ledger.collect();
    const lines = readFileSync(join(dataDir, 'ledger'), 'utf8').split('\n').filter(Boolean);
    const count = countLedger(lines, crew.seen());
    const { findings } = await verifyInstance(cluster.ownerUrl, dataDir);
    return {
      count,
      timing,
      findings: findings.map(({ stream, version, sentence }) => `${stream} at ${version}: ${sentence}`),
    };
  } finally {
    await Promise.all(ways.map((way) => way.close()));
    await cluster.stop();
  }
}

function readArguments(): Arguments | null {
  try {
    return argumentsSchema.parse(parseArgs({ options, allowPositionals: false }).values);
  } catch (error) {
    console.error(
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('\n')
        : sentenceOf(error),
    );
    return null;
  }
}

// What was begun and cannot be ended (a process that hangs, say) must not keep this one.
try {
  process.exit(await main());
} catch (error) {
  console.error(sentenceOf(error));
  process.exit(1);
}
