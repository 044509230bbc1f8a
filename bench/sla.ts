/**
 * `npm run bench:sla`: how long it takes from a paste to its complete preview, with a model that is as slow as recorded
 * ones are. Real log, queues and workers in one process, as `npm start` has them; the model and Slack are processes of
 * their own. First 50 pastes at once, then ten a second. The last line is one JSON object.
 *
 * Slack takes one message a second in a channel, which would be all that is measured: every paste has a channel of its
 * own, spread over twenty workspaces. A call takes 100 ms there (`--slackMs`), and counts when it arrives. For shorter
 * runs: `--pastes N`; with Redis: `--backend redis`; other luck: `--seed N`.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { removeData } from '../dev/account.ts';
import { type Ground, layGround, systemOn, until } from '../dev/ground.ts';
import { progress } from '../dev/progress.ts';
import { runbookRef } from '../src/audit/streams.ts';
import { startWorker } from '../src/main.ts';
import { createLogger } from '../src/platform/logger.ts';
import { type RunbookId, type TenantId, tenantId, userId } from '../src/protocol/ids.ts';
import { importRunbook } from '../src/runbook/service.ts';
import { type RunbookState, runbookKind } from '../src/runbook/stream.ts';
import { openSystem, type System } from '../src/system.ts';
import { type Loopback, startLoopback } from './loopback.ts';

/** From a paste to its complete preview (ms): of issue 6. */
const SLA_MS = 5_000;
const AT_ONCE = 50;
const EVERY_MS = 100;
const WORKSPACES = 20;
/** So long after the last paste everything has to be shown (ms). */
const LIMIT_MS = 30_000;

const options = z
  .strictObject({
    pastes: z.coerce.number().int().min(1).default(2_000),
    seed: z.coerce.number().int().default(1),
    backend: z.enum(['postgres', 'redis']).default('postgres'),
    /** How long Slack takes for one call. */
    slackMs: z.coerce.number().int().min(0).default(100),
  })
  .parse(
    parseArgs({
      options: {
        pastes: { type: 'string' },
        seed: { type: 'string' },
        backend: { type: 'string' },
        slackMs: { type: 'string' },
      },
    }).values,
  );

interface Paste {
  readonly tenant: TenantId;
  readonly channel: string;
  readonly runbook: RunbookId;
}

const root = path.resolve(import.meta.dirname, '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const BY = userId('UBENCH0001');
const directory = {
  person: async () => ({ user: BY, standing: 'member' as const, admin: false }),
  census: async () => ({ members: 2 as const, admins: 1 as const }),
};

/** Runbooks of ours, as people paste them. */
function texts(): string[] {
  const own = path.join(root, 'test/runbook/own');
  const files = readdirSync(own, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => readFileSync(path.join(own, name), 'utf8'));
}

async function main(): Promise<void> {
  const line = progress('bench:sla');
  const dataDir = mkdtempSync(path.join(tmpdir(), 'dd0c-sla-'));
  const outside: Loopback[] = [];
  let ground: Ground | null = null;
  try {
    const model = await startLoopback('model-process.ts', String(options.seed));
    outside.push(model);
    const slack = await startLoopback('slack-process.ts', String(options.slackMs));
    outside.push(slack);
    const logger = createLogger('warn');
    ground = await layGround({
      dataDir,
      where: 'npm run bench:sla',
      simulatorPort: null,
      redis: options.backend === 'redis' ? 'own' : null,
      gatewayNames: ['127.0.0.1'],
      environment: 'test',
      page: false,
      logger,
      onProgress: (doing) => line.say(`bench:sla: ${doing}`),
    });
    const system = await openSystem({
      ...systemOn(ground, { trust: 'copilot', logger }),
      slackApiUrl: `${slack.url}/api/`,
      model: { apiKey: 'none', baseUrl: `${model.url}/v1`, name: 'recorded' },
    });
    ground.onEnd(() => system.close());
    const worker = await startWorker(system, {});
    ground.onEnd(() => worker.close());
    await until(
      () => system.hints.reachable(),
      LIMIT_MS,
      () => 'The queues cannot be reached.',
    );
    const tenants = await workspaces(system);
    const cpu = process.cpuUsage();
    const pastes = await pasteAll(system, tenants, (done) => line.say(`bench:sla: ${done} pasted`));
    line.say('bench:sla: waiting for the last previews');
    await until(
      () => allShown(system),
      LIMIT_MS,
      () => 'Some previews were not shown in time.',
    );
    const { user, system: kernel } = process.cpuUsage(cpu);
    const arrivals = arrivalsSchema.parse(await slack.ask('/arrivals'));
    const states = await Promise.all(pastes.map((paste) => stateOf(system, paste)));
    line.end();
    say(
      `Processor time of the server and worker: ${Math.round((user + kernel) / 1_000 / pastes.length)} ms a paste`,
    );
    report(pastes, states, arrivals, await model.ask('/told'));
  } finally {
    await ground?.end();
    for (const one of outside) one.stop();
    removeData(dataDir);
  }
}

async function workspaces(system: System): Promise<TenantId[]> {
  const tenants = Array.from({ length: WORKSPACES }, (_, index) => tenantId(`TBENCH${index}`));
  for (const tenant of tenants)
    await system.workspaces.put({
      tenant,
      appId: 'A1',
      botUserId: 'UBOT',
      token: 'xoxb-bench',
      scopes: [],
      installedBy: null,
    });
  return tenants;
}

/** Pastes all texts at their times, and waits until they are recorded. */
async function pasteAll(
  system: System,
  tenants: readonly TenantId[],
  onPaste: (done: number) => void,
): Promise<Paste[]> {
  const own = texts();
  const begun = Date.now();
  let done = 0;
  return Promise.all(
    Array.from({ length: options.pastes }, async (_, index): Promise<Paste> => {
      const due = begun + Math.max(0, index + 1 - AT_ONCE) * EVERY_MS;
      await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
      const tenant = tenants[index % tenants.length] ?? tenantId('');
      const channel = `CBENCH${index}`;
      const text = `${own[index % own.length]}\n\nTicket ${index}\n`;
      const { log, newId } = system.core;
      const place = { channel, threadTs: null };
      const outcome = await importRunbook({ log, directory, newId }, { tenant, by: BY, text, place });
      if (!outcome.ok) throw new Error(outcome.refusal.sentence);
      done += 1;
      onPaste(done);
      return { tenant, channel, runbook: outcome.runbook };
    }),
  );
}

/** Whether nothing is left to do and Slack shows all of it. */
async function allShown({ database }: System): Promise<boolean> {
  const { rows } = await database.pool.query(
    "SELECT count(*)::int AS left FROM due WHERE kind = 'runbook' AND (due_at IS NOT NULL OR shown_version < version)",
  );
  return rows[0]?.left === 0;
}

async function stateOf({ log }: System, { tenant, runbook }: Paste): Promise<RunbookState> {
  const loaded = await log.load(runbookKind, runbookRef(tenant, runbook));
  if (!loaded) throw new Error(`${runbook} is not in the log.`);
  return loaded.state;
}

const arrivalsSchema = z.record(
  z.string(),
  z.object({ first: z.number(), last: z.number(), count: z.number() }),
);

function report(
  pastes: readonly Paste[],
  states: readonly RunbookState[],
  arrivals: z.infer<typeof arrivalsSchema>,
  told: unknown,
): void {
  // From the moment its text was decided on, just before that was committed.
  const times = pastes.map(({ channel }, index) => {
    const seen = arrivals[channel];
    const begun = states[index]?.source?.at;
    if (!seen || begun === undefined) return { first: Infinity, last: Infinity };
    return { first: seen.first - begun, last: seen.last - begun };
  });
  const lasts = times.map(({ last }) => last).sort((a, b) => a - b);
  const firsts = times.map(({ first }) => first).sort((a, b) => a - b);
  const outcomes: Record<string, number> = {};
  for (const { refinement } of states) {
    const name = refinement?.status === 'unrefined' ? refinement.why : (refinement?.status ?? 'unasked');
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }
  say(`What came of asking: ${JSON.stringify(outcomes)}`);
  say(`The model: ${JSON.stringify(told)}`);
  say(
    `Structural preview: p50 ${at(firsts, 0.5)} ms, p99 ${at(firsts, 0.99)} ms, longest ${at(firsts, 1)} ms`,
  );
  const burst = times
    .slice(0, AT_ONCE)
    .map(({ last }) => last)
    .sort((a, b) => a - b);
  say(`Complete preview of the first ${burst.length}: p50 ${at(burst, 0.5)} ms, longest ${at(burst, 1)} ms`);
  say(
    JSON.stringify({
      pastes: pastes.length,
      p50Ms: at(lasts, 0.5),
      p95Ms: at(lasts, 0.95),
      p99Ms: at(lasts, 0.99),
      maxMs: at(lasts, 1),
      withinSla: lasts.filter((ms) => ms <= SLA_MS).length / pastes.length,
      refined: (outcomes.refined ?? 0) / pastes.length,
    }),
  );
}

/** The value that this part of a sorted list does not exceed. */
const at = (sorted: readonly number[], part: number): number =>
  Math.round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN);

await main();
