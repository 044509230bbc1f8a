import { z } from 'zod';
import { BARE_NAME } from '../safety/declarable.ts';
import { MAX_ENVELOPE_LIFE_MS } from './envelope.ts';
import { field } from './fields.ts';

/** The most programs one tenant may have declared. */
export const MAX_DECLARED = 100;

const program = z
  .strictObject({
    name: z.string().regex(BARE_NAME, 'must be the bare name of a program'),
    /** The people behind it: who asked and who confirmed, or the one who is forced to do both. */
    by: z.array(field.userId).min(1).max(2),
    forced: z.enum(['', 'solo']),
  })
  .refine(({ by, forced }) => new Set(by).size === (forced === 'solo' ? 1 : 2), {
    path: ['by'],
    message: 'must be two people, or one who is the only admin',
  });

/**
 * What a tenant has declared read-only of the programs that one command names, signed by an approval key. It is bound to
 * one attempt, its exact command and the life of its envelope, so that it says nothing of any other and ends by itself.
 */
export const declarationSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('declaration'),
    tenant_id: field.tenantId,
    agent_id: field.agentId,
    agent_epoch: field.count,
    run_id: field.runId,
    step_id: field.stepId,
    attempt: z.int().positive(),
    exec_sha256: field.sha256,
    /** Of the tenant's list: it only rises. */
    version: z.int().positive(),
    programs: z.array(program).min(1).max(MAX_DECLARED).refine(isSorted, 'must be sorted by name, each once'),
    iat: field.time,
    exp: field.time,
    nonce: field.nonce,
  })
  .refine((d) => d.exp > d.iat && d.exp - d.iat <= MAX_ENVELOPE_LIFE_MS, {
    path: ['exp'],
    message: 'must be after iat, by 300 s at most',
  });
export type DeclarationRecord = z.infer<typeof declarationSchema>;

function isSorted(programs: readonly { readonly name: string }[]): boolean {
  return programs.every(({ name }, at) => at === 0 || (programs[at - 1]?.name ?? '') < name);
}
