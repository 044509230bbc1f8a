/** People who act on whatever is on their screens, and press again when nothing happened, as people do. */
import { z } from 'zod';
import { ACTIONS } from '../../src/slack/actions.ts';
import type { Dice } from '../random.ts';
import type { SeenMessage, SeenView } from '../slack/control.ts';
import type { Simulator } from '../slack/server.ts';
import { button } from '../walk.ts';
import type { SeenRun, SeenStep } from './count.ts';

export interface CrewOptions {
  readonly runs: number;
  /** The file that every step appends its line to. */
  readonly ledger: string;
  readonly dice: Dice;
}

export interface Crew {
  /** Resolves when the runs have ended, or stand still for too long. */
  readonly done: Promise<void>;
  /** Resolves when what was begun by a second press has ended as well, or stands still. */
  settled(): Promise<void>;
  /** How many runs have ended. */
  ended(): number;
  /** Every run as its thread shows it now. */
  seen(): SeenRun[];
}

const CHANNEL = 'ops';
const TOGETHER = 4; // runs at once, so that every kill meets some
const LOOK_MS = 100;
const PATIENCE_MS = 4_000; // a person who sees nothing happen presses again
const START_PATIENCE_MS = 15_000; // and waits longer before starting a second run of the same
const STUCK_MS = 120_000;

/** What a person presses on a message, the first that is there. */
const PRESSES: readonly { readonly action: string; readonly as: string }[] = [
  { action: ACTIONS.askAgain, as: 'bob' },
  { action: ACTIONS.approveStep, as: 'bob' },
  { action: ACTIONS.confirmStep, as: 'bob' },
  { action: ACTIONS.doneStep, as: 'bob' },
  { action: ACTIONS.startRun, as: 'alice' },
];
const OUTCOMES = [ACTIONS.markSucceeded, ACTIONS.markFailed, ACTIONS.runAgain] as const;
/** What the form about an outcome carries. */
const outcomeSchema = z.object({
  run: z.string(),
  step: z.string(),
  attempt: z.number(),
  choice: z.string(),
});
const isObjection = (body: unknown): boolean => /response_action/.test(JSON.stringify(body ?? null));
const OVER = /Finished|Failed|Stopped|Aborted/;

/** A runbook whose steps each leave one line, take a moment, and change nothing else. */
const runbook = (number: number, ledger: string): string =>
  [
    `# Chaos ${number}`,
    ...[1, 2, 3].map(
      (step) =>
        `${step}. Leave line ${step}.\n\n\`\`\`\necho "$DD0C_RUN $DD0C_STEP $DD0C_ATTEMPT" >> ${ledger} && sleep 0.${step + 1}\n\`\`\``,
    ),
  ].join('\n\n');

export function startCrew(sim: Simulator, { runs, ledger, dice }: CrewOptions): Crew {
  const pressed = new Map<string, number>();
  /** By run and step: the attempts after which a person wanted another. */
  const reruns = new Map<string, ReadonlySet<number>>();
  const unknown = new Set<string>();
  const posts = new Map<number, string>();
  let changedAt = Date.now();
  let last = '';

  const runMessages = () =>
    sim
      .messages(CHANNEL)
      .filter(
        ({ threadTs, text, blocks }) =>
          threadTs === null && text.startsWith('Chaos ') && runOf(blocks) !== null,
      );
  const isOver = ({ text }: SeenMessage) => OVER.test(text.split(':').slice(1).join(':'));
  const ended = () => new Set(runMessages().filter(isOver).map(titleOf)).size;

  const due = (name: string, patience = PATIENCE_MS): boolean => {
    if (Date.now() - (pressed.get(name) ?? 0) < patience) return false;
    pressed.set(name, Date.now());
    return true;
  };
  /** A press that reaches nobody is a press that is made again; only what is on the screen afterwards counts. */
  const attempt = (act: () => Promise<unknown>): void => {
    act().catch(() => undefined);
  };

  function post(): void {
    const open = posts.size - ended();
    if (posts.size >= runs || open >= TOGETHER) return;
    const number = posts.size + 1;
    posts.set(number, sim.act('alice').post(CHANNEL, runbook(number, ledger)));
  }

  function look(): void {
    post();
    for (const [number, ts] of posts) {
      // A line that only she sees says at most that it did not work.
      const replies = sim.thread(CHANNEL, ts).filter(({ visibleTo }) => visibleTo === null);
      if (replies.length === 1 && due(`shortcut ${number}`))
        attempt(() => sim.act('alice').shortcut(CHANNEL, ts));
    }
    const titles = new Set(runMessages().map(titleOf));
    for (const message of sim.messages(CHANNEL)) {
      for (const { action, as } of PRESSES) {
        if (!button(message, action)) continue;
        // One run of each runbook: whoever sees it running does not start it again.
        if (action === ACTIONS.startRun && titles.has(titleOf(message))) break;
        const isStart = action === ACTIONS.startRun;
        // A step that changed asks anew; a runbook does not.
        const name = `${message.ts} ${action} ${isStart ? '' : message.versions.length}`;
        if (due(name, isStart ? START_PATIENCE_MS : PATIENCE_MS)) {
          attempt(() => sim.act(as).click(CHANNEL, message.ts, action));
        }
        break;
      }
      if (button(message, ACTIONS.markSucceeded)) decide(message);
    }
    for (const view of sim.views('bob')) fill(view);
  }

  function decide(message: SeenMessage): void {
    const [, run, step] = (button(message, ACTIONS.markSucceeded)?.value ?? '').split('.');
    unknown.add(`${run} ${step}`);
    if (!due(`${message.ts} outcome`)) return;
    const action = dice.pick(OUTCOMES);
    attempt(() => sim.act('bob').click(CHANNEL, message.ts, action));
  }

  function fill(view: SeenView): void {
    if (!due(`view ${view.id}`)) return;
    const inputs = view.blocks.flatMap((block) => (block.type === 'input' ? [String(block.block_id)] : []));
    attempt(async () => {
      const filled = Object.fromEntries(inputs.map((name) => [name, 'Looked at the host.']));
      const answer = await sim.act('bob').submit(view.id, filled);
      const said = outcomeSchema.safeParse(JSON.parse(view.privateMetadata));
      if (said.data?.choice !== 'rerun' || answer.status !== 200 || isObjection(answer.body)) return;
      const { run, step, attempt: earlier } = said.data;
      reruns.set(`${run} ${step}`, new Set([...(reruns.get(`${run} ${step}`) ?? []), earlier]));
    });
  }

  /**
   * A worker that is killed between posting a message and noting it leaves one that nobody changes any more; the newest
   * of each run and of each step is the one that counts.
   */
  const seen = (): SeenRun[] => {
    const runs = new Map<string, { root: SeenMessage; steps: Map<string, SeenMessage> }>();
    for (const root of runMessages()) {
      const run = runOf(root.blocks) ?? '';
      const steps = runs.get(run)?.steps ?? new Map<string, SeenMessage>();
      for (const message of sim.thread(CHANNEL, root.ts))
        if (message.text.startsWith('Step ')) steps.set(`s${numberOf(message)}`, message);
      runs.set(run, { root, steps });
    }
    return [...runs].map(([run, { root, steps }]) => ({
      run,
      ended: isOver(root),
      steps: [...steps].map(([step, message]) => seenStep(`${run} ${step}`, step, message)),
    }));
  };
  const seenStep = (name: string, step: string, message: SeenMessage): SeenStep => {
    const words = message.text.split(':')[0] ?? '';
    return {
      step,
      ran: /is done/.test(words) && !unknown.has(name),
      notRun: /was not run|waits for approval|was skipped|refused/.test(words),
      unknown: unknown.has(name),
      reruns: reruns.get(name)?.size ?? 0,
    };
  };

  const working = setInterval(() => {
    look();
    const now = sim
      .messages(CHANNEL)
      .filter(({ visibleTo }) => visibleTo === null)
      .map(({ ts, text }) => `${ts} ${text}`)
      .join('\n');
    if (now !== last) changedAt = Date.now();
    last = now;
  }, LOOK_MS);
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setInterval(() => {
        if (!holds() && Date.now() - changedAt < STUCK_MS) return;
        clearInterval(timer);
        resolve();
      }, LOOK_MS);
    });
  return {
    done: until(() => posts.size === runs && ended() === runs),
    async settled() {
      await until(() => seen().every(({ ended: over }) => over));
      clearInterval(working);
    },
    ended,
    seen,
  };
}

const titleOf = ({ text, blocks }: SeenMessage): string =>
  /Chaos \d+/.exec(`${text} ${JSON.stringify(blocks)}`)?.[0] ?? '';
const runOf = (blocks: readonly object[]): string | null =>
  /Run ([0-9A-Z]{4,32}), started/.exec(JSON.stringify(blocks))?.[1] ?? null;
const numberOf = ({ text }: SeenMessage): string => /^Step (\d+)/.exec(text)?.[1] ?? '';
