/** Writes a marker into every place where people, pagers and commands can write anything, as they would: through Slack. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cardOf } from '../../dev/page.ts';
import { startPager } from '../../dev/pagerduty.ts';
import type { Control, SeenMessage, SeenView } from '../../dev/slack/control.ts';
import { button, postRunbook, runThread, startFromPreview } from '../../dev/walk.ts';
import { INSTALL_PATH } from '../../handlers/slack/install.ts';
import type { RunId } from '../../src/protocol/ids.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import type { Markers } from './markers.ts';
import { runbook, type TestInstance } from './support.ts';

const LIMIT = { timeoutMs: 20_000 };

/** Plants everything; the order is that of a day: an app, a runbook, a run, a page. */
export async function plantAll(instance: TestInstance, markers: Markers): Promise<void> {
  const { simulator: sim } = instance;
  const preview = await postRunbook(sim, runbookText(markers, outputFiles(markers)), 'alice');
  await refusedValue(sim, preview, markers);
  const value = markers.short('typed value');
  const run = await startFromPreview(sim, preview, { name: value }, 'alice');
  await walkRun(instance, sim, run, markers);
  await drafts(sim, markers);
  await words(sim, markers);
  await pages(instance, sim, markers);
  await members(sim);
  await secondWorkspace(instance, markers);
}

/** What a step prints is in files, so that it is in no command. Anybody may read them: the agent has its own account. */
function outputFiles(markers: Markers): { out: string; err: string } {
  const folder = mkdtempSync(join(tmpdir(), 'dd0c-printed-'));
  chmodSync(folder, 0o755);
  const [out, err] = [join(folder, 'out'), join(folder, 'err')];
  const lines = [markers.short('stdout'), markers.long('stdout, long')];
  writeFileSync(out, `${lines.join('\n')}\n`);
  const repeated = [markers.short('stderr'), markers.repeated('stderr, compressible')];
  writeFileSync(err, `${repeated.join('\n')}\n`);
  return { out, err };
}

const fence = (command: string) => `\`\`\`\n${command}\n\`\`\``;

function runbookText(m: Markers, { out, err }: { out: string; err: string }): string {
  const target = `/tmp/${m.short('typed confirmation')}`;
  return [
    `# Marked ${m.short('title')} ${m.long('title, long')}`,
    '## Prerequisites',
    `- Access to ${m.short('prerequisite')}\n- Access to ${m.long('prerequisite, long')}`,
    '## Steps',
    `1. Say ${m.short('description')} to <name>, for example \`${m.short('default of a variable')}\`.`,
    fence(`echo ${m.short('command')} <name>`),
    `Warning: do not forget ${m.short('warning')}. ${m.long('warning, long')}`,
    `2. Print it. ${m.repeated('description, compressible')} ${m.long('description, long')}`,
    fence(`cat ${out}; cat ${err} >&2`),
    '3. Say what is too long to be shown whole: a person does it.',
    fence(`echo ${m.long('command, long')} ${m.repeated('command, compressible')}`),
    '4. Remove the folder.',
    fence(`mkdir -p ${target} && rmdir ${target}`),
    '5. Wait.',
    fence('sleep 30'),
  ].join('\n\n');
}

const modalOf = (sim: Control, who: string): Promise<SeenView> =>
  sim.waitFor(() => sim.views(who).at(-1), { ...LIMIT, what: `a form of ${who}` });

/** A value that the form gives back. */
async function refusedValue(sim: Control, preview: SeenMessage, m: Markers): Promise<void> {
  await sim.act('alice').click('ops', preview.ts, ACTIONS.startRun);
  const form = await modalOf(sim, 'alice');
  await sim.act('alice').submit(form.id, { name: `${m.short('refused value')}; id` });
  await sim.act('alice').close(form.id);
}

async function walkRun(instance: TestInstance, sim: Control, run: RunId, markers: Markers): Promise<void> {
  const step = (number: number, words: RegExp) =>
    sim.waitFor(
      () =>
        runThread(sim, run).find(
          ({ text }) => text.startsWith(`Step ${number} of`) && words.test(text.split(':')[0] ?? ''),
        ),
      { ...LIMIT, what: `step ${number} ${words}` },
    );
  const approve = async (number: number) => {
    const { ts } = await step(number, /waits for approval/);
    await sim.act('bob').click('ops', ts, ACTIONS.approveStep);
  };
  for (const number of [1, 2]) await approve(number);
  const byHand = await step(3, /is for a person/);
  await sim.act('bob').click('ops', byHand.ts, ACTIONS.doneStep);
  const dangerous = await step(4, /waits for approval/);
  await sim.act('bob').click('ops', dangerous.ts, ACTIONS.confirmStep);
  const confirm = await modalOf(sim, 'bob');
  await sim.act('bob').submit(confirm.id, { typed: markers.short('wrong confirmation') });
  await sim.act('bob').submit(confirm.id, { typed: `/tmp/${markers.texts.get('typed confirmation') ?? ''}` });
  await approve(5);
  await step(5, /is running/);
  const pid = instance.agent?.pid;
  if (pid) process.kill(pid, 'SIGKILL');
  const lost = await step(5, /unknown outcome/);
  await sim.act('bob').click('ops', lost.ts, ACTIONS.markFailed);
  const form = await modalOf(sim, 'bob');
  const reason = `The host says ${markers.short('reason of an unknown outcome')}.`;
  await sim.act('bob').submit(form.id, { reason });
  await sim.waitFor(() => /Failed/.test(runThread(sim, run)[0]?.text ?? ''), {
    ...LIMIT,
    what: 'the end of the run',
  });
}

/** A draft that nobody looks at again, one that is put away, one from the form, and a text with nothing to run. */
async function drafts(sim: Control, m: Markers): Promise<void> {
  const text = runbook(`Left ${m.short('abandoned draft')}`, `echo ${m.long('abandoned draft, long')}`);
  await postRunbook(sim, text, 'bob');
  const away = await postRunbook(sim, runbook(`Away ${m.short('discarded draft')}`, 'echo x'), 'bob');
  await sim.act('bob').click('ops', away.ts, ACTIONS.discardRunbook);
  await postRunbook(sim, `Nothing to run here: ${m.short('text without a command')}.`, 'bob');
  await sim.act('bob').slash('ops', '/runbook new');
  const form = await modalOf(sim, 'bob');
  const typed = m.short('runbook from the form');
  await sim.act('bob').submit(form.id, { text: runbook(`Typed ${typed}`, 'echo y') });
  const whole = (message: SeenMessage) =>
    JSON.stringify(message.blocks).includes(typed) && button(message, ACTIONS.startRun);
  await sim.waitFor(() => sim.messages('ops').some(whole), { ...LIMIT, what: 'the typed runbook' });
}

/** What can follow `/runbook`. */
async function words(sim: Control, m: Markers): Promise<void> {
  await sim.act('alice').slash('ops', `/runbook ${m.short('unknown subcommand')}`);
  await sim.act('alice').slash('ops', `/runbook list ${m.short('search word')}`);
  await sim.act('alice').slash('ops', `/runbook pages ${m.short('service of a channel')}`);
  await sim.act('alice').slash('ops', '/runbook pages');
}

async function pages(instance: TestInstance, sim: Control, m: Markers): Promise<void> {
  await sim.act('alice').slash('ops', '/runbook pagerduty');
  const form = await modalOf(sim, 'alice');
  const secret = m.short('signing secret');
  await sim.act('alice').submit(form.id, { secret });
  const url = `${instance.url}/webhooks/pagerduty/${sim.teamId}`;
  const pager = startPager({ url, secrets: [secret] });
  const title = `DiskFull ${m.short('title of a page')}`;
  const page = {
    id: m.short('id of a page'),
    eventId: m.short('id of an event'),
    title,
    service: `shop ${m.short('service of a page')}`,
    priority: m.short('priority of a page'),
    url: `https://example.pagerduty.com/incidents/${m.short('url of a page')}`,
  };
  await pager.trigger(page);
  await cardOf(instance.simulator, title, ACTIONS.chooseRunbook);
  await pager.acknowledge({ ...page, eventId: 'E2', by: m.short('person at the pager') });
  await pager.send('incident.annotated', { ...page, eventId: 'E3', title: m.long('event that is ignored') });
  await pager.deliver(JSON.stringify({ event: m.long('event that cannot be read') }));
  const forger = startPager({ url, secrets: ['not-the-secret-of-anybody'] });
  await forger.trigger({ title: m.short('forged page') });
  await cardOf(instance.simulator, title, 'Acknowledged');
}

/** The form has menus and no box, so there is nothing of one's own to write; it is sent all the same. */
async function members(sim: Control): Promise<void> {
  await sim.act('alice').slash('ops', '/runbook members');
  const form = await modalOf(sim, 'alice');
  await sim.act('alice').submit(form.id, { person: 'bob', role: 'approver' });
  await sim.act('alice').close(form.id);
}

/** The second workspace brings a token of its own, and a text under another data key. */
async function secondWorkspace({ simulator, url }: TestInstance, m: Markers): Promise<void> {
  await simulator.install('acme', 'wanda', `${url}${INSTALL_PATH}`);
  const acme = simulator.team('acme');
  const text = runbook(`Acme ${m.short('second workspace')}`, `echo ${m.long('second workspace, long')}`);
  const preview = await postRunbook(acme, text, 'wanda');
  await acme.act('wanda').click('ops', preview.ts, ACTIONS.saveRunbook);
  await acme.waitFor(() => JSON.stringify(acme.messages('ops')).includes('Saved by'), LIMIT);
}
