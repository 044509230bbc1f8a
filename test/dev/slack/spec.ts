import { existsSync, readFileSync } from 'node:fs';
import { test } from '@jest/globals';

const SPEC = process.env.SLACK_SPEC_DIR ?? new URL('../../../../shared/slack-spec', import.meta.url).pathname;

/** `test` where Slack's published samples are on this machine; else skipped, with the reason in the name. */
export const withSpec: (name: string, run: () => void | Promise<void>) => void = existsSync(SPEC)
  ? test
  : (name, run) => test.skip(`${name} (no samples: set SLACK_SPEC_DIR)`, run);

/** A published sample, or undefined when there is none for this name. */
export function spec(path: string): Record<string, unknown> | undefined {
  const file = `${SPEC}/${path}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Calls the simulator's Web API as an app would. */
export async function api(
  sim: { apiUrl: string; token: string },
  method: string,
  args: Record<string, unknown> = {},
  { token = sim.token, form = false } = {},
): Promise<Record<string, unknown>> {
  const values = Object.entries(args).map(([key, value]): [string, string] => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = await fetch(sim.apiUrl + method, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json; charset=utf-8',
    },
    body: form ? new URLSearchParams(values).toString() : JSON.stringify(args),
  });
  return JSON.parse(await response.text());
}
