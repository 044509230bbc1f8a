import type { TenantId } from '../protocol/ids.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';

/** A signed request is valid for five minutes either way, so remembering it for ten is enough (ms). */
const KEPT_MS = 10 * 60_000;

/** Remembers what marks each of Slack's requests (its signature, or a socket's envelope id), for all processes. */
export function openSlackRequests(database: Database, clock: Clock) {
  return {
    /** True when the request was seen before; from now on it was. */
    async seenBefore(tenant: TenantId, signature: string): Promise<boolean> {
      const data = [{ tenant, signature, at: new Date(clock.now()) }];
      const { count } = await database.tenant(tenant, (prisma) =>
        prisma.slackRequest.createMany({ data, skipDuplicates: true }),
      );
      return count === 0;
    },
    /** Forgets what can no longer be replayed. */
    async forget(): Promise<void> {
      const lapsed = { at: { lt: new Date(clock.now() - KEPT_MS) } };
      for (const { id } of await database.prisma.tenant.findMany({ select: { id: true } })) {
        await database.tenant(id as TenantId, (prisma) => prisma.slackRequest.deleteMany({ where: lapsed }));
      }
    },
  };
}
