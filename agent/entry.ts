import { z } from 'zod';
import { aboutSchema, finishedSchema, rejectedSchema, unknownSchema } from '../src/protocol/report.ts';
import { encodedSignedSchema } from '../src/protocol/signed.ts';

const at = z.int().nonnegative();
const seq = z.int().positive();

/**
 * One fact in the journal. `verified` and `rejected` consume the envelope's `seq`; `started` is durable before anything
 * is spawned; `ended` is durable before anything is reported.
 */
export const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('verified'),
    at,
    about: aboutSchema,
    seq,
    idemKey: z.string(),
    approvals: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('rejected'), at, seq, report: rejectedSchema }),
  z.strictObject({ kind: z.literal('started'), at, about: aboutSchema }),
  z.strictObject({
    kind: z.literal('ended'),
    at,
    report: z.discriminatedUnion('kind', [finishedSchema, rejectedSchema, unknownSchema]),
  }),
  z.strictObject({ kind: z.literal('acked'), at, envelopeId: z.string() }),
  /** A new connection: envelopes of older ones are dead from here on. */
  z.strictObject({ kind: z.literal('lease'), at, epoch: z.int().positive() }),
  z.strictObject({ kind: z.literal('bundle'), at, signed: encodedSignedSchema }),
  z.strictObject({ kind: z.literal('panic'), at, epoch: z.int().nonnegative(), paused: z.boolean() }),
]);
export type Entry = z.infer<typeof entrySchema>;
