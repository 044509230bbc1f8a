import { readFileSync } from 'node:fs';
import { classify } from '../../src/safety/index.ts';
import type { Risk, Verdict } from '../../src/safety/verdict.ts';

/**
 * The commands of one file in test/safety/corpus: one a line, labelled by hand after the rules in docs/safety.md.
 * They are text and nothing ever runs them. `⏎` stands for a newline.
 */
export function corpus(name: 'safe' | 'caution' | 'danger' | 'canaries' | 'never-safe'): readonly string[] {
  const text = readFileSync(new URL(`./corpus/${name}.txt`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll('⏎', '\n'));
}

/** The commands of a list that are not judged as allowed, with what was said instead: empty when all is well. */
export function misjudged(commands: readonly string[], allowed: readonly Risk[]): readonly string[] {
  return commands.flatMap((command) => {
    const verdict: Verdict = classify(command);
    return allowed.includes(verdict.risk)
      ? []
      : [`${verdict.risk}: ${command}  (${verdict.reasons[0]?.rule})`];
  });
}

/** The risk of one command. */
export function risk(command: string): Risk {
  return classify(command).risk;
}
