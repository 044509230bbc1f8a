import { z } from 'zod';
import { field } from './fields.ts';

/** The longest a trust bundle may be believed (docs/threats.md, section 3). */
export const MAX_BUNDLE_LIFE_MS = 30 * 24 * 3_600_000;

const roleKeys = z
  .array(z.strictObject({ key_id: field.keyId, public_key: z.string().max(64) }))
  .min(1)
  .max(16);

/** A trust bundle, signed by the root key: the keys of each role, and those that count no more. */
export const bundleSchema = z
  .strictObject({
    v: z.literal(1),
    typ: z.literal('bundle'),
    version: z.int().positive(),
    iat: field.time,
    exp: field.time,
    dispatch: roleKeys,
    approve: roleKeys,
    revoked: z.array(field.keyId).max(256),
  })
  .refine((b) => b.exp > b.iat && b.exp - b.iat <= MAX_BUNDLE_LIFE_MS, {
    path: ['exp'],
    message: 'must be after iat, by 30 days at most',
  });
export type TrustBundle = z.infer<typeof bundleSchema>;
