import { describe, expect, test } from '@jest/globals';
import type { IncidentState } from '../../src/incident/incident.ts';
import { runbookId, runId } from '../../src/protocol/ids.ts';
import { parseSha256 } from '../../src/runbook/edit.ts';
import { ACTIONS, encodeId, encodePage, incidentTarget, pageTarget } from '../../src/slack/actions.ts';
import { chooseView, renderIncident, stepsView } from '../../src/slack/render-incident.ts';
import { renderPages, renderStatus } from '../../src/slack/replies.ts';
import { pagerDutyView, startRunView } from '../../src/slack/views.ts';
import {
  buttonsOf,
  faultsOfMessage,
  faultsOfView,
  markupOf,
  mrkdwnOf,
  textsOf,
} from '../support/block-kit.ts';
import {
  BOB,
  buildParse,
  buildRunbook,
  CHANNEL,
  NOW,
  RUNBOOK,
  tenantState,
  variable,
} from '../support/builders.ts';
import { ABOUT, COUNTS, carded, having, INCIDENT, MATCH, NO_MATCH, signal } from '../support/incidents.ts';

const MINUTE = 60_000;
/** Texts that have broken somebody's message before. */
const NASTY = {
  mention: '<!channel> <!here|here> <@U999> <#C999> <https://evil.example|ok> <!date^0^{time}|x>',
  entities: '<&>'.repeat(100),
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈'.repeat(60),
  hidden: '\u202e\u0000\u200b'.repeat(800),
  long: 'word '.repeat(700),
  lines: '\n\n\n# head\n> quote\n```',
  empty: '',
};

const card = (state: IncidentState) => {
  const [message, ...others] = renderIncident(state, INCIDENT);
  if (!message || others.length > 0) throw new Error('a page has one card');
  return message;
};
const words = (state: IncidentState) => textsOf(card(state).blocks).join('\n');
const actionsOf = (state: IncidentState) => buttonsOf(card(state)).map(({ action_id }) => action_id);
const next = (...commands: Parameters<typeof having>[0]) => having(commands, NOW, carded()).state;
const says = (...args: Parameters<typeof signal>) => ({ type: 'signal', signal: signal(...args) }) as const;
const RUN_STARTED = { type: 'run-started', run: runId('RUN0000001'), runbook: RUNBOOK, by: BOB } as const;

describe('the card of a page', () => {
  test('names what happened, where, how urgent, since when, and leads to the pager', () => {
    const text = words(carded());
    expect(card(carded()).channel).toBe('C1');
    expect(text).toContain('P1: KubePodNotReady in payments');
    expect(text).toContain('*Service* payments-api · *Urgency* high · *Priority* P1');
    expect(text).toContain('<https://example.pagerduty.com/incidents/PINC001|PagerDuty 42>');
    expect(text).toContain('Triggered <!date^');
  });

  test('suggests a runbook with its steps by risk and the reasons, and offers three things', () => {
    const text = words(carded());
    expect(text).toContain('*Suggested runbook: KubePodNotReady*');
    expect(text).toContain('7 steps · 🟢 safe 4 · 🟡 caution 2 · 🔴 danger 1');
    expect(text).toContain(
      'Because: alert name “KubePodNotReady” is the title; used last time for this alert.',
    );
    expect(buttonsOf(card(carded())).map(({ text: { text: label } }) => label)).toEqual([
      'Start run',
      'See steps',
      'Choose another',
    ]);
  });

  test('says why nothing fits and offers to choose', () => {
    const state = carded(NO_MATCH);
    expect(words(state)).toContain('*No runbook suggested.* No match, because no runbook is saved yet.');
    expect(actionsOf(state)).toEqual([ACTIONS.chooseRunbook]);
  });

  test('names what else is possible', () => {
    const [first] = MATCH.suggestions;
    const other = {
      ...first,
      runbook: runbookId('BOOK000002'),
      title: 'Another one',
      counts: COUNTS,
      score: 1,
      reasons: [],
    };
    const match = { ...MATCH, suggestions: [...MATCH.suggestions, other] };
    expect(words(carded(match))).toContain('Also possible: Another one');
  });

  test('counts the alerts that the pager folded into one', () => {
    expect(words(carded())).not.toContain('alerts in this incident');
    expect(words(next(says('triggered', 1), says('triggered', 2)))).toContain('3 alerts in this incident');
  });

  test('says that it came late', () => {
    const late = having([
      says('triggered', -12 * MINUTE),
      { type: 'matched', match: MATCH, channel: 'C1' },
    ]).state;
    expect(words(late)).toContain('reached us 12m 0s late');
    expect(words(carded())).not.toContain('late');
  });

  test('says who acknowledged it and keeps its buttons', () => {
    const state = next(says('acknowledged', 1, { by: 'Ada Lovelace' }));
    expect(words(state)).toMatch(/\*Acknowledged\* <!date.*> by Ada Lovelace/);
    expect(actionsOf(state)).toHaveLength(3);
  });

  test('that is resolved says so and has no button', () => {
    const state = next(says('resolved', 1));
    expect(words(state)).toContain('*Resolved*');
    expect(actionsOf(state)).toEqual([]);
    expect(card(state).text).toBe('Page resolved: KubePodNotReady in payments (payments-api)');
  });

  test('gets its buttons back when the incident does', () => {
    const state = next(says('resolved', 1), says('reopened', 2));
    expect(words(state)).toContain('*Reopened*');
    expect(actionsOf(state)).toHaveLength(3);
  });

  test('names the runs that were started from it, and no longer urges to start one', () => {
    const state = next(RUN_STARTED);
    expect(words(state)).toContain('<@UBOB> started run RUN0000001 at');
    expect(buttonsOf(card(state)).filter(({ style }) => style === 'primary')).toEqual([]);
    const many = next(
      ...['A', 'B', 'C', 'D', 'E'].map((id) => ({ ...RUN_STARTED, run: runId(`RUN000000${id}`) })),
    );
    expect(words(many)).toContain('2 earlier.');
  });

  test('is none before a channel is set', () => {
    expect(renderIncident(carded(MATCH, ''), INCIDENT)).toEqual([]);
  });

  test('is one message that keeps its name, so that it is posted once', () => {
    const keys = [carded(), next(says('resolved', 1)), next(RUN_STARTED)].map((state) => card(state).key);
    expect(new Set(keys)).toEqual(new Set(['card']));
  });

  test('never mentions anybody: nobody is called who was not called by the pager', () => {
    expect(JSON.stringify(card(carded()))).not.toMatch(/<!channel|<!here|<@/);
  });
});

describe('whatever a page says', () => {
  test.each(Object.entries(NASTY))('is shown, does nothing and fits: %s', (_, text) => {
    const about = { ...ABOUT, title: text, service: text, priority: text };
    const suggestion = {
      runbook: RUNBOOK,
      title: text,
      counts: COUNTS,
      score: 1,
      reasons: [text, text, text, text],
    };
    const match = { suggestions: [suggestion, suggestion, suggestion], none: text, looked: 3 };
    const begin = (found: typeof MATCH) =>
      having([
        says('triggered', 0, { about }),
        { type: 'matched', match: found, channel: 'C1' },
        says('acknowledged', 1, { about, by: text }),
      ]).state;
    const states = [
      begin(match),
      begin({ ...match, suggestions: [] }),
      having([RUN_STARTED, says('resolved', 2, { about, by: text })], NOW, begin(match)).state,
    ];
    for (const state of states) {
      const message = card(state);
      expect(faultsOfMessage(message)).toEqual([]);
      const ours =
        /^<(?:!date\^\d+\^\{time\}\|\d\d:\d\d UTC|https:\/\/example\.pagerduty\.com\/incidents\/PINC001\|PagerDuty 42|@UBOB)>$/;
      for (const mrkdwn of mrkdwnOf(message)) {
        expect(markupOf(mrkdwn).filter((markup) => !ours.test(markup))).toEqual([]);
      }
    }
  });

  test('about its link: what would end the link ends nothing', () => {
    const url = 'https://x.example/a?b=1&c=%3E%7C';
    const state = having([
      says('triggered', 0, { about: { ...ABOUT, url } }),
      { type: 'matched', match: MATCH, channel: 'C1' },
    ]).state;
    expect(words(state)).toContain('<https://x.example/a?b=1&amp;c=%3E%7C|PagerDuty 42>');
  });
});

describe('the buttons of a card', () => {
  test('carry names and nothing else', () => {
    const target = { incident: INCIDENT, runbook: RUNBOOK };
    expect(pageTarget.parse(encodePage(target))).toEqual(target);
    expect(incidentTarget.parse(encodeId(INCIDENT))).toBe(INCIDENT);
    for (const value of [
      '',
      'v1',
      `v1.${INCIDENT}`,
      `v1.${INCIDENT}.`,
      `v2.${INCIDENT}.${RUNBOOK}`,
      `v1.../../.${RUNBOOK}`,
    ]) {
      expect(pageTarget.safeParse(value).success).toBe(false);
    }
  });
});

describe('the modals of a page', () => {
  const about = { incident: INCIDENT, runbook: RUNBOOK, channel: CHANNEL };

  test('show every step with its risk and its command', () => {
    const { parse, verdicts } = buildRunbook(buildParse([['uptime'], [], ['df -h', 'du -sh']]));
    const view = stepsView(about, parse ?? buildParse(), verdicts);
    expect(faultsOfView(view)).toEqual([]);
    const shown = textsOf(view).join('\n');
    for (const text of ['uptime', 'df -h', 'du -sh', '*2.* by hand', '*4.* 🟡 caution'])
      expect(shown).toContain(text);
  });

  test('show as many steps as there is room for, and say how many are left', () => {
    const { parse, verdicts } = buildRunbook(
      buildParse(Array.from({ length: 300 }, () => ['x'.repeat(5_000)])),
    );
    const view = stepsView(about, parse ?? buildParse(), verdicts);
    expect(faultsOfView(view)).toEqual([]);
    expect(textsOf(view).join('\n')).toMatch(/2\d\d more: the run shows each of them/);
  });

  test('offer a hundred runbooks and say how many there are beyond', () => {
    const choices = Array.from({ length: 240 }, (_, index) => ({
      id: runbookId(`BOOK${String(index).padStart(6, '0')}`),
      title: index === 0 ? '' : `Runbook ${index} ${NASTY.long}`,
    }));
    const view = chooseView(about, choices);
    expect(faultsOfView(view)).toEqual([]);
    expect(textsOf(view).join('\n')).toContain('140 more are saved');
    expect(faultsOfView(chooseView(about, choices.slice(0, 1)))).toEqual([]);
  });

  test('fill a form with what the page says, for a person to change', () => {
    const parse = buildParse([['ssh <host>']], { variables: [variable('host'), variable('other')] });
    const view = startRunView(RUNBOOK, parse, CHANNEL, {
      incident: INCIDENT,
      values: new Map([['host', 'web-1']]),
    });
    expect(faultsOfView(view)).toEqual([]);
    expect(JSON.stringify(view.blocks)).toContain('"initial_value":"web-1"');
    expect(JSON.stringify(view.blocks).match(/initial_value/g)).toHaveLength(1);
    expect(JSON.parse(view.private_metadata ?? '')).toEqual({
      channel: CHANNEL,
      runbook: RUNBOOK,
      shown: parseSha256(parse),
      incident: INCIDENT,
    });
    expect(textsOf(view).join()).toContain('Some values come from the page');
  });

  test('stay inside Slack’s limits with the most inputs a runbook can have', () => {
    const variables = Array.from({ length: 200 }, (_, index) => variable(`v${index}`));
    const values = new Map(variables.map(({ name }) => [name, 'x'.repeat(253)]));
    const view = startRunView(RUNBOOK, buildParse([['x']], { variables }), CHANNEL, {
      incident: INCIDENT,
      values,
    });
    expect(faultsOfView(view)).toEqual([]);
  });

  test('ask for PagerDuty’s secret and never show one', () => {
    for (const secrets of [0, 2]) {
      const view = pagerDutyView(CHANNEL, 'https://run.example/webhooks/pagerduty/T1', secrets);
      expect(faultsOfView(view)).toEqual([]);
      expect(textsOf(view).join()).toContain('https://run.example/webhooks/pagerduty/T1');
      expect(JSON.stringify(view)).not.toContain('initial_value');
    }
  });
});

describe('/runbook status', () => {
  const status = (open: readonly { state: IncidentState }[]) =>
    renderStatus({ state: tenantState(), live: [], agents: [], open });

  test('lists open pages, where they stand, and how to give a lost one a channel', () => {
    const reply = status([{ state: carded() }, { state: carded(MATCH, '') }]);
    const text = textsOf(reply.blocks).join('\n');
    expect(text).toContain('*2 open pages*');
    expect(text).toContain('KubePodNotReady in payments (payments-api), in <#C1>');
    expect(text).toContain('*not shown in any channel*');
    expect(text).toContain('`/runbook pages service`');
    expect(faultsOfMessage({ ...reply, blocks: reply.blocks })).toEqual([]);
  });

  test('says nothing of pages where there are none', () => {
    expect(textsOf(status([]).blocks).join()).not.toContain('page');
  });

  test('fits with hundreds of them', () => {
    const about = { ...ABOUT, title: NASTY.entities, service: NASTY.mention };
    const one = { state: having([says('triggered', 0, { about })]).state };
    expect(faultsOfMessage({ ...status(Array.from({ length: 300 }, () => one)) })).toEqual([]);
  });
});

test('what an admin set is said in words', () => {
  const here = (service: string | null) => ({ kind: 'here', channel: 'C1', service }) as const;
  expect(renderPages(here('<!channel>'), 0)).toBe(
    'Pages of &lt;!channel&gt; come to this channel from now on.',
  );
  expect(renderPages(here(null), 2)).toContain('2 open pages had no channel and will come here.');
  expect(renderPages({ kind: 'off', channel: 'C1' }, 0)).toContain('do not come to this channel any more');
});
