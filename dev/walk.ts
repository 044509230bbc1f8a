/** Walks a run through Slack as people would: signed requests for every click, and only what is on the screen. */
import { type RunId, runId, tenantId } from '../src/protocol/ids.ts';
import type { RunState, StepState } from '../src/run/run.ts';
import { findRun } from '../src/run/service.ts';
import { ACTIONS } from '../src/slack/actions.ts';
import type { Instance } from './instance.ts';
import type { Control, SeenMessage } from './slack/control.ts';
import { type Simulator, TEAM_ID } from './slack/server.ts';
import { transcribe } from './transcript.ts';

/** What a person does with a step that waits for somebody. */
export type Choice =
  | { readonly do: 'approve'; readonly as: string }
  | { readonly do: 'skip'; readonly as: string; readonly why: string }
  | { readonly do: 'done'; readonly as: string };

const CHANNEL = 'ops';
const LIMIT_MS = 60_000;

/** What a preview says when it has no Start. */
const NOTHING = /nothing/;

/** Posts a text, turns it into a runbook, and gives back the last page of the preview, the one with its buttons. */
export async function postRunbook(sim: Control, text: string, as: string): Promise<SeenMessage> {
  const ts = sim.act(as).post(CHANNEL, text);
  await sim.act(as).shortcut(CHANNEL, ts);
  const whole = () => {
    const replies = sim.thread(CHANNEL, ts).filter((reply) => reply.ts !== ts);
    return replies.find((reply) => button(reply, ACTIONS.startRun) || NOTHING.test(reply.text));
  };
  return sim.waitFor(whole, { timeoutMs: LIMIT_MS, what: 'the preview' });
}

/** Presses Start on a preview, fills the values in, and gives back the new run. */
export async function startFromPreview(
  sim: Control,
  preview: SeenMessage,
  values: Readonly<Record<string, string>>,
  as: string,
): Promise<RunId> {
  const before = new Set(runMessages(sim).map(({ ts }) => ts));
  const started = () => runMessages(sim).find(({ ts }) => !before.has(ts));
  const refused = () => {
    const told = sim
      .messages(CHANNEL, { as })
      .find((message) => message.visibleTo !== null && message.ts > preview.ts);
    if (told) throw new Error(`The run was not started: ${told.text}`);
    return undefined;
  };
  await sim.act(as).click(CHANNEL, preview.ts, ACTIONS.startRun);
  const next = await sim.waitFor(() => sim.views(as).at(-1) ?? started() ?? refused(), {
    timeoutMs: LIMIT_MS,
    what: 'the form',
  });
  if ('callbackId' in next) {
    const wanted = next.blocks.flatMap((block) => (block.type === 'input' ? [String(block.block_id)] : []));
    await sim.act(as).submit(next.id, Object.fromEntries(wanted.map((name) => [name, values[name] ?? ''])));
    const errors = sim.views(as).at(-1)?.errors ?? {};
    if (Object.keys(errors).length > 0)
      throw new Error(`The run could not be started: ${JSON.stringify(errors)}`);
  }
  const run = await sim.waitFor(() => started() ?? refused(), { timeoutMs: LIMIT_MS, what: 'the run' });
  return runId((button(run, ACTIONS.abortRun)?.value ?? '').replace(/^v1\./, ''));
}

/** Answers every step of the run until it has ended; gives back the run as the log has it. */
export async function walk(
  instance: Instance,
  sim: Simulator,
  run: RunId,
  choose: (step: StepState) => Choice,
): Promise<RunState> {
  const state = () => runState(instance, run);
  const total = (await state()).steps.length;
  for (let number = 1; number <= total; number++) {
    const shows = (words: RegExp) => () => stepMessage(sim, run, number, words);
    const asked = await sim.waitFor(shows(WAITS_OR_OVER), { timeoutMs: LIMIT_MS, what: `step ${number}` });
    if (OVER.test(asked.text)) {
      if (ENDS_RUN.test(asked.text)) break;
      continue;
    }
    const step = (await state()).steps[number - 1];
    if (step) await answer(sim, asked, choose(step), step);
    const over = await sim.waitFor(shows(OVER), { timeoutMs: LIMIT_MS, what: `the end of step ${number}` });
    if (ENDS_RUN.test(over.text)) break;
  }
  return state();
}

const WAITS_OR_OVER =
  /waits for approval|is for a person|is done|was done|was skipped|failed|refused by|unknown outcome/;
const OVER = /is done|was done|was skipped|failed|refused by|unknown outcome/;
const ENDS_RUN = /failed|refused by|unknown outcome/;

async function answer(sim: Simulator, message: SeenMessage, choice: Choice, step: StepState): Promise<void> {
  const person = sim.act(choice.as);
  switch (choice.do) {
    case 'skip':
      await person.click(CHANNEL, message.ts, ACTIONS.skipStep);
      return;
    case 'done':
      await person.click(CHANNEL, message.ts, ACTIONS.doneStep);
      return;
    case 'approve': {
      if (button(message, ACTIONS.approveStep)) {
        await person.click(CHANNEL, message.ts, ACTIONS.approveStep);
        return;
      }
      await person.click(CHANNEL, message.ts, ACTIONS.confirmStep);
      const modal = await sim.waitFor(() => sim.views(choice.as).at(-1), {
        what: `the confirmation of step ${step.number}`,
      });
      await person.submit(modal.id, { typed: step.job?.confirm ?? '' });
    }
  }
}

/** The run as the log has it. */
export async function runState(instance: Instance, run: RunId): Promise<RunState> {
  const state = await findRun(instance.log, tenantId(TEAM_ID), run);
  if (!state) throw new Error(`There is no run ${run} in the log.`);
  return state;
}

/** The thread of a run, its first message first. */
export function runThread(sim: Control, run: RunId): SeenMessage[] {
  const root = sim
    .messages(CHANNEL)
    .find((message) => JSON.stringify(message.blocks).includes(`Run ${run}`) && !message.threadTs);
  return root ? sim.thread(CHANNEL, root.ts) : [];
}

/** Prints the preview, the card of a page if there was one, and the run, as a person sees them. */
export function printThreads(
  sim: Simulator,
  preview: SeenMessage,
  run: RunId,
  card: SeenMessage | null = null,
): void {
  const nameOf = (user: string) => sim.person(user).name;
  const posted = sim.thread(CHANNEL, preview.threadTs ?? preview.ts);
  for (const message of [...posted, ...(card ? [card] : []), ...runThread(sim, run)]) {
    console.log(`${transcribe(message, nameOf)}\n`);
  }
}

function stepMessage(sim: Simulator, run: RunId, number: number, words: RegExp): SeenMessage | undefined {
  return runThread(sim, run).find(
    ({ text }) => text.startsWith(`Step ${number} of `) && words.test(text.split(':')[0] ?? ''),
  );
}

const runMessages = (sim: Control): SeenMessage[] =>
  sim.messages(CHANNEL).filter((message) => button(message, ACTIONS.abortRun));

/** The button with this action on a message, or undefined. */
export function button(
  message: SeenMessage,
  action: string,
): { readonly action_id: string; readonly value: string } | undefined {
  return message.blocks
    .flatMap((block) => (Array.isArray(block.elements) ? block.elements : []))
    .find(
      (element): element is { action_id: string; value: string } =>
        isObject(element) && element.action_id === action,
    );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
