import type { z } from 'zod';

/** One question to a model. The answer must be JSON of the schema's shape. */
export interface Ask {
  readonly system: string;
  readonly user: string;
  readonly schema: z.ZodType;
}

/** Why a runbook stays as the structure reads it. */
export const UNREFINED = ['late', 'down', 'limited', 'rubbish', 'refused', 'absent'] as const;
export type Unrefined = (typeof UNREFINED)[number];

/** What came back: text that claims to be JSON and is not to be trusted, or why there is none. */
export type Reply =
  | {
      readonly ok: true;
      readonly json: string;
      /** Tokens read and written, where the endpoint says so. */
      readonly usage: { readonly input: number; readonly output: number } | null;
    }
  | {
      readonly ok: false;
      readonly why: Exclude<Unrefined, 'absent'>;
      /** How long the endpoint asks to be left alone (ms). */
      readonly waitMs?: number;
    };

/** A language model. `ask` never throws; once the signal is aborted it answers `late` soon. */
export interface Model {
  readonly name: string;
  ask(ask: Ask, signal: AbortSignal): Promise<Reply>;
}
