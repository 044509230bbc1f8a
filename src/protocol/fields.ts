import { z } from 'zod';
import { fromBase64url } from './canonical.ts';
import { agentId, runId, stepId, tenantId, userId } from './ids.ts';

/** The small alphabet of an id on the wire: visible ASCII, at most 128 characters. */
const id = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** Field shapes the signed records share. Integers are below 2^53; bytes are base64url without padding. */
export const field = {
  id,
  tenantId: id.transform(tenantId),
  agentId: id.transform(agentId),
  runId: id.transform(runId),
  stepId: id.transform(stepId),
  userId: id.transform(userId),
  count: z.int().nonnegative(),
  /** Milliseconds since 1970. */
  time: z.int().nonnegative(),
  sha256,
  keyId: z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits'),
  base64url: z.string().refine((text) => fromBase64url(text) !== null, 'must be base64url without padding'),
  /** 128 random bits. */
  nonce: z.string().refine((text) => fromBase64url(text)?.byteLength === 16, 'must be 16 bytes in base64url'),
  /** A set of credentials and places on a host, by what it is (agent/policy.ts). */
  profile: z.strictObject({ name: id, digest: sha256 }),
  /** A sentence for a person. */
  sentence: z.string().min(1).max(1000),
} as const;
