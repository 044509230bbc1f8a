import type { UserId } from '../protocol/ids.ts';
import type { Risk, Verdict } from '../safety/verdict.ts';
import { escapeMrkdwn } from '../text/escape.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';

/** The risk as people see it: a word, and the colour for those who scan. */
export const RISK_LABEL: Record<Risk, string> = {
  safe: '🟢 safe',
  caution: '🟡 caution',
  danger: '🔴 danger',
};

export const mention = (user: UserId): string => `<@${user}>`;

/** Untrusted words inside mrkdwn: control characters shown, line breaks folded, cut to `max` UTF-16 units, escaped. */
export const plain = (text: string, max = Number.POSITIVE_INFINITY): string =>
  escapeMrkdwn(clip(visible(text).replaceAll(/\s+/g, ' ').trim(), max));

/** `80 ms`, `42s`, `1m 12s`, `2h 05m`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m`;
}

/** A moment in the reader's own time zone. */
export function moment(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `<!date^${seconds}^{time}|${new Date(ms).toISOString().slice(11, 16)} UTC>`;
}

/** A date in the reader's own time zone. */
export function day(ms: number): string {
  return `<!date^${Math.floor(ms / 1000)}^{date_short}|${new Date(ms).toISOString().slice(0, 10)}>`;
}

const MAX_REASONS = 3;
const MAX_REASONS_UNITS = 1_200;

/** Why a command has its risk, worst first, with a safer way when one is known. */
export function reasons(verdict: Verdict): string {
  const lines = verdict.reasons
    .filter(({ risk }) => risk === verdict.risk)
    .slice(0, MAX_REASONS)
    .map(({ sentence, alternative }) => (alternative ? `${sentence} Safer: ${alternative}` : sentence));
  const hints = (verdict.hints ?? []).slice(0, MAX_REASONS);
  return truncateHead([...lines, ...hints].map((line) => plain(line)).join('\n'), MAX_REASONS_UNITS);
}

/** A short text cut to `max` UTF-16 units with an ellipsis; never through a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** A caution of the author's; one that does not say so itself is marked as a note. */
export function caution(warning: string, max: number): string {
  const words = plain(warning, max);
  return /^(?:warning|caution|note|danger|important|attention)\b/i.test(words) ? words : `Note: ${words}`;
}

/** The condition of a step: `Only if pods still crash`, `Condition: Option 2`. */
export function condition(branch: string, max: number): string {
  const words = plain(branch, max);
  return /^if\s/i.test(words) ? `Only i${words.slice(1)}` : `Condition: ${words}`;
}
