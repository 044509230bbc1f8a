import { readdirSync, readFileSync } from 'node:fs';
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

/** A command and every risk that two engineers could honestly give. */
interface Labelled {
  readonly family: string;
  readonly cmd: string;
  readonly label: readonly Risk[];
}

/** The commands of writers who had not seen the scanner. Nothing ever runs them outside the cage. */
export function blindCorpus(): readonly Labelled[] {
  const folder = new URL('./corpus/families/', import.meta.url);
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readFileSync(new URL(file, folder), 'utf8').split('\n'))
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Labelled]));
}
