import { beforeAll, describe, expect, test } from '@jest/globals';
import { extract } from '../../src/runbook/extract.ts';
import { filled, judge } from '../../src/runbook/flatten.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';

beforeAll(loadSafety);

const block = (...commands: readonly string[]) => extract(`\`\`\`\n${commands.join('\n')}\n\`\`\`\n`);
const risks = (...args: Parameters<typeof judge>): string[] =>
  judge(...args)
    .flat()
    .map(({ risk }) => risk);

describe('a preview judges a command', () => {
  test('in the folder that earlier lines lead to', () => {
    const parse = block('ls -l', 'cd /etc', 'rm shadow');
    expect(
      filled(parse)
        .flat()
        .map(({ cwd }) => cwd),
    ).toEqual(['/', '/', '/etc']);
    expect(judge(parse, classify).flat()[2]).toEqual(classify('rm shadow', undefined, '/etc'));
    expect(classify('cat shadow', undefined, '/etc').risk).not.toBe(classify('cat shadow').risk);
  });

  test('in / when the folder cannot be known', () => {
    expect(filled(block('cd $(mktemp -d)', 'make')).flat()[1]).toEqual({ text: 'make', cwd: '/' });
  });

  test('by what the name of an input says, whatever type it is said to have', () => {
    const parse = block('kill -9 <it>', 'sleep <it>');
    const typed = {
      ...parse,
      variables: parse.variables.map((each) => ({ ...each, type: 'integer' as const })),
    };
    expect(judge(typed, classify)).toEqual(judge(parse, classify));
  });

  test('with the opinion on it, which may raise and not lower', () => {
    const parse = block('ls -l', 'rm -rf /srv');
    const opinion = (risk: 'safe' | 'danger') => ({ risk, reason: 'So it is.' });
    expect(risks(parse, classify)).toEqual(['safe', 'danger']);
    expect(risks(parse, classify, [[opinion('danger'), opinion('safe')]])).toEqual(['danger', 'danger']);
    expect(risks(parse, classify, [[null]])).toEqual(['safe', 'danger']);
  });
});
