import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import bolt from '@slack/bolt';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../dev/slack/server.ts';

export const SECRET = 'test-signing-secret';

/** A simulator for one test, on a free port. */
export function startQuiet(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  return startSimulator({ port: 0, signingSecret: SECRET, environment: 'test', ...options });
}

/** What an app sent to /oauth/v2/authorize, in the end, besides its client_id and redirect_uri. */
type AskOptions = Readonly<Record<string, string>>;

/**
 * An app as small as OAuth lets it be: `/install` sends to the consent page with a state in a cookie, `/callback` compares the
 * two and exchanges the code; everything else is a request of Slack's and gets 200. It remembers what it was sent.
 */
export async function openApp(sim: Simulator, ask: AskOptions = {}) {
  const requests: { path: string; body: string }[] = [];
  const callbacks: URLSearchParams[] = [];
  const answers: Record<string, unknown>[] = [];
  const state = 'state +&=%25 ✓';
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/install') {
      const query = new URLSearchParams({
        client_id: sim.clientId,
        scope: 'commands,chat:write,users:read,reactions:read',
        redirect_uri: redirectUri,
        state,
        ...ask,
      });
      const cookie = `state=${encodeURIComponent(state)}; Path=/callback; HttpOnly; Secure; SameSite=Lax`;
      response.writeHead(302, { location: `${sim.authorizeUrl}?${query}`, 'set-cookie': cookie }).end();
    } else if (url.pathname === '/callback') {
      callbacks.push(url.searchParams);
      const expected = `state=${encodeURIComponent(url.searchParams.get('state') ?? '')}`;
      const code = url.searchParams.get('code');
      if (request.headers.cookie !== expected || code === null) response.writeHead(403).end('not installed');
      else {
        const answer = await exchange({ code, redirect_uri: redirectUri });
        answers.push(answer);
        response.writeHead(answer.ok ? 200 : 403).end(answer.ok ? 'installed' : String(answer.error));
      }
    } else {
      requests.push({ path: url.pathname, body: await bodyOf(request) });
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = `${origin}/callback`;
  const exchange = (fields: Record<string, string>) =>
    postForm(`${sim.apiUrl}oauth.v2.access`, {
      client_id: sim.clientId,
      client_secret: sim.clientSecret,
      ...fields,
    });
  sim.connect(`${origin}/slack/events`);
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return {
    installUrl: `${origin}/install`,
    redirectUri,
    state,
    requests,
    callbacks,
    answers,
    exchange,
    close,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

/** Posts a form and reads the JSON that comes back. */
export async function postForm(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers });
  return JSON.parse(await response.text());
}

/** A small Bolt app wired to a simulator: a shortcut, a command, a message with buttons, a modal, a reaction. */
export async function startSampleApp(sim: Simulator) {
  const app = new bolt.App({
    token: sim.token,
    signingSecret: SECRET,
    logLevel: bolt.LogLevel.ERROR,
    clientOptions: { slackApiUrl: sim.apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
  });
  wireSampleApp(app);
  const server = await app.start(0);
  sim.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return app;
}

/** What the small app does, however its requests reach it. */
export function wireSampleApp(app: bolt.App): void {
  app.shortcut('turn_into_runbook', async ({ ack, body, client }) => {
    await ack();
    if (body.type !== 'message_action') return;
    await client.chat.postMessage({
      channel: body.channel.id,
      thread_ts: body.message_ts,
      text: `Found ${(body.message.text ?? '').length} characters`,
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text: '*Step 1 of 1: waiting for approval*' } },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_preformatted',
              elements: [{ type: 'text', text: 'kubectl rollout restart deploy/payments-api' }],
            },
          ],
        },
        {
          type: 'actions',
          block_id: 'step-1',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              style: 'primary',
              value: 'v1.one',
              text: { type: 'plain_text', text: 'Approve step 1' },
            },
            {
              type: 'button',
              action_id: 'abort',
              style: 'danger',
              text: { type: 'plain_text', text: 'Abort run' },
              confirm: {
                title: { type: 'plain_text', text: 'Abort this run?' },
                text: { type: 'plain_text', text: 'No further step will start.' },
                confirm: { type: 'plain_text', text: 'Abort run' },
                deny: { type: 'plain_text', text: 'Keep it' },
                style: 'danger',
              },
            },
          ],
        },
      ],
    });
  });
  app.action('approve', async ({ ack, body, client, respond }) => {
    await ack();
    if (body.type !== 'block_actions' || !body.channel || !body.message) return;
    if (body.user.team_id !== body.team?.id) {
      await respond({ text: 'Only members of this workspace may approve.', replace_original: false });
      return;
    }
    await client.chat.update({
      channel: body.channel.id,
      ts: body.message.ts,
      text: `Approved by ${body.user.id}`,
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: `Approved by <@${body.user.id}>` } }],
    });
  });
  app.action('abort', async ({ ack, body, client }) => {
    await ack();
    if (body.type !== 'block_actions') return;
    await client.views.open({ trigger_id: body.trigger_id, view: confirmModal });
  });
  app.action(/^(look|role)$/, async ({ ack }) => ack());
  app.view('confirm', async ({ ack, view }) => {
    const typed = view.state.values.name?.typed?.value;
    if (typed === 'payments-api') await ack();
    else await ack({ response_action: 'errors', errors: { name: 'Type payments-api to confirm.' } });
  });
  app.command('/runbook', async ({ ack, command }) => {
    await ack(`You said: ${command.text}`);
  });
  app.event('reaction_added', async ({ event, client }) => {
    await client.chat.postMessage({ channel: event.item.channel, text: `Paused by <@${event.user}>` });
  });
}

const confirmModal = {
  type: 'modal' as const,
  callback_id: 'confirm',
  title: { type: 'plain_text' as const, text: 'Confirm abort' },
  submit: { type: 'plain_text' as const, text: 'Abort run' },
  close: { type: 'plain_text' as const, text: 'Cancel' },
  blocks: [
    {
      type: 'section' as const,
      text: { type: 'mrkdwn' as const, text: 'This stops the run. It cannot be continued.' },
    },
    {
      type: 'input' as const,
      block_id: 'name',
      label: { type: 'plain_text' as const, text: 'Type payments-api to confirm' },
      element: { type: 'plain_text_input' as const, action_id: 'typed', max_length: 253 },
    },
    {
      type: 'input' as const,
      block_id: 'why',
      optional: true,
      label: { type: 'plain_text' as const, text: 'Reason, kept in the audit log' },
      element: { type: 'plain_text_input' as const, action_id: 'reason', multiline: true },
    },
  ],
};
