import { describe, expect, test } from '@jest/globals';
import { userId } from '../../src/protocol/ids.ts';
import { programsView } from '../../src/slack/render-programs.ts';
import type { Programs } from '../../src/tenant/program.ts';
import { DECLARE_REASON } from '../../src/tenant/programs.ts';
import { faultsOfView, markupOf, textsOf } from '../support/block-kit.ts';
import { ABE, ADA, CHANNEL, NOW } from '../support/builders.ts';

const program = (name: string, reason = 'It only looks.') => ({ name, reason, by: [ADA, ABE], at: NOW });

describe('the list of read-only programs', () => {
  test('fits into a modal when it is as long as it may be', () => {
    const reason = '&'.repeat(DECLARE_REASON.max);
    const by = [userId(`U${'A'.repeat(20)}`), userId(`U${'B'.repeat(20)}`)];
    const names = Array.from({ length: 100 }, (_, n) => `${'x'.repeat(61)}${n}`);
    const declared = names.map((name) => ({ ...program(name, reason), by }));
    const view = programsView({ version: 1, declared, asked: [] }, CHANNEL, true);
    expect(faultsOfView(view)).toEqual([]);
    for (const name of names) expect(textsOf(view).some((text) => text.includes(`\`${name}\``))).toBe(true);
  });

  test('holds a reason as words: no mention, link or markup of its author', () => {
    const programs: Programs = {
      version: 1,
      declared: [program('a', '<!channel> <https://evil.example|docs> <@UEVE>')],
      asked: [],
    };
    const markup = textsOf(programsView(programs, CHANNEL, false)).flatMap(markupOf);
    expect(markup.filter((one) => !one.startsWith('<!date^'))).toEqual([`<@${ADA}>`, `<@${ABE}>`]);
  });

  test('says when one admin alone declared it', () => {
    const programs: Programs = { version: 1, declared: [{ ...program('a'), by: [ADA] }], asked: [] };
    expect(JSON.stringify(programsView(programs, CHANNEL, false))).toContain(`<@${ADA}>, the only admin`);
  });
});
