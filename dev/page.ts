/** Connects a pager and works a page in Slack as people would: the commands, the card, the form. */
import { randomBytes } from 'node:crypto';
import { type RunId, runId } from '../src/protocol/ids.ts';
import { ACTIONS } from '../src/slack/actions.ts';
import { type Pager, startPager } from './pagerduty.ts';
import type { Control, SeenMessage, SeenView } from './slack/control.ts';
import type { Simulator } from './slack/server.ts';

const CHANNEL = 'ops';
const LIMIT_MS = 60_000;

/** An admin sets the pager's secret with `/runbook pagerduty`, reads the address there, and brings pages to the channel. */
export async function connectPager(sim: Control, as: string): Promise<Pager> {
  const secret = randomBytes(32).toString('base64');
  const admin = sim.act(as);
  await admin.slash(CHANNEL, '/runbook pagerduty');
  const form = await modal(sim, as, 'the form for the secret');
  const url = /https?:\/\/[^"\s]+\/webhooks\/pagerduty\/\w+/.exec(JSON.stringify(form.blocks))?.[0];
  if (!url) throw new Error('The form names no address for the webhook.');
  await admin.submit(form.id, { secret });
  await admin.slash(CHANNEL, '/runbook pages');
  return startPager({ url, secrets: [secret] });
}

/** Presses Start on the card of a page, fills in what the page did not, sends the form, and gives back the new run. */
export async function startFromCard(
  sim: Simulator,
  title: string,
  values: Readonly<Record<string, string>>,
  as: string,
): Promise<RunId> {
  const card = await cardOf(sim, title, ACTIONS.startFromPage);
  await sim.act(as).click(CHANNEL, card.ts, ACTIONS.startFromPage);
  const form = await modal(sim, as, 'the form');
  const wanted = form.blocks.flatMap(({ type, block_id }) => (type === 'input' ? [String(block_id)] : []));
  const typed = Object.entries(values).filter(([name]) => wanted.includes(name));
  await sim.act(as).submit(form.id, Object.fromEntries(typed));
  const errors = sim.views(as).at(-1)?.errors ?? {};
  if (Object.keys(errors).length > 0)
    throw new Error(`The run could not be started: ${JSON.stringify(errors)}`);
  const named = await cardOf(sim, title, 'started run');
  return runId(/started run ([0-9A-Z]+)/.exec(JSON.stringify(named.blocks))?.[1] ?? '');
}

/** The card of the page with this title, once it holds `words`: an action or a part of its text. */
export function cardOf(sim: Control, title: string, words: string): Promise<SeenMessage> {
  const found = () =>
    sim.messages(CHANNEL).findLast(({ text, blocks }) => {
      const all = JSON.stringify(blocks);
      return text.startsWith('Page') && all.includes(title) && all.includes(words);
    });
  return sim.waitFor(found, { timeoutMs: LIMIT_MS, what: `the card with ${words}` });
}

const modal = (sim: Control, as: string, what: string): Promise<SeenView> =>
  sim.waitFor(() => sim.views(as).at(-1), { timeoutMs: LIMIT_MS, what });
