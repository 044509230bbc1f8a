import { isObject } from './json.ts';
import { blockErrors, viewErrors } from './limits.ts';
import type { Channel } from './people.ts';
import type { View, Workspace } from './state.ts';

/** Slack keeps at most three modals on each other: docs.slack.dev/surfaces/modals */
const MAX_VIEWS = 3;

/** Takes a modal off the screen, or with `all` every modal of its reader. */
export function dropView(workspace: Workspace, view: View, all: boolean): void {
  workspace.views = workspace.views.filter((one) => (all ? one.user !== view.user : one !== view));
  workspace.changed();
}

/** Carries out the body the app acknowledged a submission with; false when Slack could not. */
export function obey(workspace: Workspace, view: View, body: unknown): boolean {
  if (body === '' || (isObject(body) && Object.keys(body).length === 0)) {
    dropView(workspace, view, false);
    return true;
  }
  if (!isObject(body)) return false;
  switch (body.response_action) {
    case 'clear':
      dropView(workspace, view, true);
      return true;
    case 'errors':
      return showErrors(workspace, view, body.errors);
    case 'update':
      if (!isObject(body.view) || viewErrors(body.view).length > 0) return false;
      workspace.setView(view, body.view);
      return true;
    case 'push': {
      const depth = workspace.views.filter((one) => one.user === view.user).length;
      if (!isObject(body.view) || viewErrors(body.view).length > 0 || depth >= MAX_VIEWS) return false;
      workspace.openView(view.user, body.view, view);
      return true;
    }
    default:
      return false;
  }
}

/** Errors go under inputs by block id; a block that is no input makes the whole answer useless to Slack. */
function showErrors(workspace: Workspace, view: View, errors: unknown): boolean {
  const inputs = new Set(view.blocks.filter((one) => one.type === 'input').map((one) => one.block_id));
  const entries = isObject(errors) ? Object.entries(errors) : [];
  if (entries.length === 0 || entries.some(([id]) => !inputs.has(id))) return false;
  view.errors = Object.fromEntries(entries.map(([id, words]) => [id, String(words)]));
  workspace.changed();
  return true;
}

/** Shows the text or message a command was answered with; Slack's error code when it cannot be shown, else null. */
export function showReply(
  workspace: Workspace,
  place: Channel,
  reader: string,
  body: unknown,
): string | null {
  const reply = typeof body === 'string' ? { text: body } : isObject(body) ? body : {};
  const blocks = Array.isArray(reply.blocks) ? reply.blocks : [];
  const text = typeof reply.text === 'string' ? reply.text : '';
  if (text === '' && blocks.length === 0) return null;
  if (blockErrors(blocks, 'message').length > 0) return 'invalid_blocks';
  const visibleTo = reply.response_type === 'in_channel' ? null : reader;
  workspace.post({ channel: place.id, user: workspace.team.botUserId, text, blocks, visibleTo });
  return null;
}
