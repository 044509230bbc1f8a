import { describe, expect, test } from '@jest/globals';
import { inertWords } from '../../../src/runbook/refine/words.ts';

describe('words of a stranger', () => {
  test.each([
    [
      'plain words stay',
      'Restart the API (twice), then wait 5 min.',
      'Restart the API (twice), then wait 5 min.',
    ],
    ['names with an underscore stay', 'Which POD_NAME is it?', 'Which POD_NAME is it?'],
    [
      'files and names inside a network stay',
      'Look at app.conf on db-0.db.svc.cluster.local',
      'Look at app.conf on db-0.db.svc.cluster.local',
    ],
    ['times and versions stay', 'At 10:30:20 with v1.25.3', 'At 10:30:20 with v1.25.3'],
    ['letters of any language stay', 'Prüfe den Köder: 再起動', 'Prüfe den Köder: 再起動'],
    ['lines become one', 'a\n\n b\tc', 'a b c'],
    ['mentions become words', '<!channel> <@U1> @here', '!channel at U1 at here'],
    ['channels become words', '#general and <#C1|x>', 'general and C1x'],
    ['markup goes', '*bold* _it_ `code` ~gone~', 'bold it code gone'],
    ['links are left out', 'see https://evil.example/a?b=c now', 'see [link left out] now'],
    [
      'links that take shape only when something is taken out too',
      'ht<tp>s://evil.example',
      '[link left out]',
    ],
    ['links in full width too', 'ｈｔｔｐｓ：／／evil.example', '[link left out]'],
    ['scripts are left out', 'javascript:alert(1)', '[link left out]'],
    ['bare addresses lead nowhere', 'log in at evil.com/login', 'log in at evil[.]com/login'],
    ['the colours of a risk cannot be drawn', '🟢 safe :large_green_circle:', 'safe large_green_circle:'],
    ['what cannot be seen goes', 'a\u200bb\u202e\u0000c\u{e0041}', 'a b c'],
    ['towers of accents are cut', `a${'\u0301'.repeat(50)}`, 'á\u0301\u0301'],
  ])('%s', (_, words, shown) => {
    expect(inertWords(words, 200)).toBe(shown);
  });

  test('are cut with a sign, and never inside a character', () => {
    expect(inertWords('𝔸'.repeat(3) + '𐐷'.repeat(20), 10)).toBe('AAA𐐷𐐷𐐷…');
    expect(inertWords('x'.repeat(10_000_000), 20)).toHaveLength(20);
  });
});
