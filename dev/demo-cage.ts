/** Any runbook, run without effect: its commands are stubs in a cage, and what they were called with is compared. */
import { readFileSync } from 'node:fs';
import { tenantId } from '../src/protocol/ids.ts';
import type { StepState } from '../src/run/run.ts';
import { bindCommand } from '../src/runbook/bind.ts';
import { extract } from '../src/runbook/extract.ts';
import { sampleValues } from '../src/runbook/flatten.ts';
import { fromSlackBlocks } from '../src/runbook/fromSlack.ts';
import type { Parse } from '../src/runbook/runbook.ts';
import { findRunbook } from '../src/runbook/service.ts';
import { checkSource } from '../src/runbook/source.ts';
import { commandNames, loadSafety, plannedInvocations } from '../src/safety/index.ts';
import { ACTIONS, runbookTarget } from '../src/slack/actions.ts';
import { plainAccount } from './account.ts';
import { verifyInstance } from './audit.ts';
import { openCage, type Recorded } from './cage.ts';
import type { Instance } from './instance.ts';
import { compose } from './slack/richtext.ts';
import { type Simulator, TEAM_ID } from './slack/server.ts';
import { countsOf, type DemoResult } from './summary.ts';
import { button, type Choice, postRunbook, printThreads, startFromPreview, walk } from './walk.ts';

/** A file that cannot be tried, or a machine that cannot cage it: a sentence for the person. */
export class CageError extends Error {
  override readonly name = 'CageError';
}

export interface CageDemo {
  readonly file: string;
  readonly dataDir: string;
  readonly start: (wrapper: readonly string[]) => Promise<Instance & { simulator: Simulator }>;
}

/** Starts every safe step of the file in a cage, refuses every other, and compares what was called with what was planned. */
export async function runCaged({ file, dataDir, start }: CageDemo): Promise<DemoResult> {
  const text = readFileSync(file, 'utf8');
  const check = checkSource(text);
  if (!check.ok) throw new CageError(check.sentence);
  await loadSafety();
  // What Slack's composer makes of the text is what the product will read.
  const parse = extract(fromSlackBlocks(compose(text).blocks) ?? text);
  if (!parse.steps.some(({ commands }) => commands.length > 0))
    throw new CageError(`There is no command in ${file}, so there is nothing to run.`);
  const cage = await openCage({ account: plainAccount(), commandNames: namesIn(parse) });
  if (!cage.ok) throw new CageError(`${cage.sentence} Nothing was run.`);
  try {
    const instance = await start(cage.wrapper);
    try {
      return await walkCaged(instance, text, dataDir, () => cage.recorded());
    } finally {
      await instance.stop();
    }
  } finally {
    cage.close();
  }
}

async function walkCaged(
  instance: Instance & { simulator: Simulator },
  text: string,
  dataDir: string,
  recorded: () => Promise<Recorded>,
): Promise<DemoResult> {
  const sim = instance.simulator;
  const preview = await postRunbook(sim, text, 'alice');
  const { runbook } = runbookTarget.parse(button(preview, ACTIONS.startRun)?.value);
  const parse = (await findRunbook(instance.log, tenantId(TEAM_ID), runbook))?.parse;
  const values = Object.fromEntries(parse ? sampleValues(parse) : []);
  const run = await startFromPreview(sim, preview, values, 'alice');

  const promised: Promised[] = [];
  const refusals: string[] = [];
  const state = await walk(instance, sim, run, (step): Choice => {
    if (step.job?.verdict.risk === 'safe') {
      promised.push(promiseOf(step.id, step.job.command));
      return { do: 'approve', as: 'bob' };
    }
    const why = whyRefused(step);
    if (step.job || step.byHand?.command)
      refusals.push(`step ${step.number}: ${step.job?.command ?? step.byHand?.command ?? ''}\n    ${why}`);
    return { do: 'skip', as: 'alice', why };
  });
  await sim.waitFor(
    () =>
      /Finished|Failed|Stopped/.test(
        sim.messages('ops').find((message) => JSON.stringify(message.blocks).includes(`Run ${run}`))?.text ??
          '',
      ),
    { what: 'the summary' },
  );

  printThreads(sim, preview, run);
  const loose = promised.filter(({ calls }) => calls === null).length;
  const note =
    loose > 0 ? ` (${loose} with calls that depend on output, so only the programs are compared)` : '';
  console.log(`Started in the cage: ${promised.length}${note}. Refused: ${refusals.length}.`);
  for (const refusal of refusals) console.log(`  ${refusal}`);
  const verification = await verifyInstance(instance.ownerUrl, dataDir);
  const differences = [
    ...(state.status === 'succeeded' ? [] : [`the run is ${state.status}`]),
    ...differing(promised, await recorded()),
    ...verification.findings.map(({ stream, version, sentence }) => `${stream} at ${version}: ${sentence}`),
  ];
  return { counts: countsOf(state, refusals.length, verification.findings.length === 0), differences };
}

/** Every program that any command of the parse could start, values filled in. */
function namesIn(parse: Parse): Set<string> {
  const values = sampleValues(parse);
  const commands = parse.steps.flatMap((step) => step.commands);
  return new Set(
    commands.flatMap(({ text }) => {
      const bound = bindCommand(text, parse.variables, values);
      return [...commandNames(bound.ok ? bound.text : text)];
    }),
  );
}

function whyRefused({ job, byHand }: StepState): string {
  if (byHand) return byHand.reason;
  if (!job) return 'There is nothing to run.';
  return `${job.verdict.risk}: ${job.verdict.reasons
    .filter(({ risk }) => risk === job.verdict.risk)
    .map(({ sentence }) => sentence)
    .join(' ')}`;
}

/** What a step will call: exactly this, or, where that depends on what its parts print, none but these programs. */
interface Promised {
  readonly step: string;
  readonly calls: readonly (readonly string[])[] | null;
  readonly programs: ReadonlySet<string>;
}

function promiseOf(step: string, command: string): Promised {
  return { step, calls: plannedInvocations(command), programs: new Set(commandNames(command)) };
}

/** The stages of a pipeline start in any order, so the calls of a step are compared as a bag. */
function differing(promised: readonly Promised[], recorded: Recorded): string[] {
  const bag = (calls: readonly (readonly string[])[]) =>
    calls
      .map((argv) => JSON.stringify(argv))
      .sort()
      .join('\n');
  const wrong = promised.flatMap(({ step, calls, programs }) => {
    const called = recorded.get(step) ?? [];
    const kept =
      calls === null ? called.every(([name = '']) => programs.has(name)) : bag(called) === bag(calls);
    return kept
      ? []
      : [
          `${step} was to call\n${calls ? bag(calls) : `only ${[...programs].join(', ')}`}\nand called\n${bag(called)}`,
        ];
  });
  const uninvited = [...recorded.keys()].filter((step) => !promised.some((one) => one.step === step));
  return [
    ...wrong,
    ...uninvited.map(
      (step) =>
        `${step || 'something outside any step'} was refused and called ${bag(recorded.get(step) ?? [])}`,
    ),
  ];
}
