/** The whole way, many times over one instance: what people did in Slack, and what came of it on the agent's host. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyInstance } from '../../dev/audit.ts';
import type { SeenMessage } from '../../dev/slack/control.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { button, postRunbook, runState, runThread, startFromPreview } from '../../dev/walk.ts';
import type { RunId } from '../../src/protocol/ids.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import { runbook, startAs, startTestInstance, type TestInstance } from './support.ts';

let instance: TestInstance;
let sim: Simulator;

beforeAll(async () => {
  instance = await startTestInstance();
  sim = instance.simulator;
}, 90_000);

afterAll(() => instance.end(), 90_000);

const LIMIT = { timeoutMs: 15_000 };

/** The message of a run's first step once its text says `words`. */
const step = (run: RunId, words: RegExp): Promise<SeenMessage> =>
  sim.waitFor(
    () => runThread(sim, run).find(({ text }) => text.startsWith('Step 1 of 1') && words.test(text)),
    { ...LIMIT, what: `the step ${words}` },
  );

const ended = (run: RunId): Promise<SeenMessage> =>
  sim.waitFor(
    () => runThread(sim, run).find(({ threadTs, text }) => !threadTs && /Finished|Failed|Aborted/.test(text)),
    { ...LIMIT, what: 'the end of the run' },
  );

const stepOf = async (run: RunId) => {
  const [first] = (await runState(instance, run)).steps;
  if (!first) throw new Error('The run has no step.');
  return first;
};

/** The newest line after `since` that only this person sees. */
const told = (who: string, since: string): Promise<SeenMessage> =>
  sim.waitFor(
    () => sim.messages('ops', { as: who }).findLast(({ visibleTo, ts }) => visibleTo !== null && ts > since),
    { ...LIMIT, what: `${who} to be told something` },
  );

/** Presses what approves the step, and types what it asks for; the complaint of the form, if there is one. */
async function approve(who: string, run: RunId, asked: SeenMessage): Promise<string | null> {
  const person = sim.act(who);
  const action = button(asked, ACTIONS.approveStep) ? ACTIONS.approveStep : ACTIONS.confirmStep;
  await person.click('ops', asked.ts, action);
  if (action === ACTIONS.approveStep) return null;
  const form = await sim.waitFor(() => sim.views(who).at(-1), { ...LIMIT, what: 'the form' });
  await person.submit(form.id, { typed: (await stepOf(run)).job?.confirm ?? '' });
  const complaint = sim.views(who).at(-1);
  if (complaint) await person.close(complaint.id);
  return complaint?.errors.typed ?? null;
}

/** What the thread shows of the step's output, which stands under its command; null when it says that there was none. */
async function printed(run: RunId): Promise<string | null> {
  const { blocks } = await step(run, /is done|failed/);
  const shown = blocks.filter(({ type }) => type === 'rich_text').map(textOf);
  if (shown.length === 1) expect(JSON.stringify(blocks)).toContain('No output.');
  return shown[1] ?? null;
}

/** The text of a preformatted block. */
const textOf = (block: object): string =>
  Array.from(JSON.stringify(block).matchAll(/"text":("(?:[^"\\]|\\.)*")/g), ([, text]) =>
    JSON.parse(text ?? '""'),
  ).join('');

const COMMANDS = {
  safe: 'echo ran',
  caution: 'echo ran | tee /tmp/dd0c-e2e-rules',
  danger: 'rm -f /tmp/dd0c-e2e-rules; echo ran',
} as const;
type Risk = keyof typeof COMMANDS;
const RISKS = Object.keys(COMMANDS) as Risk[];

describe('who may approve', () => {
  describe.each(['viewer', 'responder', 'approver', 'admin'] as const)(
    'somebody whose role is %s',
    (role) => {
      beforeAll(async () => {
        await sim.act('alice').slash('ops', '/runbook members');
        const form = await sim.waitFor(() => sim.views('alice').at(-1), LIMIT);
        await sim.act('alice').submit(form.id, { person: 'bob', role });
        await sim.waitFor(() => JSON.stringify(sim.views('alice')).includes(`> ${role}`), LIMIT);
        await sim.act('alice').close(sim.views('alice').at(-1)?.id ?? '');
      });

      const may = role === 'approver' || role === 'admin';

      test.each(RISKS)(
        `${may ? 'approves' : 'cannot approve'} a step of somebody else that is %s`,
        async (risk) => {
          const run = await startAs(sim, 'alice', runbook(`${role} ${risk}`, COMMANDS[risk]));
          const asked = await step(run, /waits for approval/);
          const complaint = await approve('bob', run, asked);
          if (may) {
            expect(complaint).toBeNull();
            expect(await printed(run)).toBe('ran');
            return;
          }
          const refusal = complaint ?? (await told('bob', asked.ts)).text;
          expect(refusal).toContain(`takes the role of approver; yours is ${role}`);
          expect(await stepOf(run)).toMatchObject({ status: 'awaiting-approval', attempt: 0 });
        },
      );

      if (role === 'viewer') {
        test('cannot start a run', async () => {
          const preview = await postRunbook(sim, runbook('Viewer', 'echo ran'), 'alice');
          await sim.act('bob').click('ops', preview.ts, ACTIONS.startRun);
          expect((await told('bob', preview.ts)).text).toContain(
            'takes the role of responder; yours is viewer',
          );
        });
        return;
      }
      const own: Risk[] = may ? RISKS.filter((risk) => risk !== 'danger') : [];
      const notOwn = RISKS.filter((risk) => !own.includes(risk));

      test.each(notOwn)('cannot approve a step of their own that is %s', async (risk) => {
        const run = await startAs(sim, 'bob', runbook(`own ${role} ${risk}`, COMMANDS[risk]));
        const asked = await step(run, /waits for approval/);
        const complaint = await approve('bob', run, asked);
        const refusal = complaint ?? (await told('bob', asked.ts)).text;
        expect(refusal).toMatch(may ? /approval of somebody else/ : /takes the role of approver/);
        expect(await stepOf(run)).toMatchObject({ status: 'awaiting-approval', attempt: 0 });
      });

      if (own.length > 0)
        test.each(own)('approves a step of their own that is %s', async (risk) => {
          const run = await startAs(sim, 'bob', runbook(`own ${role} ${risk}`, COMMANDS[risk]));
          expect(await approve('bob', run, await step(run, /waits for approval/))).toBeNull();
          expect(await printed(run)).toBe('ran');
        });
    },
  );

  const outsiders = ['eve', 'gus', 'sid'].flatMap((who) => RISKS.map((risk) => [who, risk] as const));

  test.each(outsiders)('%s, who is no full member, cannot approve a step that is %s', async (who, risk) => {
    const run = await startAs(sim, 'alice', runbook(`${who} ${risk}`, COMMANDS[risk]));
    const asked = await step(run, /waits for approval/);
    const complaint = await approve(who, run, asked);
    expect(complaint ?? (await told(who, asked.ts)).text).toContain('Only full members');
    expect(await stepOf(run)).toMatchObject({ status: 'awaiting-approval', attempt: 0 });
  });
});

describe('a button that several people press at once, each twice', () => {
  const pressed = async (run: RunId, message: SeenMessage, action: string) => {
    await Promise.all(
      ['alice', 'bob', 'alice', 'bob'].map((who) =>
        sim.act(who).click('ops', message.ts, action, { stale: true }),
      ),
    );
    await ended(run);
    return stepOf(run);
  };

  test('approves once, and the command runs once', async () => {
    const file = '/tmp/dd0c-e2e-rules-once';
    const run = await startAs(
      sim,
      'alice',
      runbook('Once', `echo line >> ${file}; cat ${file}; rm -f ${file}`),
    );
    const asked = await step(run, /waits for approval/);
    await Promise.all([approve('bob', run, asked), approve('alice', run, asked)]);
    await ended(run);
    expect((await stepOf(run)).attempt).toBe(1);
    expect(await printed(run)).toBe('line');
  });

  test.each([
    ['skips once', ACTIONS.skipStep, 'echo ran', 'skipped'],
    ['marks done once', ACTIONS.doneStep, 'vim /etc/hosts', 'done'],
  ] as const)('%s, and nothing runs', async (_what, action, command, status) => {
    const run = await startAs(sim, 'alice', runbook(`Once ${action}`, command));
    const asked = await step(run, /waits for approval|is for a person/);
    expect(await pressed(run, asked, action)).toMatchObject({ status, attempt: 0 });
  });

  test('stops a running step once', async () => {
    const run = await startAs(sim, 'alice', runbook('Stopped', 'sleep 60'));
    await approve('bob', run, await step(run, /waits for approval/));
    const state = await pressed(run, await step(run, /is running/), ACTIONS.killStep);
    expect(state).toMatchObject({ status: 'failed', attempt: 1, result: { signal: 'SIGTERM' } });
  });

  test('aborts once, and a step that waited never runs', async () => {
    const run = await startAs(sim, 'alice', runbook('Aborted', 'echo ran'));
    await step(run, /waits for approval/);
    const [root] = runThread(sim, run);
    if (!root) throw new Error('The run has no message.');
    expect(await pressed(run, root, ACTIONS.abortRun)).toMatchObject({ attempt: 0 });
  });
});

describe('after a run has ended', () => {
  let run: RunId;
  let asked: SeenMessage;
  beforeAll(async () => {
    run = await startAs(sim, 'alice', runbook('Over', 'echo ran'));
    asked = await step(run, /waits for approval/);
    await approve('bob', run, asked);
    await ended(run);
  });

  test.each([ACTIONS.approveStep, ACTIONS.skipStep, ACTIONS.killStep])(
    'the old button %s of its step changes nothing, and says so',
    async (action) => {
      const before = await runState(instance, run);
      const since = sim.messages('ops').at(-1)?.ts ?? '';
      await sim.act('bob').click('ops', asked.ts, action, { stale: true });
      expect((await told('bob', since)).text).toMatch(/run has ended|is not running/);
      expect(await runState(instance, run)).toEqual(before);
    },
  );
});

describe('while a run is paused', () => {
  let run: RunId;
  let asked: SeenMessage;
  beforeAll(async () => {
    run = await startAs(sim, 'alice', runbook('Held', 'echo ran'));
    asked = await step(run, /waits for approval/);
    await sim.act('bob').react('ops', asked.ts, 'octagonal_sign');
    await sim.waitFor(() => runThread(sim, run).find(({ text }) => /Paused/.test(text)), LIMIT);
  });

  test('an approval starts nothing, and says so', async () => {
    const since = sim.messages('ops').at(-1)?.ts ?? '';
    await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep, { stale: true });
    expect((await told('bob', since)).text).toContain('This run is paused');
    expect(await stepOf(run)).toMatchObject({ status: 'awaiting-approval', attempt: 0 });
  });

  test('another run goes on', async () => {
    const other = await startAs(sim, 'alice', runbook('Other', 'echo ran'));
    await approve('bob', other, await step(other, /waits for approval/));
    expect((await ended(other)).text).toMatch(/Finished/);
  });
});

describe('how a command ends', () => {
  const run = async (command: string) => {
    const id = await startAs(sim, 'alice', runbook('Ends', command));
    expect(await approve('bob', id, await step(id, /waits for approval/))).toBeNull();
    await ended(id);
    return { id, state: await stepOf(id), shown: await printed(id) };
  };

  test.each([
    ['its output', 'echo one; echo two', /^one\ntwo$/],
    ['what it says of errors', 'ls /tmp/dd0c-e2e-no-such-folder || true', /No such file/],
    ['nothing at all', 'test -d /', null],
    ['words of other scripts', "printf 'gr\\303\\274n \\346\\227\\245\\n'", /^grün 日$/],
    ['bytes that are no text', "printf 'a\\377b\\n'", /^a\ufffdb$/],
    ['control characters, made visible', "printf 'a\\033[2Jb\\n'", /^a\\u\{1b\}\[2Jb$/],
    [
      'the end of long output, and how much is left out',
      'seq 1 9000',
      /^\[… \d+ characters cut …\][\s\S]*\n8999\n9000$/,
    ],
    ['that it has no input', 'cat; echo end', /^end$/],
    ['that it has no terminal', 'test -t 0 || echo none', /^none$/],
    ['the end of a pipe that is closed early', 'seq 1 200000 | head -n 1', /^1$/],
    ['a quoted word as one word', "printf '[%s]' 'a  b' c", /^\[a {2}b\]\[c\]$/],
    ['a pattern that finds nothing, as it stands', 'echo /tmp/dd0c-e2e-no-*', /^\/tmp\/dd0c-e2e-no-\*$/],
  ])('with 0: the thread shows %s', async (_, command, output) => {
    const { state, shown } = await run(command);
    expect(state).toMatchObject({ status: 'succeeded', attempt: 1, result: { exitCode: 0, signal: null } });
    if (output === null) expect(shown).toBeNull();
    else expect(shown).toMatch(output);
  });

  test.each([
    ['2', 'ls /tmp/dd0c-e2e-no-such-folder', 2],
    ['the code of its last part', '(exit 42)', 42],
    ['127 when there is no such program', 'timeout 5 dd0c-e2e-no-such-program', 127],
    ['126 when the file is no program', 'timeout 5 /etc/group', 126],
    ['the code of a pipe whose end fails', 'echo x | grep -q y', 1],
  ])('with %s: the run has failed, and says so', async (_, command, exitCode) => {
    const { id, state } = await run(command);
    expect(state).toMatchObject({ status: 'failed', attempt: 1, result: { exitCode } });
    expect(runThread(sim, id)[0]?.text).toMatch(/Failed/);
  });

  test('by a signal: the run has failed, and its name is shown', async () => {
    const { id, state } = await run('kill -9 $$');
    expect(state).toMatchObject({ status: 'failed', result: { signal: 'SIGKILL' } });
    expect(JSON.stringify((await step(id, /failed/)).blocks)).toContain('SIGKILL');
  });

  test('starts from an environment that holds nothing of the server or the agent', async () => {
    const { shown } = await run('env | cut -d= -f1 | sort | paste -sd, -');
    expect(shown).toBe('DD0C_ATTEMPT,DD0C_RUN,DD0C_STEP,HOME,LANG,PATH,PWD,SHLVL,_');
  });
});

describe('a value that somebody fills in', () => {
  const form = async () => {
    const preview = await postRunbook(sim, runbook('Greet', 'echo hello <name>'), 'alice');
    await sim.act('alice').click('ops', preview.ts, ACTIONS.startRun);
    return sim.waitFor(() => sim.views('alice').at(-1), { ...LIMIT, what: 'the form' });
  };

  test.each([
    'x; id',
    'x && id',
    'x | id',
    '$(id)',
    '`id`',
    '$HOME',
    'x\nid',
    '> /tmp/x',
    '< /etc/passwd',
    '*',
    '~root',
    "x' id '",
    'x" id "',
    'x \\',
    '-n',
    '--help',
    'a b',
    '',
  ])('may not change the command: %j is refused, and no run begins', async (value) => {
    const open = await form();
    const since = sim.messages('ops').at(-1)?.ts ?? '';
    await sim.act('alice').submit(open.id, { name: value });
    expect(Object.keys(sim.views('alice').at(-1)?.errors ?? {})).toEqual(['name']);
    await sim.act('alice').close(open.id);
    expect(sim.messages('ops').filter(({ ts }) => ts > since)).toEqual([]);
  });

  test.each(['world', 'web-1', 'web-1.example.com', 'a_b', '10.0.0.1', 'v1.2.3', 'user@example.com', 'café'])(
    'is one word of it: %j is printed as it was typed',
    async (value) => {
      const preview = await postRunbook(sim, runbook('Greet', 'echo hello <name>'), 'alice');
      const run = await startFromPreview(sim, preview, { name: value }, 'alice');
      await approve('bob', run, await step(run, /waits for approval/));
      await ended(run);
      expect(await printed(run)).toBe(`hello ${value}`);
    },
  );
});

describe('what an agent cannot do as one process without a terminal', () => {
  test.each([
    ['vim /etc/hosts', /needs a terminal/],
    ['less /var/log/syslog', /needs a terminal/],
    ['kubectl exec -it web-1 -- bash', /needs a terminal/],
    ['tail -f /var/log/syslog', /does not end by itself/],
    ['watch kubectl get pods', /does not end by itself/],
    ['journalctl -fu web', /does not end by itself/],
    ['export REGION=eu-west-1', /sets a variable/],
    ['cd /srv/app', /changes the directory/],
  ])('%s is left to a person, with the reason, and offers no approval', async (command, why) => {
    const run = await startAs(sim, 'alice', runbook('By hand', command));
    const asked = await step(run, /is for a person to do/);
    expect(JSON.stringify(asked.blocks)).toMatch(why);
    expect(button(asked, ACTIONS.approveStep) ?? button(asked, ACTIONS.confirmStep)).toBeUndefined();
  });
});

test('the log of all of this verifies', async () => {
  const { events, findings } = await verifyInstance(instance.ownerUrl, instance.dataDir);
  expect(findings).toEqual([]);
  expect(events).toBeGreaterThan(300);
});
