import type { Command } from './command.ts';

const EXITS = 'Exit code: 0 done, 1 it failed or the answer is no, 2 it was asked wrongly.';

/** Every command of the command line, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    line: 'server, workers and one agent on this machine',
    help: `Usage: dd0c start

Everything on this machine, with a database of its own; the same as npm start. Ctrl-C ends it in good order.
Settings come from the environment or from .env in the folder you are in (.env.example names them).

  DATA_DIR=/srv/dd0c dd0c start`,
    serves: true,
    load: () => import('./start.ts'),
  },
  {
    name: 'server',
    line: 'one server over an external Postgres (and Redis)',
    help: `Usage: dd0c server

Takes requests of Slack, webhooks and agents until it is told to end (Ctrl-C or SIGTERM). Start as many as you like on
the same database. Settings come from the environment or from .env; DATABASE_URL is needed (.env.example names all).
Bring the database up to date first: dd0c help db.

  DATABASE_URL=postgresql://dd0c_app:…@db/dd0c dd0c server`,
    serves: true,
    load: () => import('./server.ts'),
  },
  {
    name: 'worker',
    line: 'one worker over an external Postgres (and Redis)',
    help: `Usage: dd0c worker

Parses runbooks, moves runs on and shows them in Slack, until it is told to end (Ctrl-C or SIGTERM). Start as many as
you like on the same database. Settings as for dd0c server.

  DATABASE_URL=postgresql://dd0c_app:…@db/dd0c dd0c worker`,
    serves: true,
    load: () => import('./worker.ts'),
  },
  {
    name: 'agent',
    line: 'the agent, which runs what was approved in your network',
    help: `Usage: dd0c agent --data DIR [--invite FILE] [--policy FILE]
       dd0c agent invite --address HOST:PORT [--again AGENT] [--tenant TEAM] [--out FILE]
       dd0c agent list [--tenant TEAM]
       dd0c agent remove AGENT [--tenant TEAM]

  --data DIR      folder for its key, its enrolment and its journal
  --invite FILE   the invitation, needed at the first start only
  --policy FILE   what it may run (default: policy.yaml in DIR)

The others are for the server's side; they use the database and keys of dd0c server (DATABASE_URL, KEYS_DIR).

  invite          makes the invitation of one agent, as JSON. The agent calls HOST:PORT; for several gateways
                  ipv4:IP:PORT,IP:PORT
  list            shows each agent: its id, host, whether it is connected, how often it enrolled, why it is paused
  remove          forgets one: its key counts no more
  --again AGENT   the invitation is for an agent that is there already; its earlier key and folder count no more
                  from when it is used
  --tenant TEAM   the workspace, when several have installed the app
  --out FILE      writes it there (a new file that only you can read) instead of to standard output

It does not run as root unless its policy says so. docs/agent.md tells the rest.

  dd0c agent invite --address run.example.com:3002 --out invite.json
  dd0c agent --data /var/lib/dd0c-agent --invite invite.json`,
    serves: true,
    load: () => import('./agent.ts'),
  },
  {
    name: 'keys',
    line: 'the keys that servers and workers share: which ones count',
    help: `Usage: dd0c keys
       dd0c keys rotate dispatch|approve [--root FILE]
       dd0c keys revoke KEY [--root FILE]
       dd0c keys renew [--root FILE]

Shows the trust bundle that agents believe: its version, until when it is good, its keys, and where the root key is. The
folder of keys is that of dd0c server (KEYS_DIR). Servers and workers that see this folder take a change up within
2 seconds, and connected agents within 5; nothing has to be started again.

  rotate        a new key signs from now on; the one before verifies what it signed for another 24 hours
  revoke        a key counts no more, at once; when it was the one that signs, a new one does
  renew         another 30 days. With the root key in the folder this happens by itself when 15 are left
  --root FILE   the root key, when it is not in the folder

  dd0c keys
  dd0c keys rotate approve
  dd0c keys renew --root /media/safe/root.pem`,
    serves: false,
    load: () => import('./keys.ts'),
  },
  {
    name: 'scan',
    line: 'says of each command whether it is safe, caution or danger',
    help: `Usage: dd0c scan [FILE] [--json | --jsonl] [--max-risk safe|caution]

Reads commands, one a line, from FILE or standard input, and says of each how risky it is and why. Nothing is run.
Blank lines are skipped.

  --json           answers with a line of JSON each: {"id": line number, "cmd", "risk", "reasons"}
  --jsonl          reads lines of JSON {"id","cmd"}, and answers each, in order, with {"id","risk","reasons"}; both
                   add "hints" where it is known how far it reaches, or what makes it end
  --max-risk RISK  exit code 1 when a command is riskier than RISK

A line that cannot be read is answered with danger and the reason, and the exit code is then 1.

  echo 'kubectl delete pod web-0' | dd0c scan
  dd0c scan commands.txt --max-risk caution
  dd0c scan --jsonl < commands.jsonl`,
    serves: false,
    load: () => import('./scan.ts'),
  },
  {
    name: 'parse',
    line: 'shows a runbook as numbered steps',
    help: `Usage: dd0c parse FILE [--json]

Reads a runbook (Markdown, a pasted Slack message or plain text, up to 256 KB; - is standard input) and shows its steps
with their risk, as Slack would. Nothing is run.

  --json   one JSON object: title, steps, variables, prerequisites; start and end of a command count
           UTF-16 units of the file

  dd0c parse disk-full.md
  dd0c parse - --json < disk-full.md | jq '.steps[].commands[].text'`,
    serves: false,
    load: () => import('./parse.ts'),
  },
  {
    name: 'bind',
    line: 'puts values into a command, or says why not',
    help: `Usage: dd0c bind TEMPLATE [--var NAME=VALUE]… [--type NAME=TYPE]… [--json]
       dd0c bind --jsonl [FILE]

Fills in the inputs of a command (<name>, {{name}}, $NAME and the like) exactly as a run does, and prints the command.
A value that could change what the command does is refused. Nothing is run. TEMPLATE - is standard input.

  --var NAME=VALUE   a value; pod-name, POD_NAME and <pod-name> are the same name
  --type NAME=TYPE   text, integer, path, host, kubernetes-name or url (default: what the name says)
  --json             {"ok":true,"text","risk"} or {"ok":false,"code","sentence"}
  --jsonl            reads lines of JSON {"id","template","values"} from FILE or standard input, and answers each, in
                     order, with {"id","ok":true,"command"} or {"id","ok":false,"reason"}

  dd0c bind 'kubectl logs <pod> -n {{namespace}}' --var pod=web-0 --var namespace=prod`,
    serves: false,
    load: () => import('./bind.ts'),
  },
  {
    name: 'audit',
    line: 'checks every record of the log',
    help: `Usage: dd0c audit verify [--data DIR] [--url OWNER_URL]

Opens every record, recomputes every chain and compares every snapshot. Names each place that does not fit; the exit
code is then 1. A database that is not running is started for the check and stopped again.

  --data DIR        the data folder, which holds the keys (default: data)
  --url OWNER_URL   an external database, as its owner; its keys are those of --data

  dd0c audit verify
  dd0c audit verify --data /srv/dd0c --url postgresql://owner:…@db/dd0c`,
    serves: false,
    load: () => import('./audit.ts'),
  },
  {
    name: 'db',
    line: 'the database: its address, its end, its migrations',
    help: `Usage: dd0c db url [--data DIR]
       dd0c db stop [--data DIR]
       dd0c db migrate --url OWNER_URL [--app-password-file FILE]

  url       prints the owner’s address of a data folder’s own database, which is started when it is not running
            and then runs until dd0c db stop (or until npm start takes it over)
  stop      ends that database; refused while npm start uses it
  migrate   brings an external database up to date and prints what it applied; with FILE (one line) the role
            dd0c_app may log in with that password from then on: give it the first time

  psql "$(dd0c db url --data data)"
  dd0c db stop --data data
  dd0c db migrate --url postgresql://owner:…@db/dd0c --app-password-file app-password`,
    serves: false,
    load: () => import('./db.ts'),
  },
  {
    name: 'demo',
    line: 'a whole run before your eyes (npm run demo)',
    help: null,
    serves: false,
    load: () => import('./demo.ts'),
  },
];

const WIDTH = Math.max(...COMMANDS.map(({ name }) => name.length));

/** What `dd0c help` shows. */
export const OVERVIEW = `dd0c/run: runbooks that run, approved in Slack.

Usage: dd0c <command> [options]

${COMMANDS.map(({ name, line }) => `  ${name.padEnd(WIDTH)}  ${line}`).join('\n')}

  dd0c help <command> tells more of each; dd0c --version names the version.
${EXITS}`;
