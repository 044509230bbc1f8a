import { z } from 'zod';
import { field } from './fields.ts';
import type { TenantId } from './ids.ts';
import { loadVerifyKey, type VerifyKey } from './keys.ts';

const roleKeys = z
  .array(z.strictObject({ key_id: field.keyId, public_key: z.string() }))
  .min(1)
  .max(16);

/** Which public keys may sign what for one tenant. The agent pins it at enrolment. */
export const trustBundleSchema = z.strictObject({
  tenant_id: field.tenantId,
  dispatch: roleKeys,
  approve: roleKeys,
});
export type TrustBundle = z.infer<typeof trustBundleSchema>;

/** A trust bundle whose every key was loaded and checked, by key id. */
export interface Trust {
  readonly tenantId: TenantId;
  readonly dispatch: ReadonlyMap<string, VerifyKey>;
  readonly approve: ReadonlyMap<string, VerifyKey>;
}

export type TrustResult =
  | { readonly ok: true; readonly trust: Trust }
  | { readonly ok: false; readonly sentence: string };

/** Opens a bundle from untrusted JSON. One bad key, a wrong key id, or one key in two roles refuses the whole. */
export function openTrust(value: unknown): TrustResult {
  const parsed = trustBundleSchema.safeParse(value);
  if (!parsed.success)
    return { ok: false, sentence: `The trust bundle is malformed: ${z.prettifyError(parsed.error)}` };
  const seen = new Set<string>();
  const roles = { dispatch: new Map<string, VerifyKey>(), approve: new Map<string, VerifyKey>() };
  for (const role of ['dispatch', 'approve'] as const) {
    for (const entry of parsed.data[role]) {
      const loaded = loadVerifyKey(entry.public_key);
      if (!loaded.ok) return loaded;
      if (loaded.key.keyId !== entry.key_id) {
        return { ok: false, sentence: `The key named ${entry.key_id} in the trust bundle has another id.` };
      }
      if (seen.has(entry.key_id)) {
        return {
          ok: false,
          sentence: `The key ${entry.key_id} stands twice in the trust bundle; a key has one role.`,
        };
      }
      seen.add(entry.key_id);
      roles[role].set(entry.key_id, loaded.key);
    }
  }
  return { ok: true, trust: { tenantId: parsed.data.tenant_id, ...roles } };
}
