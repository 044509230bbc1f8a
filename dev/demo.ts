/** `npm run demo`: a whole run before your eyes, without a browser. With `--runbook FILE`, any runbook in a cage. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadConfig, readConfig } from '../src/platform/config.ts';
import { createLogger } from '../src/platform/logger.ts';
import type { RunState } from '../src/run/run.ts';
import { ACTIONS } from '../src/slack/actions.ts';
import { plainAccount, removeData } from './account.ts';
import { verifyInstance } from './audit.ts';
import { startCluster } from './cluster.ts';
import { runCaged } from './demo-cage.ts';
import { EXAMPLE } from './ground.ts';
import { type Instance, startInstance } from './instance.ts';
import { openLedger } from './ledger.ts';
import { cardOf, connectPager, startFromCard } from './page.ts';
import type { Pager, PageSpec } from './pagerduty.ts';
import { progress } from './progress.ts';
import { sentenceOf } from './sentence.ts';
import type { SeenMessage } from './slack/control.ts';
import type { Simulator } from './slack/server.ts';
import { countsOf, type DemoResult } from './summary.ts';
import { type Choice, postRunbook, printThreads, runThread, startFromPreview, walk } from './walk.ts';

const USAGE = `Usage: npm run demo [-- --data DIR] [--ledger FILE]   the example runbook, really run
       npm run demo -- --incident                      the same, begun by a page of PagerDuty's
       npm run demo -- --runbook FILE [--data DIR]     any runbook, its commands stubbed in a cage

With each: --backend redis       queues on a Redis of its own, or on REDIS_URL (default: postgres)
           --processes N         N servers and N workers as processes of their own (default: all in one)`;

const argumentsSchema = z.strictObject({
  data: z.string().optional(),
  ledger: z.string().optional(),
  runbook: z.string().optional(),
  incident: z.boolean().optional(),
  backend: z.enum(['postgres', 'redis'], { error: '--backend is postgres or redis.' }).default('postgres'),
  processes: z.coerce
    .number({ error: '--processes is a number.' })
    .int()
    .min(1, { error: '--processes is at least 1.' })
    .max(8, { error: '--processes is at most 8.' })
    .optional(),
  help: z.boolean().optional(),
});

async function main(): Promise<number> {
  const started = performance.now();
  const values = readArguments();
  if (values === null || values.help) {
    console.log(USAGE);
    return values === null ? 2 : 0;
  }
  const dataDir = values.data ?? mkdtempSync(join(tmpdir(), 'dd0c-demo-'));
  const tidy = () => {
    if (values.data === undefined) removeData(dataDir);
  };
  try {
    const { counts, differences } = values.runbook
      ? await runCaged({ file: values.runbook, dataDir, start: (wrapper) => start(values, dataDir, wrapper) })
      : await runExample(values, dataDir);
    for (const difference of differences) console.log(`DIFFERENT: ${difference}`);
    console.log(JSON.stringify({ ...counts, elapsedMs: Math.round(performance.now() - started) }));
    return differences.length === 0 && counts.chainVerified ? 0 : 1;
  } finally {
    tidy();
  }
}

function readArguments(): z.infer<typeof argumentsSchema> | null {
  try {
    const options = {
      data: { type: 'string' },
      ledger: { type: 'string' },
      runbook: { type: 'string' },
      incident: { type: 'boolean' },
      backend: { type: 'string' },
      processes: { type: 'string' },
      help: { type: 'boolean' },
    } as const;
    return argumentsSchema.parse(parseArgs({ options, allowPositionals: false }).values);
  } catch (error) {
    console.error(error instanceof z.ZodError ? error.issues[0]?.message : sentenceOf(error));
    return null;
  }
}

type Arguments = z.infer<typeof argumentsSchema>;

/** An instance of its own, on ports that are free, whatever else runs on this machine. */
async function start(
  { backend, processes }: Arguments,
  dataDir: string,
  wrapper?: readonly string[],
): Promise<Instance & { simulator: Simulator }> {
  const line = progress('starting an instance of its own');
  const { REDIS_URL, LOG_LEVEL } = loadConfig();
  const logger = createLogger(LOG_LEVEL);
  const onProgress = (doing: string) => line.say(doing);
  const cage = wrapper ? { wrapper } : {};
  const redis = backend === 'redis' ? (REDIS_URL ?? 'own') : null;
  if (processes) {
    const many = { dataDir, servers: processes, workers: processes, redis, logger, onProgress, ...cage };
    const cluster = await startCluster(many);
    line.end();
    console.log(
      `Running: ${cluster.members.map(({ name, pid }) => `${name} (${pid})`).join(', ')}, one agent.`,
    );
    return cluster;
  }
  const config = readConfig({
    PORT: '0',
    SIMULATOR_PORT: '0',
    GATEWAY_PORT: '0',
    DATA_DIR: dataDir,
    ...(backend === 'redis' && REDIS_URL ? { REDIS_URL } : {}),
  });
  const own = { config, logger, environment: 'demo', onProgress, ownRedis: redis === 'own', ...cage };
  const instance = await startInstance(own);
  line.end();
  const { simulator } = instance;
  if (!simulator) throw new Error('The demo needs the simulator.');
  return { ...instance, simulator };
}

/** The example: every step approved by the right person, every command really run, every ledger line counted. */
async function runExample(values: Arguments, dataDir: string): Promise<DemoResult> {
  const workDir = join(tmpdir(), `dd0c-disk-full-${process.pid}`);
  const ledger = openLedger(values.ledger ?? join(dataDir, 'ledger'), dataDir, plainAccount());
  const instance = await start(values, dataDir);
  try {
    const sim = instance.simulator;
    const preview = await postRunbook(sim, readFileSync(EXAMPLE, 'utf8'), 'alice');
    const filled = { work_dir: workDir, ledger: ledger.path };
    const page = values.incident ? await aPageArrives(sim, preview) : null;
    const run = page
      ? await startFromCard(sim, page.title, filled, 'alice')
      : await startFromPreview(sim, preview, filled, 'alice');
    const state = await walk(instance, sim, run, ({ job }): Choice => {
      if (!job) return { do: 'done', as: 'alice' };
      return { do: 'approve', as: job.rule === 'other-than-requester' ? 'bob' : 'alice' };
    });
    await sim.waitFor(() => /Finished|Failed|Stopped/.test(runThread(sim, run)[0]?.text ?? ''), {
      what: 'the summary',
    });
    const card = page && (await itIsResolved(sim, page));
    printThreads(sim, preview, run, card);
    ledger.collect();
    const verification = await verifyInstance(instance.ownerUrl, dataDir);
    const differences = [
      ...compare(state),
      ...(state.plan?.incident === undefined && page ? ['the run does not name the page it came from'] : []),
      ...compareLedger(state, ledger.lines()),
      ...verification.findings.map(({ stream, version, sentence }) => `${stream} at ${version}: ${sentence}`),
    ];
    return { counts: countsOf(state, 0, verification.findings.length === 0), differences };
  } finally {
    await instance.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}

interface Page {
  readonly title: string;
  readonly spec: PageSpec;
  readonly pager: Pager;
}

/** The runbook is saved, the pager connected as an admin would, and PagerDuty sends a signed body: the card appears. */
async function aPageArrives(sim: Simulator, preview: SeenMessage): Promise<Page> {
  const pager = await connectPager(sim, 'alice');
  await sim.act('alice').click('ops', preview.ts, ACTIONS.saveRunbook);
  const saved = () => JSON.stringify(sim.messages('ops')).includes('Saved by');
  await sim.waitFor(saved, { timeoutMs: 60_000, what: 'the saved runbook' });
  const title = 'DiskFull on app-1: /tmp is 97 % full';
  const spec: PageSpec = { id: 'PDEMO1', title, service: 'app', urgency: 'high' };
  const forged = await pager.deliver(pager.body('incident.triggered', spec), 'v1=00');
  const { status } = await pager.trigger(spec);
  console.log(
    `PagerDuty sent a body with a forged signature (answer ${forged.status}), and the real one (answer ${status}).`,
  );
  if (forged.status !== 401 || status !== 202) throw new Error('A webhook was not answered as it should be.');
  return { title, spec, pager };
}

/** The pager says that it is over; gives back the card as it then stands. */
async function itIsResolved(sim: Simulator, { pager, title, spec }: Page): Promise<SeenMessage> {
  await pager.resolve(spec);
  return cardOf(sim, title, '*Resolved*');
}

/** The plan promised that every step runs once, to success, approved by a person who may. */
function compare(state: RunState): string[] {
  const wrong = state.steps.flatMap((step) => {
    if (!step.job)
      return step.status === 'done' ? [] : [`step ${step.number} was for a person and is ${step.status}`];
    if (step.status !== 'succeeded')
      return [`step ${step.number} is ${step.status}: ${step.trouble ?? step.result?.tail ?? ''}`];
    const own = step.job.rule === 'other-than-requester' && step.approval?.by === state.plan?.requester;
    return own ? [`step ${step.number} is dangerous and was approved by its requester`] : [];
  });
  return state.status === 'succeeded' ? wrong : [`the run is ${state.status}`, ...wrong];
}

/** Every step whose command appends to the ledger left one line there, and nothing else did. */
function compareLedger(state: RunState, lines: readonly string[]): string[] {
  const run = state.plan?.runId;
  const promised = state.steps
    .filter(({ job }) => job?.command.includes('$DD0C_STEP'))
    .map(({ id }) => `${run} ${id} 1`);
  const mine = lines.filter((line) => line.startsWith(`${run} `));
  const missing = promised.filter((line) => mine.filter((other) => other === line).length !== 1);
  const extra = mine.filter((line) => !promised.includes(line));
  return [
    ...missing.map((line) => `the ledger does not hold “${line}” exactly once`),
    ...extra.map((line) => `the ledger holds “${line}”, which nobody promised`),
  ];
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(sentenceOf(error));
  return 1;
});
