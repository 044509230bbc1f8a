/** The system's code of a failed call (`ENOENT`, `ESRCH`), or null when what was thrown has none. */
export function errnoOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : null;
}
