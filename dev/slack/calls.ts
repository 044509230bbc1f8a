import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiAnswer, Credentials } from './appapi.ts';
import type { Fault, Faults } from './faults.ts';
import { readArguments, readBody, sendJson } from './http.ts';
import type { Json } from './json.ts';
import type { Platform } from './platform.ts';
import type { Workspace } from './state.ts';
import { callMethod } from './webapi.ts';

/** Where a call belongs: the workspace of its token (the first, when it has none), and the faults planned there. */
export interface Owner {
  readonly workspace: Workspace;
  readonly faults: Faults;
}

/** Answers one HTTP request to the Web API, planned faults first, and notes it in the workspace it belongs to. */
export async function answerCall(
  platform: Platform,
  ownerOf: (token: string | null) => Owner,
  method: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const args = readArguments(request.headers['content-type'], await readBody(request));
  if (args === null) return sendJson(response, 200, { ok: false, error: 'invalid_post_type' });
  const { token: inBody, ...rest } = args;
  const by = credentials(request.headers.authorization, inBody);
  const { workspace, faults } = ownerOf(by.token);
  const fault = faults.take(method);
  if (fault !== null && !('reset' in fault)) return broken(workspace, method, rest, fault, response);
  const answer = callMethod(platform, method, by, rest);
  record(workspace, method, rest, 200, answer);
  if (fault === null) sendJson(response, 200, answer, { 'x-slack-req-id': workspace.secret(8) });
  else request.socket.resetAndDestroy();
}

/** A token or, for methods of the app itself, its id and secret; a token in the body counts where the header has none. */
function credentials(header = '', inBody: unknown = undefined): Credentials {
  const token = /^Bearer (\S+)$/i.exec(header)?.[1] ?? (typeof inBody === 'string' ? inBody : null);
  const pair = /^Basic (\S+)$/i.exec(header)?.[1];
  if (pair === undefined) return { token, basic: null };
  const [id = '', ...secret] = Buffer.from(pair, 'base64').toString('utf8').split(':');
  return { token, basic: { client_id: id, client_secret: secret.join(':') } };
}

function broken(
  workspace: Workspace,
  method: string,
  args: Json,
  fault: Exclude<Fault, { reset: true }>,
  response: ServerResponse,
): void {
  if ('error' in fault) {
    const answer = { ok: false, error: fault.error };
    record(workspace, method, args, 200, answer);
    sendJson(response, 200, answer);
  } else if ('status' in fault) {
    const answer = { ok: false, error: fault.status === 429 ? 'ratelimited' : 'internal_error' };
    record(workspace, method, args, fault.status, answer);
    const wait: Record<string, string> =
      fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    sendJson(response, fault.status, answer, wait);
  } else record(workspace, method, args, 0, { ok: false });
}

function record(workspace: Workspace, method: string, args: Json, status: number, response: ApiAnswer): void {
  workspace.calls.push({ method, args, status, response, at: workspace.now() });
  workspace.changed();
}
