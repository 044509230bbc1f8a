import type { Log } from '../audit/log.ts';
import { TENANT_STREAM } from '../audit/log.ts';
import type { Refusal } from '../audit/subject.ts';
import type { TenantId, UserId } from '../protocol/ids.ts';
import type { Signer } from '../protocol/keys.ts';
import { signRecord } from '../protocol/records.ts';
import { type EncodedSigned, encodeSigned } from '../protocol/signed.ts';
import type { RolesChange } from './members.ts';
import type { Census, Directory, Person } from './person.ts';
import type { ProgramsChange } from './programs.ts';
import type { SettingsChange } from './settings.ts';
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
  deps: TenantDeps,
  { tenant, by, typed }: { tenant: TenantId; by: UserId; typed: string },
): Promise<Result> {
  const { log, directory } = deps;
  const [person, census] = await Promise.all([directory.person(by), takeCensus(deps, tenant)]);
  return log.transact(tenantKind, ref(tenant), (state, { now }): TenantCommand => {
    const people = [...new Set([...(state.resumeAskedBy ? [state.resumeAskedBy] : []), by])];
    const record = resumeRecord(deps, tenant, state.panicEpoch, people, now);
    return { type: 'resume', by: person, typed, census, record };
  });
}

type Signing = Pick<TenantDeps, 'approveKey' | 'nonce'>;

function resumeRecord(
  { approveKey, nonce }: Signing,
  tenant: TenantId,
  panicEpoch: number,
  by: UserId[],
  now: number,
): EncodedSigned {
  const resume = {
    v: 1,
    typ: 'resume',
    tenant_id: tenant,
    panic_epoch: panicEpoch,
    by,
    iat: now,
    nonce: nonce(),
  } as const;
  return encodeSigned(signRecord('resume', resume, approveKey));
}

/** Who there is, by the roles as they stand now. Roles that change while Slack is asked count from the next time on. */
export async function takeCensus(
  { log, directory }: Pick<TenantDeps, 'log' | 'directory'>,
  tenant: TenantId,
): Promise<Census> {
  return directory.census(await tenantState(log, tenant));
}

/**
 * The app was installed: by this person, or by nobody who is known, and then the bot stands for them. Ends the pause that a
 * removal made, and no other; runs from before the removal stay over.
 */
export async function installTenant(
  deps: Pick<TenantDeps, 'log'> & Signing,
  { tenant, by, bot }: { tenant: TenantId; by: UserId | null; bot?: UserId },
): Promise<Result> {
  const who = by ?? bot;
  return deps.log.transact(
    tenantKind,
    ref(tenant),
    (state, { now }): TenantCommand =>
      state.paused?.way === 'uninstall' && who
        ? { type: 'install', by, record: resumeRecord(deps, tenant, state.panicEpoch, [who], now) }
        : { type: 'install', by },
  );
}

/** An admin says who may do what. */
export async function setRoles(
  { log, directory }: Pick<TenantDeps, 'log' | 'directory'>,
  { tenant, by, ...change }: { tenant: TenantId; by: UserId } & RolesChange,
): Promise<Result> {
  const person = await directory.person(by);
  return log.transact(tenantKind, ref(tenant), { type: 'set-roles', by: person, ...change });
}

/** Sets what an admin may set; anybody else is refused. */
export async function changeSettings(
  { log, directory }: Pick<TenantDeps, 'log' | 'directory'>,
  tenant: TenantId,
  by: UserId,
  change: SettingsChange,
): Promise<Result> {
  return log.transact(tenantKind, ref(tenant), { ...change, by: await directory.person(by) });
}

/** An admin says something of a program that nobody here knows: that it only looks, or that this counts no more. */
export async function changePrograms(
  deps: Pick<TenantDeps, 'log' | 'directory'>,
  tenant: TenantId,
  by: UserId,
  change: ProgramsChange,
): Promise<Result> {
  const { log, directory } = deps;
  const { programs } = await tenantState(log, tenant);
  const asked = programs?.asked.find(({ name }) => name === change.name)?.by;
  const [person, census, asker] = await Promise.all([
    directory.person(by),
    takeCensus(deps, tenant),
    asked ? directory.person(asked) : null,
  ]);
  return log.transact(tenantKind, ref(tenant), { ...change, by: person, census, asker });
}

/** The workspace as it stands; as before anything happened when it was never opened. */
export async function tenantState(log: Log, tenant: TenantId): Promise<TenantState> {
  const loaded = await log.load(tenantKind, ref(tenant));
  return loaded?.state ?? tenantKind.initial;
}
