import type { IncomingMessage, ServerResponse } from 'node:http';
import { PAGE_HEADERS } from './bundle.ts';
import { readBody } from './http.ts';
import type { Ask } from './oauth.ts';
import { mayInstall } from './people.ts';
import type { Platform } from './platform.ts';
import type { Workspace } from './state.ts';

/** Where an app sends the browser of whoever installs it. */
export const AUTHORIZE_PATH = '/oauth/v2/authorize';

/** Shows the consent page, or why there is none. */
export function showConsent(platform: Platform, query: URLSearchParams, response: ServerResponse): void {
  const asked = platform.oauth.ask(query);
  if ('error' in asked) refuse(response, asked.error, asked.sentence);
  else {
    const { id, ask } = asked;
    const { origin } = new URL(ask.redirectUri);
    page(response, 200, 'Install the app', form(platform, id, ask), `'self' ${origin}`);
  }
}

/** Takes the answer of the consent page and sends the browser back to the app. */
export async function takeConsent(
  platform: Platform,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = new URLSearchParams(await readBody(request));
  const ask = platform.oauth.take(answer.get('ask') ?? '');
  if (!ask) return refuse(response, 'invalid_request', 'This page was answered already, or is too old.');
  if (answer.get('decision') !== 'allow') return redirect(response, platform.oauth.denied(ask));
  const [key = '', user = ''] = (answer.get('who') ?? '').split('/');
  const workspace = platform.workspaces.find(({ team }) => team.key === key && offered(ask, team.id));
  const person = workspace?.team.people.find((one) => one.id === user);
  if (!workspace || !person || !mayInstall(workspace.team, person))
    return refuse(response, 'not_allowed', 'This person may not install apps there.');
  redirect(response, platform.oauth.allowed(ask, { workspace, user }));
}

const offered = (ask: Ask, teamId: string): boolean => ask.team === null || ask.team === teamId;

function form(platform: Platform, id: string, ask: Ask): string {
  const { name } = platform.manifest;
  const choices = platform.workspaces
    .filter(({ team }) => offered(ask, team.id))
    .map((workspace) => people(workspace))
    .join('');
  const scopes = ask.scopes.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join('');
  return `<form class="consent" method="post" action="${AUTHORIZE_PATH}">
<h1>${escapeHtml(name)} is requesting permission to access a Slack workspace</h1>
<input type="hidden" name="ask" value="${id}">
${choices}
<h2>What will ${escapeHtml(name)} be able to do?</h2>
<ul>${scopes}</ul>
<footer><button class="button" name="decision" value="deny" formnovalidate>Cancel</button>
<button class="button primary" name="decision" value="allow">Allow</button></footer>
</form>`;
}

/** Those who may install apps in a workspace. The first, where it is not installed yet, is chosen before anybody looks. */
function people({ team, installation }: Workspace): string {
  const state = installation ? ' (installed)' : '';
  const rows = team.people
    .filter((one) => mayInstall(team, one))
    .map((one, index) => {
      const checked = index === 0 && !installation ? ' checked' : '';
      const value = `${team.key}/${one.id}`;
      return `<label><input type="radio" name="who" value="${value}" required${checked}> ${escapeHtml(one.realName)} <small>${escapeHtml(one.note)}</small></label>`;
    });
  return `<fieldset><legend>${escapeHtml(team.name)}${state}</legend>${rows.join('')}</fieldset>`;
}

function refuse(response: ServerResponse, error: string, sentence: string): void {
  const body = `<div class="consent"><h1>This app cannot be installed</h1><p>${escapeHtml(sentence)} <code>${escapeHtml(error)}</code></p></div>`;
  page(response, 400, 'This app cannot be installed', body, "'none'");
}

/** A browser follows a form's redirect only where form-action lets it. */
function page(
  response: ServerResponse,
  status: number,
  title: string,
  body: string,
  formAction: string,
): void {
  const policy = PAGE_HEADERS['content-security-policy'] ?? '';
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.replace("form-action 'none'", `form-action ${formAction}`),
  });
  response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} | Slack simulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>${body}</body>
</html>
`);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'cache-control': 'no-store' }).end();
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
