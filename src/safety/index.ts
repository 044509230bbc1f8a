import { judge, type Loaded, merge } from './classify.ts';
import { openKnowledge } from './knowledge.ts';
import { plan } from './planned.ts';
import { loadPostgres, NOT_LOADED } from './programs/postgres.ts';
import type { Declared, Verdict } from './verdict.ts';
import { RULESET_SHA256, RULESET_VERSION } from './version.ts';

export { RULESET_SHA256, RULESET_VERSION };

let loaded: Loaded | null = null;

/** Loads the knowledge base and the grammar of PostgreSQL; until it has resolved every verdict is danger. */
export async function loadSafety(): Promise<void> {
  if (loaded?.postgres) return;
  loaded = { ...openOnce(), postgres: await loadPostgres() };
}

/** The knowledge base alone, which takes no time to load: PostgreSQL text stays danger. */
function openOnce(): Loaded {
  loaded ??= { knowledge: openKnowledge(), postgres: null };
  return loaded;
}

/**
 * The verdict on a shell text. Synchronous and pure; never throws. Before loadSafety everything is danger. Of what is
 * declared only names count that may be, and only where they stand as a command of their own (docs/safety.md). Relative
 * names are judged as if in `cwd` (absolute; `/` when left out).
 */
export function classify(command: string, declared?: Declared, cwd?: string): Verdict {
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
      rulesetSha256: RULESET_SHA256,
    };
  return merge(judge(command, loaded, declared, cwd));
}

/** The same for a program that starts for a few texts: loads the grammar only when the text needs it. */
export async function classifyAtOnce(command: string): Promise<Verdict> {
  openOnce();
  const verdict = classify(command);
  if (!verdict.reasons.some(({ rule }) => rule === NOT_LOADED)) return verdict;
  await loadSafety();
  return classify(command);
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
