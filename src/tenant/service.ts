import type { Log } from '../audit/log.ts';
import { TENANT_STREAM } from '../audit/log.ts';
import type { Refusal } from '../audit/subject.ts';
import type { TenantId, UserId } from '../protocol/ids.ts';
import type { Signer } from '../protocol/keys.ts';
import { signRecord } from '../protocol/records.ts';
import { encodeSigned } from '../protocol/signed.ts';
import type { Directory, Person } from './person.ts';
import {
  type PauseWay,
  type Place,
  type TenantCommand,
  type TenantEvent,
  type TenantState,
  tenantKind,
} from './tenant.ts';

export interface TenantDeps {
  readonly log: Log;
  readonly directory: Directory;
  readonly approveKey: Signer;
  /** Random text of 128 bits. */
  readonly nonce: () => string;
  /** Told of a pause at once, ahead of every queue. */
  readonly onPause: (tenant: TenantId, panicEpoch: number) => void;
}

type Result =
  | { readonly ok: true; readonly state: TenantState; readonly events: readonly TenantEvent[] }
  | { readonly ok: false; readonly refusal: Refusal };

const ref = (tenant: TenantId) => ({ tenant, stream: TENANT_STREAM });

/**
 * Stops everything in the workspace. When the workspace cannot be asked who this is, the pause holds all the same:
 * stopping is cheap, and the person is named in the banner.
 */
export async function pauseTenant(
  { log, directory, onPause }: TenantDeps,
  { tenant, by, way, place }: { tenant: TenantId; by: UserId; way: PauseWay; place: Place },
): Promise<Result> {
  const person = await directory
    .person(by)
    .catch((): Person => ({ user: by, standing: 'member', admin: false }));
  const outcome = await log.transact(tenantKind, ref(tenant), { type: 'pause', by: person, way, place });
  if (outcome.ok) onPause(tenant, outcome.state.panicEpoch);
  return outcome;
}

/** Lets runs go on: an admin types the word, and a second admin does where there is one. */
export async function resumeTenant(
  { log, directory, approveKey, nonce }: TenantDeps,
  { tenant, by, typed }: { tenant: TenantId; by: UserId; typed: string },
): Promise<Result> {
  const [person, census] = await Promise.all([directory.person(by), directory.census()]);
  return log.transact(tenantKind, ref(tenant), (state, { now }): TenantCommand => {
    const people = [...new Set([...(state.resumeAskedBy ? [state.resumeAskedBy] : []), by])];
    const resume = {
      v: 1,
      typ: 'resume',
      tenant_id: tenant,
      panic_epoch: state.panicEpoch,
      by: people,
      iat: now,
      nonce: nonce(),
    } as const;
    const record = encodeSigned(signRecord('resume', resume, approveKey));
    return { type: 'resume', by: person, typed, census, record };
  });
}

/** The workspace as it stands; as before anything happened when it was never opened. */
export async function tenantState(log: Log, tenant: TenantId): Promise<TenantState> {
  const loaded = await log.load(tenantKind, ref(tenant));
  return loaded?.state ?? tenantKind.initial;
}
