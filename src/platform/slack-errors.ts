import { ErrorCode, type WebAPIPlatformError, type WebAPIRateLimitedError } from '@slack/web-api';

const DEFAULT_WAIT_MS = 1_000;

/** Slack's considered answers, as values: wait, or never. Anything else (network, 5xx) is a fault and gives null. */
export function asRefused(
  error: unknown,
): { kind: 'later'; waitMs: number } | { kind: 'refused'; reason: string } | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  if (error.code === ErrorCode.RateLimitedError) {
    return { kind: 'later', waitMs: (error as WebAPIRateLimitedError).retryAfter * 1000 || DEFAULT_WAIT_MS };
  }
  if (error.code !== ErrorCode.PlatformError) return null;
  const reason = (error as WebAPIPlatformError).data.error;
  return reason === 'ratelimited' ? { kind: 'later', waitMs: DEFAULT_WAIT_MS } : { kind: 'refused', reason };
}
