/** What a model makes of a text, and the answers that this process remembers. */
import type { TenantId } from '../protocol/ids.ts';
import type { Model, Unrefined } from '../runbook/refine/port.ts';
import { PROMPT_VERSION, prompt } from '../runbook/refine/prompt.ts';
import { readAnswer } from '../runbook/refine/read.ts';
import type { Parse } from '../runbook/runbook.ts';
import type { Refined, Source } from '../runbook/stream.ts';
import type { Clock } from './clock.ts';
import { type Answered, openAsking, systemWait, type Wait } from './model-asking.ts';

export interface Draft {
  readonly tenant: TenantId;
  readonly source: Source;
  /** As structure reads the text. */
  readonly parse: Parse;
  /** Until when there may be an answer (ms since 1970). */
  readonly deadline: number;
}

/** What the model makes of a draft, or why there is nothing; by the deadline. */
export type Refine = (
  draft: Draft,
) => Promise<
  { readonly ok: true; readonly refined: Refined } | { readonly ok: false; readonly why: Unrefined }
>;

const MOST_KEPT = 100;
/** Longer texts (UTF-16 units) are asked anew each time: what is kept stays below some ten megabytes. */
const LONGEST_KEPT = 64_000;

/**
 * Opens the way from drafts to what a model makes of them. Texts that are pasted twice at once share one request; answers
 * are kept for the next paste of the same text in the same workspace. They are in the memory of this process and
 * nowhere else: nothing of a text is written down outside of the sealed log.
 */
export function openRefine(model: Model, clock: Clock, wait: Wait = systemWait): Refine {
  const ask = openAsking(model, clock, wait);
  const kept = new Map<string, Promise<Answered<Refined>>>();
  const by = { model: model.name, promptVersion: PROMPT_VERSION };

  const begin = (key: string, { source: { text }, parse, deadline }: Draft): Promise<Answered<Refined>> => {
    const answer = ask(prompt(text, parse), deadline, (json) => {
      const reading = readAnswer(json, text, parse);
      return reading && { ...reading, by };
    });
    const forget = () => void kept.delete(key);
    answer.then(({ ok }) => {
      if (!ok || text.length > LONGEST_KEPT) forget();
    }, forget);
    return answer;
  };

  return async (draft) => {
    const key = [draft.tenant, draft.source.sha256, by.promptVersion, by.model].join(' ');
    const answer = kept.get(key) ?? begin(key, draft);
    // The newest is last, and the one that nobody asked for longest goes first.
    kept.delete(key);
    kept.set(key, answer);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    // Whoever joins an earlier request has a deadline of their own.
    const over = new AbortController();
    const late = wait(draft.deadline - clock.now(), over.signal).then(() => LATE);
    const outcome = await Promise.race([answer, late]).finally(() => over.abort());
    return outcome.ok ? { ok: true, refined: outcome.value } : outcome;
  };
}

const LATE = { ok: false, why: 'late' } as const;
