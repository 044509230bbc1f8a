import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Actor } from './actor.ts';
import type { Control } from './control.ts';
import { isOurs } from './people.ts';
import type { Platform } from './platform.ts';
import type { Pulse } from './pulse.ts';
import type { Answer, Workspace } from './state.ts';

const target = z.object({
  actionId: z.string(),
  blockId: z.string().optional(),
  value: z.string().optional(),
});
const filled = z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()])).default({});
const at = { as: z.string(), channel: z.string(), ts: z.string() };

/** What the page (or anything that speaks HTTP on this machine) may do: the methods of Actor, by name. */
const Act = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('post'),
    as: z.string(),
    channel: z.string(),
    text: z.string(),
    threadTs: z.string().nullish(),
  }),
  z.object({ act: z.literal('slash'), as: z.string(), channel: z.string(), line: z.string() }),
  z.object({ act: z.literal('shortcut'), ...at, callbackId: z.string() }),
  z.object({ act: z.literal('click'), ...at, target }),
  z.object({ act: z.literal('react'), ...at, emoji: z.string() }),
  z.object({ act: z.literal('unreact'), ...at, emoji: z.string() }),
  z.object({ act: z.literal('clickInView'), as: z.string(), viewId: z.string(), target, filled }),
  z.object({ act: z.literal('submit'), as: z.string(), viewId: z.string(), filled }),
  z.object({ act: z.literal('close'), as: z.string(), viewId: z.string() }),
]);

/** The workspace an act is done in, by its key; the first one when it is not said. */
const Where = z.object({ team: z.string().optional() });

/** Carries out one act of the page. Throws ZodError for another shape and Error for what no client could do. */
export async function perform(
  controlOf: (team: string | undefined) => Control,
  json: unknown,
): Promise<Answer & { ts?: string }> {
  const { team } = Where.parse(json);
  const act = Act.parse(json);
  return carryOut(controlOf(team).act(act.as), act);
}

async function carryOut(actor: Actor, act: z.infer<typeof Act>): Promise<Answer & { ts?: string }> {
  switch (act.act) {
    case 'post':
      return {
        status: 0,
        body: null,
        shown: null,
        ts: actor.post(act.channel, act.text, act.threadTs ?? null),
      };
    case 'slash':
      return actor.slash(act.channel, act.line);
    case 'shortcut':
      return actor.shortcut(act.channel, act.ts, act.callbackId);
    case 'click':
      return actor.click(act.channel, act.ts, act.target);
    case 'react':
      return actor.react(act.channel, act.ts, act.emoji);
    case 'unreact':
      actor.unreact(act.channel, act.ts, act.emoji);
      return { status: 0, body: null, shown: null };
    case 'clickInView':
      return actor.clickInView(act.viewId, act.target, act.filled);
    case 'submit':
      return actor.submit(act.viewId, act.filled);
    case 'close':
      return actor.close(act.viewId);
    default: {
      const never: never = act;
      return never;
    }
  }
}

/** One workspace as one person looks at it: `who` by name or id, or '' for the first of those the page offers. */
export interface Look {
  readonly platform: Platform;
  readonly control: Control;
  readonly workspace: Workspace;
  readonly revision: number;
  readonly exampleText: string;
  readonly who: string;
}

/** Everything the page draws. The other workspaces are in it once the app is, or can be, installed in them. */
export function pageState({ platform, control, workspace, revision, exampleText, who }: Look) {
  const { team } = workspace;
  const { manifest, installUrl } = platform;
  const me = control.person(who === '' ? (team.actAs[0] ?? '') : who);
  const isInstalled = workspace.installation !== null;
  const hasApp = isInstalled && isOurs(team, me);
  return {
    revision,
    team: team.key,
    workspace: team.name,
    teams: platform.workspaces
      .filter((one) => one === workspace || one.installation !== null || installUrl !== null)
      .map((one) => ({ key: one.team.key, name: one.team.name, isInstalled: one.installation !== null })),
    isInstalled,
    installUrl,
    app: manifest.name,
    me: me.id,
    people: team.people.map(({ id, name, realName, color, note, isBot, deleted }) => ({
      id,
      name,
      realName,
      color,
      note,
      isBot,
      deleted,
    })),
    actAs: team.actAs.map((name) => control.person(name).id),
    commands: hasApp ? manifest.commands : [],
    shortcuts: hasApp ? manifest.shortcuts : [],
    exampleText,
    conversations: team.channels.map(({ id, name }) => ({ id, name })),
    channels: team.channels
      .filter((one) => one.hasBot)
      .map(({ id, name, topic }) => ({
        id,
        name,
        topic,
        messages: control.messages(id, { as: me.id }).map(({ versions: _versions, ...message }) => message),
      })),
    views: control.views(me.id),
  };
}
/** What `/control/state` answers. */
export type PageState = ReturnType<typeof pageState>;

/** Keeps an answer open as server-sent events: one line with the revision after each change. */
export function streamRevisions(pulse: Pulse, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const tell = () => response.write(`data: ${pulse.revision}\n\n`);
  tell();
  response.on('close', pulse.subscribe(tell));
}
