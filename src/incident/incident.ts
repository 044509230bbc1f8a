import { sha256Hex } from '../protocol/canonical.ts';
import { type IncidentId, incidentId, type RunbookId, type RunId, type UserId } from '../protocol/ids.ts';
import type { Match } from './match.ts';

export const PROVIDERS = ['pagerduty'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What the pager knows of an incident, in our words. All texts are the customer's: bounded, not escaped. */
export interface Particulars {
  readonly provider: Provider;
  readonly title: string;
  readonly service: string | null;
  readonly urgency: 'high' | 'low' | null;
  /** The customer's own word for how bad it is: `P1`, `SEV2`. */
  readonly priority: string | null;
  readonly number: number | null;
  /** Its page at the pager; https only. */
  readonly url: string | null;
  /** When it began, by the pager's clock. */
  readonly triggeredAt: number;
}

export const SIGNAL_KINDS = [
  'triggered',
  'acknowledged',
  'unacknowledged',
  'resolved',
  'reopened',
  'changed',
] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** One thing the pager said of an incident. */
export interface Signal {
  /** The provider's id of this saying: the same when it is delivered again. */
  readonly id: string;
  readonly kind: SignalKind;
  /** By the pager's clock. Orders what came out of order. */
  readonly occurredAt: number;
  /** Who did it at the pager, by their name there, when somebody did. */
  readonly by: string | null;
  readonly about: Particulars;
}

export type StageName = 'triggered' | 'acknowledged' | 'resolved';

/** Where the incident stands at the pager. */
export interface Stage {
  readonly name: StageName;
  readonly since: number;
  readonly by: string | null;
  /** True when it was resolved before and came back. */
  readonly reopened: boolean;
}

/** A run that a person started from the page. */
export interface StartedRun {
  readonly run: RunId;
  readonly runbook: RunbookId;
  readonly by: UserId;
  readonly at: number;
}

/** `triggered`: nobody has looked for a runbook yet; `open`: somebody has; `resolved`: the pager says it is over. */
export type IncidentStatus = 'none' | 'triggered' | 'open' | 'resolved';

export interface IncidentState {
  readonly status: IncidentStatus;
  readonly about: Particulars | null;
  readonly stage: Stage | null;
  /** When the pager said what `about` holds. */
  readonly toldAt: number;
  /** How long after it happened we first heard of it (ms). */
  readonly late: number;
  /** Alerts that the pager folded into this incident. */
  readonly alerts: number;
  /** Ids of the newest sayings, oldest first: a repeat changes nothing. */
  readonly seen: readonly string[];
  readonly match: Match | null;
  /** Where its card stands; null as long as no channel is set for its service. */
  readonly channel: string | null;
  /** Newest last. */
  readonly runs: readonly StartedRun[];
  readonly changedAt: number;
}

type At = { readonly at: number };

export type IncidentEvent =
  | ({ readonly type: `incident.${SignalKind}`; readonly signal: Signal } & At)
  | ({ readonly type: 'incident.matched'; readonly match: Match } & At)
  | ({ readonly type: 'incident.placed'; readonly channel: string } & At)
  | ({ readonly type: 'incident.run-started'; readonly run: StartedRun } & At);

export type IncidentCommand =
  | { readonly type: 'signal'; readonly signal: Signal }
  | { readonly type: 'matched'; readonly match: Match; readonly channel: string | null }
  | { readonly type: 'place'; readonly channel: string }
  | {
      readonly type: 'run-started';
      readonly run: RunId;
      readonly runbook: RunbookId;
      readonly by: UserId;
    };

const ID_DIGITS = 20; // 80 bits: no two incidents of one workspace meet by accident

/** Our id of the provider's incident: the same from whatever process asks, so that all its events meet in one stream. */
export function incidentIdOf(provider: Provider, external: string): IncidentId {
  return incidentId(sha256Hex(`${provider}\0${external}`).slice(0, ID_DIGITS).toUpperCase());
}
