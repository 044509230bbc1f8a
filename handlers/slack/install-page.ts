import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** Where a browser begins to install the app. */
export const INSTALL_PATH = '/slack/install';

/** What came of an installation, for the person whose browser it is. */
export type InstallEnd =
  | { readonly kind: 'connected'; readonly team: string; readonly teamId: string; readonly appId: string }
  | {
      readonly kind:
        | 'cancelled'
        | 'foreign'
        | 'expired'
        | 'used'
        | 'enterprise'
        | 'other-app'
        | 'no-team'
        | 'scopes'
        | 'rotation'
        | 'disagreed'
        | 'settings'
        | 'slack-away';
    }
  | { readonly kind: 'fault'; readonly reference: string };

type Failure = Exclude<InstallEnd['kind'], 'connected' | 'fault'>;

interface Words {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const AGAIN = 'Nothing was installed. Start again below.';
const OPERATOR = 'Nothing was installed. Ask whoever runs this server';

const FAILURES: Record<Failure, Words> = {
  cancelled: {
    status: 200,
    title: 'Not installed',
    text: 'You cancelled, so nothing was installed and nothing changed.',
  },
  foreign: {
    status: 400,
    title: 'This is not the browser that began',
    text: `The answer from Slack does not belong to an installation that this browser began, or cookies are blocked. ${AGAIN}`,
  },
  expired: {
    status: 400,
    title: 'That took too long',
    text: `An installation has to be finished within ten minutes. ${AGAIN}`,
  },
  used: {
    status: 400,
    title: 'This answer was used before',
    text: 'Slack’s answer is good once and for ten minutes. If you reloaded the page after it said that the workspace is connected, it still is. Otherwise start again below.',
  },
  enterprise: {
    status: 403,
    title: 'Not for a whole organisation',
    text: 'Slack offered the app to a whole Enterprise organisation, which this version does not support. Nothing was installed. Start again below and choose one workspace.',
  },
  'other-app': {
    status: 403,
    title: 'Another app answered',
    text: `Slack installed another app than the one of this server. ${OPERATOR} to compare SLACK_CLIENT_ID and SLACK_APP_ID.`,
  },
  'no-team': {
    status: 403,
    title: 'No workspace',
    text: `Slack did not say which workspace this is, or gave the app no bot. ${AGAIN}`,
  },
  scopes: {
    status: 403,
    title: 'Permissions are missing',
    text: `Slack granted less than the app needs to work safely. ${OPERATOR} to compare the app with manifest.yml.`,
  },
  rotation: {
    status: 403,
    title: 'Token rotation is on',
    text: `The app has token rotation switched on, which this version does not support. ${OPERATOR} to use an app without it.`,
  },
  disagreed: {
    status: 403,
    title: 'The token is of another workspace',
    text: `Slack named one workspace and gave the token of another. ${AGAIN}`,
  },
  settings: {
    status: 502,
    title: 'Slack refused this server',
    text: `Slack did not accept how this server identifies itself. ${OPERATOR} to look at SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and PUBLIC_URL.`,
  },
  'slack-away': {
    status: 502,
    title: 'Slack did not answer',
    text: `Slack could not be reached. ${AGAIN}`,
  },
};

/** Answers a browser with the page for what came of its installation. Holds no secret; every word from outside is escaped. */
export function sendInstallPage(res: ServerResponse, end: InstallEnd): void {
  if (end.kind === 'connected') {
    send(res, 200, 'Connected', connected(end));
    return;
  }
  const { status, title, text } = end.kind === 'fault' ? faultWords(end.reference) : FAILURES[end.kind];
  send(res, status, title, `<p>${escapeHtml(text)}</p><p><a href="${INSTALL_PATH}">Install again</a></p>`);
}

function faultWords(reference: string): Words {
  return {
    status: 503,
    title: 'Something broke on our side',
    text: `The workspace could not be saved. Try again in a minute; if it stays, tell an operator this reference: ${reference}.`,
  };
}

function connected({ team, teamId, appId }: Extract<InstallEnd, { kind: 'connected' }>): string {
  const slack = new URL('https://slack.com/app_redirect');
  slack.searchParams.set('team', teamId);
  if (appId) slack.searchParams.set('app', appId);
  return `<p>dd0c/run is connected to <strong>${escapeHtml(team)}</strong>. Whoever connects it first is its admin; <code>/runbook members</code> shows who may do what.</p>
<ol>
<li>Invite the bot to the channels where runbooks are run: <code>/invite @dd0crun</code>. It sees nothing elsewhere.</li>
<li>Type <code>/runbook help</code> to see what it can do.</li>
<li>Connect an agent in your network: without one, nothing is run.</li>
</ol>
<p><a href="${escapeHtml(slack.href)}">Open Slack</a></p>`;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#1d1c1d;background:#fff}h1{font-size:1.5rem}a{color:#0b5d52}@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}a{color:#7fd1c4}}';
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

function send(res: ServerResponse, status: number, title: string, body: string): void {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  res.end(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · dd0c/run</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body>
</html>
`);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
