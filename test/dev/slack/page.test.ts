import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Simulator } from '../../../dev/slack/server.ts';
import { describeWithBrowser, launchBrowser } from '../../support/browser.ts';
import { startQuiet, startSampleApp } from './sample-app.ts';

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
});
