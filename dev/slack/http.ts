import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Json, parseJson } from './json.ts';

const MAX_BODY = 4 * 1024 * 1024;

/** Something is wrong with a request; the message is for whoever made it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** The whole body as text. Throws RequestError above 4 MB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BODY) throw new RequestError('The request body is larger than 4 MB.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The arguments of a Web API call, from a form or a JSON body; null when the content type is neither or the JSON is broken. */
export function readArguments(contentType: string | undefined, body: string): Json | null {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') {
    const parsed = body === '' ? {} : parseJson(body);
    return isObject(parsed) ? parsed : null;
  }
  if (type === 'application/x-www-form-urlencoded' || body === '')
    return Object.fromEntries(new URLSearchParams(body));
  return null;
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(JSON.stringify(body));
}

/** True when the request was addressed to this machine by name: other names mean DNS rebinding. */
export function isLocal(request: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '');
}
