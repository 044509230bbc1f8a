/** The Slack handlers behind a real HTTP server on loopback; Slack, the log's storage and the agent are fakes. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSlackApp, SLACK_PATH } from '../../../handlers/slack/app.ts';
import type { SlackDeps } from '../../../handlers/slack/deps.ts';
import { agentRef, runbookRef, runRef } from '../../../src/audit/streams.ts';
import type { Installation } from '../../../src/platform/workspaces.ts';
import { runbookId, runId, type TenantId } from '../../../src/protocol/ids.ts';
import { runKind } from '../../../src/run/kind.ts';
import type { RunState } from '../../../src/run/run.ts';
import { type RunbookState, runbookKind } from '../../../src/runbook/stream.ts';
import { agentKind } from '../../../src/tenant/agent.ts';
import {
  ABE,
  ADA,
  AGENT,
  ALICE,
  admin,
  BOB,
  CHANNEL,
  member,
  RUN,
  RUNBOOK,
  TENANT,
} from '../../support/builders.ts';
import {
  fakeDirectory,
  fakeLogger,
  fakeRegistry,
  fakeScanner,
  fakeSlack,
  memoryLog,
  testBundle,
  testKey,
} from '../../support/fakes.ts';

const SECRET = 'a-signing-secret-for-tests';
const PEOPLE = [member(ALICE), member(BOB), admin(ADA), admin(ABE)];

export interface Sent {
  readonly status: number;
  readonly text: string;
}

interface Signing {
  readonly secret?: string;
  /** Seconds that the timestamp is off from now. */
  readonly skew?: number;
  readonly headers?: Record<string, string | undefined>;
}

/** As one workspace installed us, with a token that is its own. */
export const installation = (tenant: TenantId, overrides: Partial<Installation> = {}): Installation => ({
  tenant,
  appId: 'A1',
  botUserId: 'UBOT',
  token: `xoxb-${tenant}`,
  scopes: [],
  installedBy: ADA,
  installedAt: Date.now(),
  ...overrides,
});

/** Which workspaces have installed us, in memory; `accepted` is what Slack says of every token. */
export function memoryWorkspaces(...installed: readonly Installation[]) {
  const kept = new Map(installed.map((one) => [one.tenant, one]));
  const slack = { accepted: true };
  return {
    kept,
    slack,
    find: async (tenant: TenantId) => kept.get(tenant) ?? null,
    remove: async (tenant: TenantId) => (kept.delete(tenant) ? { panicEpoch: 7 } : null),
    accepts: async () => slack.accepted,
  };
}

/** One server for one test; `close` it. */
export async function startWorld(overrides: Partial<SlackDeps> = {}) {
  const { log, put, size } = memoryLog();
  const directory = fakeDirectory(PEOPLE);
  const { slack, calls } = fakeSlack(directory);
  const { logger, lines } = fakeLogger();
  const seen = new Set<string>();
  let ids = 0;
  const deps: SlackDeps = {
    log,
    directory,
    slack,
    logger,
    tenant: TENANT,
    registry: fakeRegistry(),
    scanner: fakeScanner,
    dispatchKey: testKey(1),
    approveKey: testKey(2),
    bundle: testBundle,
    trust: 'copilot',
    clock: { now: () => Date.now() }, // Bolt compares with the time of day and takes no other clock
    newId: () => `NEW${String(++ids).padStart(7, '0')}`,
    nonce: () => Buffer.alloc(16).toString('base64url'),
    onPause: () => undefined,
    findMessage: async () => null,
    seenBefore: async (signature) => seen.size === seen.add(signature).size,
    ...overrides,
  };
  const workspaces = memoryWorkspaces(installation(TENANT));
  /** Every workspace's deps; the first is there from the start. */
  const tenants = new Map<TenantId, SlackDeps>([[TENANT, deps]]);
  const at = async (tenant: TenantId) => (workspaces.kept.has(tenant) ? (tenants.get(tenant) ?? null) : null);
  const app = createSlackApp(at, {
    workspaces,
    signingSecret: SECRET,
    appId: 'A1',
    clock: deps.clock,
    logger,
  });
  const server = createServer((req, res) => app.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${SLACK_PATH}`;
  const profiles = [{ name: 'default', digest: 'b'.repeat(64) }];
  const description = {
    hostName: 'h',
    version: '1',
    rulesetVersion: 'test',
    rulesetSha256: 'a'.repeat(64),
    policySha256: '',
    profiles,
    pausedBecause: '',
  };
  put(agentKind, agentRef(TENANT, AGENT), { agentId: AGENT, epoch: 1, publicKey: '', description });

  const post = async (
    type: string,
    body: string,
    { secret = SECRET, skew = 0, headers = {} }: Signing = {},
  ): Promise<Sent> => {
    const stamp = String(Math.floor(Date.now() / 1000) + skew);
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`;
    const all = {
      'content-type': type,
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': signature,
      ...headers,
    };
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const answer = await fetch(url, { method: 'POST', body, headers: given });
    return { status: answer.status, text: await answer.text() };
  };
  const form = (fields: Record<string, string>, signing?: Signing) =>
    post('application/x-www-form-urlencoded', new URLSearchParams(fields).toString(), signing);
  const payload = (value: object, signing?: Signing) => form({ payload: JSON.stringify(value) }, signing);
  const team = { id: TENANT as string, domain: 'test' };

  return {
    deps,
    url,
    tenants,
    workspaces,
    calls,
    lines,
    recorded: size,
    put,
    post,
    form,
    payload,
    /** `/runbook …` */
    command: (text: string, { user = BOB as string, signing }: { user?: string; signing?: Signing } = {}) =>
      form(
        {
          command: '/runbook',
          text,
          team_id: team.id,
          user_id: user,
          channel_id: CHANNEL,
          trigger_id: 't.1',
          api_app_id: 'A1',
        },
        signing,
      ),
    /** Somebody presses a button. */
    press: (
      action_id: string,
      value: string,
      {
        user = BOB as string,
        teamId = team.id,
        signing,
      }: { user?: string; teamId?: string; signing?: Signing } = {},
    ) =>
      payload(
        {
          type: 'block_actions',
          team: { ...team, id: teamId },
          user: { id: user, team_id: teamId },
          api_app_id: 'A1',
          trigger_id: 't.2',
          container: { type: 'message', channel_id: CHANNEL, message_ts: '1.2', thread_ts: '1.1' },
          channel: { id: CHANNEL },
          actions: [{ type: 'button', action_id, block_id: 'b', value, action_ts: '1.3' }],
        },
        signing,
      ),
    /** Somebody sends a form; what is not a text is the state of its menu. */
    submit: (
      callback_id: string,
      about: object,
      boxes: Record<string, string | object>,
      user: string = BOB,
    ) =>
      payload({
        type: 'view_submission',
        team,
        user: { id: user, team_id: team.id },
        api_app_id: 'A1',
        view: {
          id: 'V1',
          type: 'modal',
          callback_id,
          private_metadata: JSON.stringify(about),
          state: {
            values: Object.fromEntries(
              Object.entries(boxes).map(([id, value]) => [
                id,
                { value: typeof value === 'string' ? { type: 'plain_text_input', value } : value },
              ]),
            ),
          },
        },
      }),
    /** “Turn into runbook” on a message. */
    shortcut: (text: string, callback_id = 'turn_into_runbook') =>
      payload({
        type: 'message_action',
        callback_id,
        team,
        user: { id: BOB, team_id: team.id },
        channel: { id: CHANNEL },
        trigger_id: 't.3',
        message_ts: '5.6',
        message: { type: 'message', ts: '5.6', text },
      }),
    /** Somebody reacts to a message. */
    react: (
      reaction: string,
      item: object = { type: 'message', channel: CHANNEL, ts: '7.8' },
      teamId = team.id,
    ) =>
      post(
        'application/json',
        JSON.stringify({
          type: 'event_callback',
          team_id: teamId,
          api_app_id: 'A1',
          event_id: 'Ev1',
          event_time: 1,
          authorizations: [{ team_id: teamId, user_id: 'UBOT', is_bot: true }],
          event: { type: 'reaction_added', user: BOB, reaction, item, item_user: ALICE, event_ts: '9.9' },
        }),
      ),
    putRun: (state: RunState) => put(runKind, runRef(TENANT, RUN), state),
    putRunbook: (state: RunbookState, id = RUNBOOK) =>
      put(runbookKind, runbookRef(TENANT, runbookId(id)), state),
    run: async (id: string = RUN) => (await log.load(runKind, runRef(TENANT, runId(id))))?.state,
    runbook: async (id: string = RUNBOOK) =>
      (await log.load(runbookKind, runbookRef(TENANT, runbookId(id))))?.state,
    whispers: () => calls.flatMap((call) => (call.method === 'whisper' ? [call.text] : [])),
    views: () => calls.flatMap((call) => (call.method === 'view' ? [call.view] : [])),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Waits for work that goes on after the acknowledgement. */
export async function eventually<T>(read: () => T | Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const until = Date.now() + 3_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > until) throw new Error(`Did not come to be: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
