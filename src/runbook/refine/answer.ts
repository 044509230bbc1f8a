import { z } from 'zod';
import { RISKS } from '../../safety/verdict.ts';
import { STEP_KINDS, VARIABLE_TYPES } from '../runbook.ts';

/**
 * What a model is asked for. It speaks of the lines of the structural reading by their numbers (from 1), so that an answer
 * costs few tokens and has no command to change. Everything is required or null, as strict JSON schemas want it, and
 * without bounds, which not every endpoint knows: what is too much is left out when the answer is read.
 */
export const answerSchema = z.strictObject({
  /** For a text that has no title. */
  title: z.string().nullable(),
  /** Lines that make one step. Lines that no step names stay as they are. */
  steps: z.array(
    z.strictObject({
      first: z.number(),
      last: z.number(),
      title: z.string().nullable(),
      kind: z.enum(STEP_KINDS).nullable(),
      rollback: z.boolean(),
      /** Copied from the text: when the step applies. */
      condition: z.string().nullable(),
      /** The line the reader goes on with when the condition holds; 0 when there is nothing more to do. */
      goTo: z.number().nullable(),
      /** Copied from the text: what should come of the step. */
      expected: z.array(z.string()),
      /** Copied from the text: cautions of the author. */
      warnings: z.array(z.string()),
    }),
  ),
  /** Commands that are not among the lines. */
  commands: z.array(
    z.strictObject({
      text: z.string(),
      /** The line it comes after, when it does not stand in the text. */
      after: z.number(),
      title: z.string().nullable(),
      risk: z.enum(RISKS),
      reason: z.string(),
    }),
  ),
  inputs: z.array(
    z.strictObject({ name: z.string(), type: z.enum(VARIABLE_TYPES).nullable(), description: z.string() }),
  ),
  questions: z.array(z.strictObject({ line: z.number().nullable(), text: z.string() })),
  /** Lines with a command whose risk is higher than it looks. */
  opinions: z.array(z.strictObject({ line: z.number(), risk: z.enum(RISKS), reason: z.string() })),
});

export type Answer = z.infer<typeof answerSchema>;
export type AnswerStep = Answer['steps'][number];

/** Longer answers are not read: twenty times what a runbook of a hundred lines needs. UTF-16 units. */
const MAX_ANSWER = 200_000;

/** The answer in a text that claims to be JSON of the schema's shape, or null. Never throws. */
export function parseAnswer(json: string): Answer | null {
  if (json.length > MAX_ANSWER) return null;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const answer = answerSchema.safeParse(value);
  return answer.success ? answer.data : null;
}
