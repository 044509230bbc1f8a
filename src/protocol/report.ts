import { z } from 'zod';
import { field } from './fields.ts';

const about = {
  runId: field.runId,
  stepId: field.stepId,
  attempt: z.int().positive(),
  envelopeId: field.id,
};
/** Which attempt a report is about. */
export const aboutSchema = z.strictObject(about);

const text = z.string().max(131_072);

/**
 * The command ended. Exactly one of `exitCode` and `signal` is null. `head` and `tail` are redacted and made visible on
 * the agent; `bytes` and `sha256` are of the whole stream as the command wrote it (stdout and stderr interleaved).
 */
export const finishedSchema = z
  .strictObject({
    kind: z.literal('finished'),
    ...about,
    exitCode: z.int().nullable(),
    signal: z.string().max(16).nullable(),
    timedOut: z.boolean(),
    head: text,
    tail: text,
    bytes: field.count,
    sha256: field.sha256,
    startedAt: field.time,
    finishedAt: field.time,
  })
  .refine((f) => (f.exitCode === null) !== (f.signal === null), {
    path: ['signal'],
    message: 'must be there exactly when there is no exit code',
  });
export type Finished = z.infer<typeof finishedSchema>;

/** This envelope did not start anything and never will; `code` names the check that refused it. */
export const rejectedSchema = z.strictObject({
  kind: z.literal('rejected'),
  ...about,
  code: field.id,
  sentence: field.sentence,
});

/** It may have run; nobody can know. Only a person may go on from there. */
export const unknownSchema = z.strictObject({
  kind: z.literal('unknown'),
  ...about,
  sentence: field.sentence,
});

/**
 * The server asked after an envelope that this agent does not know. Below the mark it had been seen and its record is
 * gone; above it never came, and its lease is over, so it never will be run.
 */
export const missingSchema = z.strictObject({
  kind: z.literal('missing'),
  ...about,
  /** The highest `seq` in the agent's journal. */
  seqMark: field.count,
});

/**
 * What an agent says about one envelope, signed by the agent's key.
 * `finished`, `rejected` and `unknown` are repeated until acknowledged; the others are not.
 */
export const reportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('started'), ...about, startedAt: field.time }),
  z.strictObject({ kind: z.literal('output'), ...about, tail: text, bytes: field.count }),
  finishedSchema,
  rejectedSchema,
  unknownSchema,
  missingSchema,
]);
export type Report = z.infer<typeof reportSchema>;
export type ReportKind = Report['kind'];

/** An agent's first words on a stream: who it is and where its journal stands, over the server's nonce. */
export const helloSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('hello'),
  agentId: field.agentId,
  tenantId: field.tenantId,
  agentEpoch: field.count,
  nonce: field.base64url,
  /** The agent's own, for its first lease. */
  leaseNonce: field.nonce,
  seqMark: field.count,
  leaseEpoch: field.count,
  bundleVersion: z.int().positive(),
  journalHead: field.sha256,
  panicEpoch: field.count,
  paused: z.boolean(),
  /** Why the agent starts nothing by its own decision, or empty. */
  pausedBecause: z.string().max(1000),
  policySha256: field.sha256,
  rulesetVersion: field.id,
  rulesetSha256: field.sha256,
  version: field.id,
  hostName: z.string().max(253),
  profiles: z.array(field.profile).max(64),
});
export type Hello = z.infer<typeof helloSchema>;
