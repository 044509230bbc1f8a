import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from './clock.ts';

/** A signed request is valid for five minutes either way, so remembering it for ten is enough (ms). */
const KEPT_MS = 10 * 60_000;

/** Remembers the signatures of Slack's requests, for all processes. */
export function openSlackRequests(prisma: PrismaClient, clock: Clock) {
  return {
    /** True when the signature was seen before; from now on it was. */
    async seenBefore(signature: string): Promise<boolean> {
      const data = [{ signature, at: new Date(clock.now()) }];
      const { count } = await prisma.slackRequest.createMany({ data, skipDuplicates: true });
      return count === 0;
    },
    /** Forgets what can no longer be replayed. */
    async forget(): Promise<void> {
      await prisma.slackRequest.deleteMany({ where: { at: { lt: new Date(clock.now() - KEPT_MS) } } });
    },
  };
}
