import { z } from 'zod';
import type { Signal, SignalKind } from '../../src/incident/incident.ts';

/** The event types that say something we show. All others are acknowledged and not recorded. */
const KINDS: Readonly<Record<string, SignalKind>> = {
  'incident.triggered': 'triggered',
  'incident.acknowledged': 'acknowledged',
  'incident.unacknowledged': 'unacknowledged',
  'incident.resolved': 'resolved',
  'incident.reopened': 'reopened',
  'incident.priority_updated': 'changed',
};

const MAX = { title: 500, name: 150, url: 500, id: 100 } as const;

const cut = (max: number) => z.string().transform((text) => text.slice(0, max));
const named = z.object({ summary: cut(MAX.name).nullish() }).nullish();
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const envelope = z.object({
  event: z.object({
    id: z.string().min(1).max(MAX.id),
    event_type: z.string().min(1),
    occurred_at: moment,
    data: z.unknown(),
    agent: named.catch(null),
  }),
});

/** The fields of an incident that we use. What only decorates may be missing or odd; the id may not. */
const incident = z.object({
  id: z.string().min(1).max(MAX.id),
  title: cut(MAX.title).nullish().catch(null),
  number: z.int().nonnegative().nullish().catch(null),
  html_url: z.string().nullish().catch(null),
  created_at: moment.nullish().catch(null),
  urgency: z.enum(['high', 'low']).nullish().catch(null),
  service: named.catch(null),
  priority: named.catch(null),
});

export type Reading =
  | { readonly kind: 'signal'; readonly external: string; readonly signal: Signal }
  | { readonly kind: 'ignored'; readonly type: string }
  | { readonly kind: 'unreadable' };

/** Reads a verified body of PagerDuty's v3 webhook. Only what we use has to be there. */
export function readEvent(bytes: Uint8Array): Reading {
  const read = envelope.safeParse(parseJson(bytes));
  if (!read.success) return { kind: 'unreadable' };
  const { id, event_type, occurred_at, agent, data } = read.data.event;
  const kind = Object.hasOwn(KINDS, event_type) ? KINDS[event_type] : undefined;
  if (!kind) return { kind: 'ignored', type: event_type.slice(0, MAX.id) };
  const about = incident.safeParse(data);
  if (!about.success) return { kind: 'unreadable' };
  const { title, number, html_url, created_at, urgency, service, priority } = about.data;
  return {
    kind: 'signal',
    external: about.data.id,
    signal: {
      id,
      kind,
      occurredAt: occurred_at,
      by: agent?.summary ?? null,
      about: {
        provider: 'pagerduty',
        title: title?.trim() || 'Incident without a title',
        service: service?.summary?.trim() || null,
        urgency: urgency ?? null,
        priority: priority?.summary?.trim() || null,
        number: number ?? null,
        url: safeUrl(html_url ?? ''),
        triggeredAt: created_at ?? occurred_at,
      },
    },
  };
}

/** An https address without a password in it, as Slack's link syntax can hold it; else null. */
export function safeUrl(text: string): string | null {
  if (text.length > MAX.url || !URL.canParse(text)) return null;
  const { protocol, username, password, href } = new URL(text);
  if (protocol !== 'https:' || username !== '' || password !== '') return null;
  const held = href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E');
  return held.length <= MAX.url ? held : null;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
