import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeWithBrowser, launchBrowser } from '../support/browser.ts';
import { startTestInstance, type TestInstance } from './support.ts';

/** Where to leave pictures for a person to look at; none by default. */
const PICTURES = process.env.DD0C_PICTURES;

describeWithBrowser('a stranger at the page', () => {
  let instance: TestInstance;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    instance = await startTestInstance();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(20_000);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await instance?.end();
  }, 90_000);

  const picture = async (name: string) => {
    if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
  };
  const as = async (who: string) => {
    await page.getByRole('button', { name: who, exact: true }).click();
    await page.getByRole('button', { name: who, pressed: true }).waitFor();
  };
  const stepMessage = (words: string | RegExp): Locator =>
    page.getByRole('article').filter({ hasText: words }).last();
  const approve = async (number: number) => {
    await page.getByRole('button', { name: `Approve step ${number}`, exact: true }).click();
    await stepMessage(new RegExp(`Step ${number} of \\d+ is done`)).waitFor();
  };

  test('pastes the example, turns it into a runbook, starts it, approves, confirms a danger as somebody else, and stops everything', async () => {
    await page.goto(instance.simulator.url);
    await picture('1-empty');
    await page.getByRole('button', { name: 'Paste an example runbook' }).click();
    await page.getByLabel('Message #ops').press('Enter');
    const message = page.getByRole('article').first();
    await message.hover();
    await message.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Turn into runbook' }).click();
    await page.getByRole('button', { name: /1 reply/ }).click();
    await page.getByRole('button', { name: 'Start run' }).waitFor();
    await picture('2-preview');

    await page.getByRole('button', { name: 'Start run' }).click();
    const form = page.getByRole('dialog', { name: 'Start run' });
    await form.getByLabel('work_dir').fill('/tmp/dd0c-e2e-browser');
    await form.getByLabel('ledger').fill('/tmp/dd0c-e2e-browser.ledger');
    await picture('3-values');
    await form.getByRole('button', { name: 'Start run' }).click();
    await page.getByText('waits for approval').first().waitFor();
    await page
      .getByRole('article')
      .filter({ hasText: /started by/ })
      .getByRole('button', { name: /1 reply/ })
      .click();
    await page.getByRole('button', { name: 'Approve step 1', exact: true }).waitFor();
    await picture('4-first-step');
    await approve(1);
    await approve(2);
    await approve(3);
    await approve(4);
    await picture('5-output');
    expect(await stepMessage(/Step 4 of \d+ is done/).innerText()).toContain('/tmp/dd0c-e2e-browser/app');
    await approve(5);
    await approve(6);

    await page.getByRole('button', { name: 'Approve step 7 …' }).click();
    const confirm = page.getByRole('dialog', { name: 'Approve step 7' });
    await confirm.getByLabel(/Type .* to approve/).fill('/tmp/dd0c-e2e-browser/app/app.log');
    await confirm.getByRole('button', { name: 'Approve' }).click();
    await confirm.getByRole('alert').waitFor();
    await picture('6-own-danger');
    await confirm.getByRole('button', { name: 'Cancel' }).click();
    await as('bob');
    await page.getByRole('button', { name: 'Approve step 7 …' }).click();
    await confirm.getByLabel(/Type .* to approve/).fill('/tmp/dd0c-e2e-browser/app/app.log');
    await confirm.getByRole('button', { name: 'Approve' }).click();
    await stepMessage(/Step 7 of \d+ is done/).waitFor();

    await page.getByLabel('Message #ops').fill('/runbook panic');
    await page.getByLabel('Message #ops').press('Enter');
    await page.getByText('All runs are paused. No new step will start.').first().waitFor();
    await picture('7-paused');
  }, 120_000);
});
