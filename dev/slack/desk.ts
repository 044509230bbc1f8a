import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Actor } from './actor.ts';
import type { Control } from './control.ts';
import type { Manifest } from './manifest.ts';
import { CHANNELS, isOurs, PAGE_PEOPLE, PEOPLE, TEAM_NAME } from './people.ts';
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

/** Carries out one act of the page. Throws ZodError for another shape and Error for what no client could do. */
export async function perform(control: Control, json: unknown): Promise<Answer & { ts?: string }> {
  const act = Act.parse(json);
  return carryOut(control.act(act.as), act);
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

/** Everything the page draws, as one person sees it. */
export function pageState(
  control: Control,
  workspace: Workspace,
  manifest: Manifest,
  exampleText: string,
  who: string,
) {
  const me = control.person(who);
  return {
    revision: workspace.revision,
    workspace: TEAM_NAME,
    app: manifest.name,
    me: me.id,
    people: PEOPLE.map(({ id, name, realName, color, note, isBot }) => ({
      id,
      name,
      realName,
      color,
      note,
      isBot,
    })),
    actAs: PAGE_PEOPLE.map((name) => control.person(name).id),
    commands: isOurs(me) ? manifest.commands : [],
    shortcuts: isOurs(me) ? manifest.shortcuts : [],
    exampleText,
    channels: CHANNELS.filter((one) => one.hasBot).map(({ id, name, topic }) => ({
      id,
      name,
      topic,
      messages: control.messages(id, { as: who }).map(({ versions: _versions, ...message }) => message),
    })),
    views: control.views(who),
  };
}
/** What `/control/state` answers. */
export type PageState = ReturnType<typeof pageState>;

/** Keeps an answer open as server-sent events: one line with the revision after each change. */
export function streamRevisions(workspace: Workspace, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const tell = () => response.write(`data: ${workspace.revision}\n\n`);
  tell();
  response.on('close', workspace.subscribe(tell));
}
