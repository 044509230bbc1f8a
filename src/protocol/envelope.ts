import { z } from 'zod';
import { RISKS } from '../safety/verdict.ts';
import { canonicalBytes, fromBase64url, sha256Hex } from './canonical.ts';
import { field } from './fields.ts';
import { encodedSignedSchema } from './signed.ts';

/** An envelope lives 5 minutes at most; it covers the start of a step, not its duration (docs/threats.md, section 4). */
export const MAX_ENVELOPE_LIFE_MS = 300_000;
/** The most output an agent keeps of one step, each end. */
export const MAX_OUTPUT_BYTES = 64 * 1024;
/** The longest a step may be allowed to run. */
export const MAX_TIMEOUT_MS = 24 * 3_600_000;

const env = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/),
  z.string().max(32_768).refine(hasNoNul, 'holds a NUL'),
);
const cwd = z.string().max(4096).regex(/^\//, 'must be absolute').refine(hasNoNul, 'holds a NUL');
const word = z.string().max(65_536).refine(hasNoNul, 'holds a NUL');

/**
 * The part of an envelope an approval binds, by its hash: the exact bytes to run, where, and with which environment.
 * `bash` means `bash --noprofile --norc -c <command>`.
 */
export const execSchema = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('bash'),
    command_b64: z.string().max(131_072).refine(isCommand, 'must be base64url of UTF-8 text without a NUL'),
    cwd,
    env,
  }),
  z.strictObject({ mode: z.literal('argv'), argv: z.array(word).min(1).max(1024), cwd, env }),
]);
export type Exec = z.infer<typeof execSchema>;

/** The rules by which a step may start: nobody asked, anybody allowed to, somebody who did not ask for it. */
export const AUTHORITY_RULES = ['auto', 'one', 'other-than-requester'] as const;
export type AuthorityRule = (typeof AUTHORITY_RULES)[number];

const STEP_KINDS = ['forward', 'rollback', 'probe'] as const;

/** A job: one attempt at one step by one agent, signed by a dispatch key. */
export const envelopeSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('job'),
    envelope_id: field.id,
    tenant_id: field.tenantId,
    agent_id: field.agentId,
    agent_epoch: field.count,
    run_id: field.runId,
    run_rev: field.count,
    runbook_sha256: field.sha256,
    step_id: field.stepId,
    /** Only `forward` exists so far; the others keep their place in the signed bytes. */
    step_kind: z.enum(STEP_KINDS),
    attempt: z.int().positive(),
    idem_key: field.sha256,
    seq: z.int().positive(),
    lease_epoch: z.int().positive(),
    panic_epoch: field.count,
    nonce: field.nonce,
    iat: field.time,
    exp: field.time,
    exec: execSchema,
    limits: z.strictObject({
      timeout_ms: z.int().positive().max(MAX_TIMEOUT_MS),
      kill_grace_ms: z.int().nonnegative().max(60_000),
      output_head_bytes: z.int().nonnegative().max(MAX_OUTPUT_BYTES),
      output_tail_bytes: z.int().nonnegative().max(MAX_OUTPUT_BYTES),
    }),
    /** What the server found, and the rules it found it by: the agent judges by its own and only says when they differ. */
    verdict: z.strictObject({
      risk: z.enum(RISKS),
      ruleset_version: field.id,
      ruleset_sha256: field.sha256,
    }),
    profile: field.profile,
    authority: z.strictObject({
      requester: field.userId,
      rule: z.enum(AUTHORITY_RULES),
      approvals: z.array(encodedSignedSchema).max(8),
      /** What the tenant has declared read-only of the programs in this command; none when nothing is. */
      declarations: z.array(encodedSignedSchema).max(1),
    }),
    flags: z.strictObject({ used: z.array(field.id).max(64) }),
  })
  .refine((e) => e.exp > e.iat && e.exp - e.iat <= MAX_ENVELOPE_LIFE_MS, {
    path: ['exp'],
    message: 'must be after iat, by 300 s at most',
  });
export type Envelope = z.infer<typeof envelopeSchema>;

/** What `idem_key` must be: SHA-256 hex over the canonical array [tenant, agent, run, step, attempt]. */
export function idemKey(
  e: Pick<Envelope, 'tenant_id' | 'agent_id' | 'run_id' | 'step_id' | 'attempt'>,
): string {
  return sha256Hex(canonicalBytes([e.tenant_id, e.agent_id, e.run_id, e.step_id, e.attempt]));
}

/** The hash an approval binds: SHA-256 hex over the canonical exec block. */
export function execSha256(exec: Exec): string {
  return sha256Hex(canonicalBytes(exec));
}

/** The command text of an exec block as a shell would read it; words of an argv are quoted where they need it. */
export function commandText(exec: Exec): string {
  switch (exec.mode) {
    case 'bash':
      return new TextDecoder().decode(fromBase64url(exec.command_b64) ?? new Uint8Array());
    case 'argv':
      return exec.argv.map(quoteWord).join(' ');
  }
}

function quoteWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function hasNoNul(text: string): boolean {
  return !text.includes('\0');
}

function isCommand(base64url: string): boolean {
  const bytes = fromBase64url(base64url);
  if (bytes === null || bytes.byteLength === 0 || bytes.includes(0)) return false;
  return (
    Buffer.compare(Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)), bytes) === 0
  );
}
