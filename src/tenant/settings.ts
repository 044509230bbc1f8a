import { type Decision, events, type Facts, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Person } from './person.ts';
import { refuseRole } from './roles.ts';

/** Which channel gets the pages of which service. Names of services are kept in lower case. */
export interface Pages {
  /** For every service that is not named. */
  readonly channel?: string;
  readonly byService?: Readonly<Record<string, string>>;
}

/** What admins set for their workspace. */
export interface Settings {
  /** Signing secrets of PagerDuty's webhook, newest first; two while one replaces the other. Never shown. */
  readonly pagerdutySecrets?: readonly string[];
  readonly pages?: Pages;
}

export type SettingsChange =
  | { readonly type: 'set-pagerduty'; readonly secret: string }
  | { readonly type: 'set-pages'; readonly change: PagesChange };

export type SettingsCommand = SettingsChange & { readonly by: Person };

/** Pages of a service (or of all that are not named) come to a channel; or none come to it any more. */
export type PagesChange =
  | { readonly kind: 'here'; readonly channel: string; readonly service: string | null }
  | { readonly kind: 'off'; readonly channel: string };

export type SettingsEvent =
  | {
      readonly type: 'tenant.pagerduty-set';
      readonly secrets: readonly string[];
      readonly by: UserId;
      readonly at: number;
    }
  | { readonly type: 'tenant.pages-set'; readonly pages: Pages; readonly by: UserId; readonly at: number };

/** One to replace the other while PagerDuty still signs with both. */
export const MAX_SECRETS = 2;
/** PagerDuty makes them of printable ASCII; shorter ones are no secrets. */
const SECRET = /^[\x21-\x7e]{16,256}$/;
const MAX_SERVICES = 200;
const MAX_SERVICE_NAME = 150;

/** Decides what an admin sets. Anybody else is refused. */
export function decideSettings(
  settings: Settings | undefined,
  command: SettingsCommand,
  { now: at, tenant }: Facts,
): Decision<SettingsEvent> {
  const refusal = refuseRole(command.by, tenant, 'admin', 'Changing settings');
  if (refusal) return { ok: false, refusal };
  const by = command.by.user;
  switch (command.type) {
    case 'set-pagerduty': {
      const secret = command.secret.trim();
      if (!SECRET.test(secret)) {
        return refuse(
          'not-a-secret',
          'This is not a signing secret. PagerDuty shows it once, when the webhook is made: copy all of it.',
        );
      }
      const known = settings?.pagerdutySecrets ?? [];
      if (known[0] === secret) return events();
      const secrets = [secret, ...known.filter((other) => other !== secret)].slice(0, MAX_SECRETS);
      return events({ type: 'tenant.pagerduty-set', secrets, by, at });
    }
    case 'set-pages':
      return decidePages(settings?.pages ?? {}, command.change, { by, at });
  }
}

function decidePages(
  pages: Pages,
  change: PagesChange,
  who: { by: UserId; at: number },
): Decision<SettingsEvent> {
  const { channel } = change;
  const named = Object.entries(pages.byService ?? {});
  if (change.kind === 'off') {
    const { channel: others, ...rest } = pages;
    const kept = named.filter(([, place]) => place !== channel);
    if (kept.length === named.length && others !== channel) {
      return refuse('no-pages-here', 'No pages come to this channel, so there is nothing to turn off.');
    }
    const left = others === undefined || others === channel ? rest : { ...rest, channel: others };
    return events({
      type: 'tenant.pages-set',
      pages: { ...left, byService: Object.fromEntries(kept) },
      ...who,
    });
  }
  if (change.service === null) {
    if (pages.channel === channel) return events();
    return events({ type: 'tenant.pages-set', pages: { ...pages, channel }, ...who });
  }
  const service = serviceKey(change.service);
  if (service === '' || service.length > MAX_SERVICE_NAME) {
    return refuse(
      'not-a-service',
      `A service has a name of 1 to ${MAX_SERVICE_NAME} characters. Nothing was changed.`,
    );
  }
  const others = named.filter(([name]) => name !== service);
  if (others.length >= MAX_SERVICES) {
    return refuse(
      'too-many-services',
      `${MAX_SERVICES} services have a channel of their own already. Use \`/runbook pages\` for all others.`,
    );
  }
  const byService = Object.fromEntries([...others, [service, channel]]);
  return events({ type: 'tenant.pages-set', pages: { ...pages, byService }, ...who });
}

/** The settings after an event. */
export function evolveSettings(settings: Settings | undefined, event: SettingsEvent): Settings {
  switch (event.type) {
    case 'tenant.pagerduty-set':
      return { ...settings, pagerdutySecrets: event.secrets };
    case 'tenant.pages-set':
      return { ...settings, pages: event.pages };
  }
}

/** The channel that gets the pages of a service, or null when none is set. */
export function channelFor(settings: Settings | undefined, service: string | null): string | null {
  const { channel, byService = {} } = settings?.pages ?? {};
  const key = serviceKey(service ?? '');
  return (Object.hasOwn(byService, key) ? byService[key] : channel) ?? null;
}

const serviceKey = (name: string): string => name.trim().replaceAll(/\s+/g, ' ').toLowerCase();
