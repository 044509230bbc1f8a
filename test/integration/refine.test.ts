/** A paste on its way to a model and back: real queues, workers and Postgres, and a model on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLog } from '../../src/audit/log.ts';
import { findDue, postgresStore } from '../../src/audit/store.ts';
import { runbookRef } from '../../src/audit/streams.ts';
import { type Running, startWorker } from '../../src/main.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { openKeyFolder } from '../../src/platform/keys.ts';
import { sha256Hex } from '../../src/protocol/canonical.ts';
import { type RunbookId, runbookId } from '../../src/protocol/ids.ts';
import { parseSha256 } from '../../src/runbook/edit.ts';
import { extract } from '../../src/runbook/extract.ts';
import { findRunbook, importRunbook, saveRunbook } from '../../src/runbook/service.ts';
import { type RunbookStatus, runbookKind } from '../../src/runbook/stream.ts';
import { openSystem, type System } from '../../src/system.ts';
import { classifyRunbook } from '../../workers/classify.ts';
import { parseRunbook } from '../../workers/parse.ts';
import { refineRunbook } from '../../workers/refine.ts';
import { BOB, member, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { fakeDirectory, fakeLogger } from '../support/fakes.ts';
import { answerOf, type FakeModel, startFakeModel } from '../support/model.ts';

const QUESTION = 'Which host is meant?';
const GOOD = answerOf({ questions: [{ line: null, text: QUESTION }] });
/** A slow clock, so that a busy machine spends no budget; moved ahead where time is to be over. */
const begun = Date.now();
let ahead = 0;
const clock = { now: () => begun + Math.floor((Date.now() - begun) / 10) + ahead };
/** What the model says to the text that holds this word; whatever it is not told of is answered well. */
const answers = new Map<string, Promise<string> | string>();
const { logger, lines } = fakeLogger();
const directory = fakeDirectory([member(BOB)]);

let database: TestDatabase;
let folder: string;
let model: FakeModel;
let system: System;
let worker: Running;

beforeAll(async () => {
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'dd0c-refine-'));
  model = await startFakeModel((text) => [...answers].find(([word]) => text.includes(word))?.[1] ?? GOOD);
  system = await openSystem({
    databaseUrl: database.appUrl,
    queues: { kind: 'postgres', url: database.appUrl },
    ...openKeyFolder(join(folder, 'keys'), systemRandom, clock, logger),
    model: { apiKey: 'none', baseUrl: model.url, name: 'small' },
    trust: 'copilot',
    clock,
    random: systemRandom,
    logger,
  });
  await system.log.open(TENANT);
  worker = await startWorker(system, {});
}, 60_000);

afterAll(async () => {
  await worker.close();
  await system.close();
  await model.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const textOf = (word: string) => `# Look at ${word}\n\n1. Look:\n\n   \`\`\`\n   uptime\n   \`\`\`\n`;
const deps = () => ({ log: system.log, directory, newId: system.core.newId });
const place = { channel: 'C1', threadTs: null };
const refOf = (runbook: RunbookId) => runbookRef(TENANT, runbook);

async function paste(word: string): Promise<RunbookId> {
  const outcome = await importRunbook(deps(), { tenant: TENANT, by: BOB, text: textOf(word), place });
  if (!outcome.ok) throw new Error(outcome.refusal.sentence);
  return outcome.runbook;
}

const becomes = (runbook: RunbookId, ...statuses: RunbookStatus[]) =>
  eventually(
    () => findRunbook(system.log, TENANT, runbook),
    (state) => state !== null && statuses.includes(state.status),
  );

async function shownOf(runbook: RunbookId): Promise<string | null> {
  const parse = (await findRunbook(system.log, TENANT, runbook))?.parse;
  return parse ? parseSha256(parse) : null;
}

/** An answer that the model keeps back until it is let go. */
function held(word: string): (answer: string) => void {
  let say: (answer: string) => void = () => undefined;
  answers.set(word, new Promise((resolve) => (say = resolve)));
  return (answer) => say(answer);
}

const isDue = async (runbook: RunbookId) =>
  (await findDue(system.database.pool, clock.now(), 1_000)).some(
    ({ stream, due }) => due && stream === refOf(runbook).stream,
  );

describe('a paste', () => {
  test('is a draft with verdicts while the model is asked, and then shows what the model asks', async () => {
    const answer = held('kafka');
    const runbook = await paste('kafka');
    const draft = await becomes(runbook, 'refining');
    expect(draft).toMatchObject({ parse: { title: 'Look at kafka' }, verdicts: [[{ risk: 'safe' }]] });
    await eventually(
      () => model.asked.length,
      (count) => count > 0,
    );
    expect(await isDue(runbook)).toBe(false);
    answer(GOOD);
    expect(await becomes(runbook, 'draft')).toMatchObject({
      parse: { title: 'Look at kafka', questions: [{ text: QUESTION }] },
      verdicts: [[{ risk: 'safe' }]],
      refinement: { status: 'refined', model: 'small' },
    });
    expect(model.asked.filter((text) => text.includes('kafka'))).toHaveLength(1);
  });

  test('that is saved meanwhile stays as it was saved, whatever the model answers', async () => {
    const answer = held('redis');
    const runbook = await paste('redis');
    await becomes(runbook, 'refining');
    await eventually(
      () => model.asked,
      (asked) => asked.some((text) => text.includes('redis')),
    );
    const shown = await shownOf(runbook);
    expect(await saveRunbook(deps(), { tenant: TENANT, runbook, by: BOB, shown })).toMatchObject({
      ok: true,
    });
    const saved = await findRunbook(system.log, TENANT, runbook);
    answer(GOOD);
    // The next paste is asked about and answered after it, by the same worker.
    await becomes(await paste('after redis'), 'draft');
    expect(await findRunbook(system.log, TENANT, runbook)).toEqual(saved);
    expect(saved).toMatchObject({ status: 'saved', parse: { title: 'Look at redis' } });
  });

  test('about which the model talks rubbish stays as structure reads it, and no word of it is logged', async () => {
    answers.set('swordfish', 'Sure! Here is your runbook about swordfish.');
    const runbook = await paste('swordfish');
    expect(await becomes(runbook, 'draft')).toMatchObject({
      parse: { title: 'Look at swordfish' },
      refinement: { status: 'unrefined', why: 'rubbish' },
    });
    expect(JSON.stringify(lines)).not.toContain('swordfish');
  });
});

describe('a runbook whose hint was lost', () => {
  const HOPS = ['received', 'parsed', 'refining', 'refined'] as const;
  /** A log over the same database after whose commits nobody is told. */
  const silent = () =>
    openLog({
      store: postgresStore(system.database.pool),
      keys: system.options.keys,
      clock,
      random: systemRandom,
      committed: () => undefined,
    });

  /** Brings a runbook as far as that, as a worker would that then dies. */
  async function leaveAt(last: (typeof HOPS)[number]): Promise<RunbookId> {
    const [log, runbook] = [silent(), runbookId(`LOST-${last}-${clock.now()}`)];
    const ref = refOf(runbook);
    const text = textOf(`lost ${last}`);
    await log.transact(runbookKind, ref, {
      type: 'receive',
      source: { text, sha256: sha256Hex(text), by: BOB, place },
      by: member(BOB),
    });
    const { scanner } = system.core;
    const hops = [
      () => parseRunbook({ log, extract }, ref),
      () => classifyRunbook({ log, classify: scanner.classify, refine: true }, ref),
      () =>
        refineRunbook(
          {
            log,
            defer: async () => undefined,
            refine: async ({ parse }) => ({
              ok: true,
              refined: { parse, opinions: [[null]], by: { model: 'small', promptVersion: 'p' } },
            }),
          },
          ref,
        ),
    ];
    for (const hop of hops.slice(0, HOPS.indexOf(last))) await hop();
    return runbook;
  }

  test.each(HOPS)('when it was %s is found by the sweep, and refined', async (hop) => {
    const state = await becomes(await leaveAt(hop), 'draft');
    expect(state).toMatchObject({ refinement: { status: 'refined', model: 'small' } });
  });

  test('by a process that died while it asked shows the structural result when the time is over', async () => {
    await worker.close();
    const runbook = await leaveAt('refining');
    const before = model.asked.length;
    const dying = {
      log: silent(),
      defer: system.core.defer,
      refine: () => new Promise<never>(() => undefined),
    };
    void refineRunbook(dying, refOf(runbook));
    await eventually(
      () => isDue(runbook),
      (due) => !due,
    );
    ahead += 3_500;
    worker = await startWorker(system, {});
    expect(await becomes(runbook, 'draft')).toMatchObject({
      parse: { title: 'Look at lost refining' },
      refinement: { status: 'unrefined', why: 'late' },
    });
    expect(model.asked).toHaveLength(before);
  });
});
