import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Simulator } from '../../../dev/slack/server.ts';
import { describeWithBrowser, launchBrowser } from '../../support/browser.ts';
import { openApp, startQuiet, startSampleApp } from './sample-app.ts';

describeWithBrowser('the page in a browser', () => {
  let sim: Simulator;
  let app: Awaited<ReturnType<typeof startSampleApp>>;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    sim = await startQuiet({ exampleText: '1. Look\n```\nkubectl get pods\n```', bundleAtStart: true });
    app = await startSampleApp(sim);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(sim.url) && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await app.stop();
    await sim.close();
  });

  test('a first visitor pastes, turns, is refused as an outsider, confirms by typing and approves', async () => {
    await page.goto(sim.url);
    await page.getByRole('button', { name: 'Paste an example runbook' }).click();
    await page.getByLabel('Message #ops').press('Enter');
    const message = page.getByRole('article').first();
    await message.hover();
    await message.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Turn into runbook' }).click();
    await page.getByRole('button', { name: '1 reply' }).click();

    await page.getByRole('button', { name: 'Abort run' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Keep it' }).click();
    expect(sim.deliveries().some((one) => one.payload.type === 'block_actions')).toBe(false);
    await page.getByRole('button', { name: 'Abort run' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Abort run' }).click();
    const modal = page.getByRole('dialog', { name: 'Confirm abort' });
    await modal.getByLabel('Type payments-api').fill('payments');
    await modal.getByRole('button', { name: 'Abort run' }).click();
    await modal.getByRole('alert').getByText('Type payments-api to confirm.').waitFor();
    await modal.getByRole('button', { name: 'Cancel' }).click();
    await modal.waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'eve' }).click();
    await page.getByRole('button', { name: 'eve', pressed: true }).waitFor();
    await page.getByRole('button', { name: 'Approve step 1' }).click();
    await page.getByText('Only visible to you').waitFor();

    await page.getByRole('button', { name: 'bob' }).click();
    await page.getByRole('button', { name: 'bob', pressed: true }).waitFor();
    await page.getByRole('button', { name: 'Approve step 1' }).click();
    await page.getByText('Approved by @bob').waitFor();
    expect(await page.getByText('Only visible to you').count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 60_000);

  test('text of an app is drawn as Slack draws it, and never as markup', async () => {
    await app.client.chat.postMessage({
      channel: 'C0PAY00001',
      text: 'plain',
      blocks: [
        {
          type: 'section',
          text: { type: 'mrkdwn', text: '# not a heading *bold* &lt;img src=x&gt; `*code*` a*b*c' },
        },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: '<javascript:alert(1)|link> <https://a.example|good>' },
        },
      ],
    });
    await page.goto(`${sim.url}?as=alice&channel=payments`);
    const message = page.getByRole('article').first();
    await message.waitFor();
    expect(await message.locator('.mrkdwn').first().textContent()).toBe(
      '# not a heading bold <img src=x> *code* a*b*c',
    );
    expect(await message.locator('img').count()).toBe(0);
    expect(
      await message.locator('a').evaluateAll((all) => all.map((one) => one.getAttribute('href'))),
    ).toEqual(['https://a.example']);
    expect(complaints).toEqual([]);
  }, 60_000);

  test('a modal’s menus of people, channels and options are drawn and sent', async () => {
    await page.goto(`${sim.url}?as=bob&channel=payments`);
    await page.getByRole('button', { name: 'bob', pressed: true }).waitFor();
    const earlier = sim.deliveries().length;
    await sim.act('bob').slash('payments', '/runbook help');
    const { trigger_id } = sim.deliveries().at(-1)?.payload ?? {};
    await app.client.views.open({ trigger_id: String(trigger_id), view: memberModal });
    const modal = page.getByRole('dialog', { name: 'Members' });
    await modal.waitFor();
    const people = modal.getByLabel('Person');
    expect(await people.locator('option').allTextContents()).not.toContain('@dan');
    await people.selectOption({ label: '@alice' });
    await modal.getByLabel('Channel').selectOption({ label: '#general' });
    expect(await modal.getByLabel('Role').inputValue()).toBe('viewer');
    await modal.getByLabel('Role').selectOption('approver');
    await modal.getByRole('combobox', { name: 'Show another' }).selectOption({ label: '@gus' });
    const used = () =>
      sim
        .deliveries()
        .slice(earlier)
        .flatMap(({ payload }) => payload.actions ?? []);
    await sim.waitFor(() => used().length === 2);
    expect(used()).toMatchObject([
      { action_id: 'role', selected_option: { value: 'approver' } },
      { action_id: 'look', selected_user: 'U0GUS00001' },
    ]);
    await modal.getByRole('button', { name: 'Save' }).click();
    const submitted = () => {
      const { payload } = sim.deliveries().at(-1) ?? {};
      return payload?.type === 'view_submission' && payload;
    };
    expect(await sim.waitFor(submitted)).toMatchObject({
      view: {
        state: {
          values: {
            who: { person: { selected_user: 'U0AL1CE001' } },
            where: { place: { selected_conversation: 'C0GEN00001' } },
            what: { role: { selected_option: { value: 'approver' } } },
          },
        },
      },
    });
    expect(complaints).toEqual([]);
  }, 60_000);

  test('a second workspace is installed by hand, looked at, and left again', async () => {
    const other = await openApp(sim);
    await page.goto(sim.url);
    await page.getByRole('button', { name: 'alice', pressed: true }).waitFor();
    expect(await page.getByText('Workspaces').count()).toBe(0);
    sim.installUrl = other.installUrl;
    await page.getByRole('button', { name: 'Acme' }).click();
    await page.getByText('dd0c/run is not installed in Acme').waitFor();
    await page.getByRole('button', { name: 'wanda', pressed: true }).waitFor();
    await page.getByRole('link', { name: 'Install the app' }).click();
    await page.getByRole('heading', { name: 'dd0c/run is requesting permission' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('not installed', { exact: true }).waitFor();
    expect(sim.team('acme').installation()).toBeNull();

    await page.goto(other.installUrl);
    await page.getByLabel('Walt Brandt').check();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('installed', { exact: true }).waitFor();
    expect(sim.team('acme').installation()?.installedBy).toBe('U0WALT0001');
    await page.goto(`${sim.url}?team=acme&as=walt`);
    await page.getByLabel('Message #ops').fill('hello Acme');
    await page.getByLabel('Message #ops').press('Enter');
    await page.getByRole('article').getByText('hello Acme').waitFor();
    expect(await page.getByRole('link', { name: 'Install the app' }).count()).toBe(0);
    await page.getByRole('button', { name: 'dd0c demo' }).click();
    await page.getByRole('button', { name: 'alice', pressed: true }).waitFor();
    expect(await page.getByText('hello Acme').count()).toBe(0);
    await other.close();
    // The app's own pages, and its 403 after Cancel, are no complaints about the simulator's.
    const { origin } = new URL(other.installUrl);
    expect(complaints.filter((one) => !one.startsWith(origin) && !one.includes('403'))).toEqual([]);
  }, 60_000);
});

const words = (text: string) => ({ type: 'plain_text' as const, text });
const roles = ['viewer', 'approver'].map((value) => ({ text: words(value), value }));
const memberModal = {
  type: 'modal' as const,
  callback_id: 'confirm',
  title: words('Members'),
  submit: words('Save'),
  blocks: [
    {
      type: 'section' as const,
      text: words('Look at somebody else.'),
      accessory: { type: 'users_select' as const, action_id: 'look', placeholder: words('Show another') },
    },
    {
      type: 'input' as const,
      block_id: 'who',
      label: words('Person'),
      element: { type: 'users_select' as const, action_id: 'person' },
    },
    {
      type: 'input' as const,
      block_id: 'where',
      label: words('Channel'),
      element: { type: 'conversations_select' as const, action_id: 'place' },
    },
    {
      type: 'input' as const,
      block_id: 'what',
      dispatch_action: true,
      label: words('Role'),
      element: {
        type: 'static_select' as const,
        action_id: 'role',
        options: roles,
        ...(roles[0] ? { initial_option: roles[0] } : {}),
      },
    },
  ],
};
