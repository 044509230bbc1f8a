import { judge, merge } from './classify.ts';
import { compileKnowledge, type Knowledge } from './knowledge.ts';
import { plan } from './planned.ts';
import type { Verdict } from './verdict.ts';

/** Changes whenever a verdict may change: part of every verdict and of every signed job. */
export const RULESET_VERSION = '2026.11.24-2';

let loaded: Knowledge | null = null;

/** Checks and compiles the knowledge base. Throws when a row is malformed; until it has run every verdict is danger. */
export async function loadSafety(): Promise<void> {
  loaded ??= compileKnowledge();
}

/** The verdict on a shell text. Synchronous and pure; never throws. Before loadSafety everything is danger. */
export function classify(command: string): Verdict {
  if (loaded === null)
    return {
      risk: 'danger',
      reasons: [
        {
          rule: 'scanner.not-loaded',
          risk: 'danger',
          sentence: 'The scanner is not loaded, so nothing can be judged yet.',
        },
      ],
      traits: [],
      rulesetVersion: RULESET_VERSION,
    };
  return merge(judge(command, loaded), RULESET_VERSION);
}

/**
 * The argv lists of the simple commands that bash would look up on PATH if each exited 0 and printed nothing, in order
 * of the text. Builtins are left out. Null when it cannot be known before the run.
 */
export function plannedInvocations(command: string): readonly (readonly string[])[] | null {
  return plan(command);
}

/** All names, known before the run, that are looked up on the PATH of this machine, inside wrappers too. */
export function commandNames(command: string): readonly string[] {
  return loaded === null ? [] : [...judge(command, loaded).names];
}
