/** The PagerDuty hook behind a real HTTP server on loopback; the log's storage is a fake unless one is given. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type PageSpec, startPager } from '../../../dev/pagerduty.ts';
import { createPagerDutyHook, PAGERDUTY_PATH } from '../../../handlers/webhooks/pagerduty.ts';
import type { Log } from '../../../src/audit/log.ts';
import { incidentRef } from '../../../src/audit/streams.ts';
import { incidentIdOf } from '../../../src/incident/incident.ts';
import { incidentKind } from '../../../src/incident/kind.ts';
import { type TenantId, tenantId } from '../../../src/protocol/ids.ts';
import { tenantKind } from '../../../src/tenant/tenant.ts';
import { NOW, TENANT, tenantState } from '../../support/builders.ts';
import { fakeClock, fakeLogger, memoryLog, tenantRef } from '../../support/fakes.ts';

export const SECRET = 'the-signing-secret-of-pagerduty';
export const OLD_SECRET = 'the-signing-secret-before-it';
export const OTHER_TENANT = tenantId('T2');
export const OTHER_SECRET = 'the-signing-secret-of-another-workspace';

/** One server for one test; `close` it. */
export async function startWorld(overrides: { log?: Log } = {}) {
  const clock = fakeClock();
  const { log, put, size } = memoryLog(clock);
  put(tenantKind, tenantRef(TENANT), tenantState({ settings: { pagerdutySecrets: [SECRET, OLD_SECRET] } }));
  put(tenantKind, tenantRef(OTHER_TENANT), tenantState({ settings: { pagerdutySecrets: [OTHER_SECRET] } }));
  const before = size();
  const { logger, lines } = fakeLogger();
  const hook = createPagerDutyHook({ log: overrides.log ?? log, logger, clock });
  const server = createServer((req, res) => {
    const rest = (req.url ?? '').slice(PAGERDUTY_PATH.length);
    void hook(req, res, tenantId(decodeURIComponent(rest)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const urlOf = (tenant: string) => `http://127.0.0.1:${port}${PAGERDUTY_PATH}${tenant}`;
  const pagerOf = (secrets: readonly string[], tenant: string = TENANT) =>
    startPager({ url: urlOf(tenant), secrets, now: clock.now });
  return {
    clock,
    lines,
    put,
    port,
    url: urlOf(TENANT),
    urlOf,
    pager: pagerOf([SECRET]),
    pagerOf,
    /** How many subjects were recorded. */
    recorded: () => size() - before,
    incident: async (id = 'PINC001', tenant: TenantId = TENANT) =>
      (await log.load(incidentKind, incidentRef(tenant, incidentIdOf('pagerduty', id))))?.state ?? null,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** A page as most tests send it. */
export const PAGE: PageSpec = { title: 'KubePodNotReady', at: NOW, eventId: 'event-1' };
