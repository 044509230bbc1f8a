import { describe, expect, test } from '@jest/globals';
import { extract } from '../../src/runbook/extract.ts';

const page = (...lines: string[]): string => lines.join('\n');

describe('what a page says of itself', () => {
  test.each([
    [
      'front matter',
      page('---', 'owner: team-a', 'alerts: A1, A2', 'service: api', '---', '', '# T', '', 'x'),
    ],
    ['labelled lines', page('# T', '', '**Owner:** team-a', '**Alerts:** A1, A2', '**Service:** api')],
    ['one line', page('# T', '', 'Owner: team-a | Alerts: A1, A2 | Service: api')],
    [
      'a table',
      page(
        '# T',
        '',
        '| Field | Value |',
        '|---|---|',
        '| Owner | team-a |',
        '| Alerts | A1, A2 |',
        '| Service | api |',
      ),
    ],
    ['fields', page('T', '===', '', ':Owner: team-a', ':Alerts: A1, A2', ':Service: api', '', '.. note:: x')],
    [
      'attributes',
      page(':owner: team-a', ':alerts: A1, A2', ':service: api', '= T', '', '[source]', '----', 'x', '----'),
    ],
    [
      'a table of HTML',
      '<h1>T</h1><table><tr><th>Owner</th><td>team-a</td></tr><tr><th>Alerts</th><td>A1, A2</td></tr><tr><th>Service</th><td>api</td></tr></table><p>x</p>',
    ],
  ])('is read from %s', (_name, text) => {
    const { owner, alerts, services } = extract(text);
    expect({ owner, alerts, services }).toEqual({ owner: 'team-a', alerts: ['A1', 'A2'], services: ['api'] });
  });

  test('takes the name of an alert for a page that is named after it', () => {
    expect(extract('# KubePodNotReady\n\nText.\n').alerts).toEqual(['KubePodNotReady']);
    expect(extract('# Restart nginx\n\nThe alert `NginxDown` fires.\n').alerts).toEqual(['NginxDown']);
    expect(extract('# Restart nginx\n\nText.\n').alerts).toBeUndefined();
  });

  test.each([
    ['markdown', '# T\n\nSee [the page](https://a.example/x) and https://b.example.\n'],
    ['slack', '*T*\n• see <https://a.example/x|the page> and <https://b.example>\n'],
    ['rst', 'T\n===\n\nSee `the page <https://a.example/x>`_ and https://b.example.\n'],
    ['asciidoc', '= T\n\n== S\n\nSee https://a.example/x[the page] and https://b.example.\n'],
    [
      'html',
      '<h1>T</h1><p>See <a href="https://a.example/x">the page</a> and <a href="https://b.example">https://b.example</a></p>',
    ],
  ])('keeps the links of %s', (kind, text) => {
    const parse = extract(text);
    expect(parse.kind).toBe(kind);
    expect(parse.links?.map((link) => link.url)).toEqual(['https://a.example/x', 'https://b.example']);
  });

  test('keeps no link that is no address of a page', () => {
    const text =
      '<h1>T</h1><p><a href="javascript:alert(1)">a</a><a href="data:x">b</a><a href="/c">c</a></p>';
    expect(extract(text).links).toBeUndefined();
  });
});

describe('where a step sends its reader', () => {
  const targets = (text: string) => extract(text).steps.map((step) => step.target ?? null);

  test('is another step by its number, the end, or a page', () => {
    const text = page(
      '# T',
      '',
      '1. Look at the graph.',
      '2. If it is flat, skip the rest of the steps.',
      '3. If it falls, go back to step 1.',
      '4. If it rises, go to step 9.',
      '5. Otherwise follow [the other runbook](https://a.example).',
    );
    expect(targets(text)).toEqual([
      null,
      { to: 'end' },
      { to: 'step', step: 0 },
      null,
      { to: 'page', name: 'the other runbook' },
    ]);
  });

  test('counts a list as its author does', () => {
    const text = page('# T', '', '3. Stop it.', '4. Start it.', '5. Go back to step 4.');
    expect(targets(text)).toEqual([null, null, { to: 'step', step: 1 }]);
  });
});

test('what should come of a step stands with it', () => {
  const text = page(
    '# T',
    '',
    '1. Look:',
    '',
    '   ```sh',
    '   ceph -s',
    '   ```',
    '',
    '   It should report HEALTH_OK within a minute.',
    '',
    '2. Wait.',
  );
  expect(extract(text).steps[0]?.expected).toEqual(['It should report HEALTH_OK within a minute.']);
});
