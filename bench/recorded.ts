import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256Hex } from '../src/protocol/canonical.ts';
import { PROMPT_VERSION } from '../src/runbook/refine/prompt.ts';

/** What a model answered once about one text: shape of `test/runbook/refine/recorded/*.json`. */
export interface Recorded {
  readonly sha256: string;
  readonly promptVersion: string;
  readonly model: string;
  readonly answer: unknown;
}

const folder = path.resolve(import.meta.dirname, '../test/runbook/refine/recorded');

/** Every recorded answer by the name of its file. */
export function recordedAnswers(): readonly (Recorded & { readonly name: string })[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({
    name: file,
    ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Recorded),
  }));
}

/** The JSON that was recorded for a text under the prompt of today, or null. */
export function recordedFor(text: string, recorded: readonly Recorded[]): string | null {
  const sha256 = sha256Hex(text);
  const one = recorded.find((each) => each.sha256 === sha256 && each.promptVersion === PROMPT_VERSION);
  return one ? JSON.stringify(one.answer) : null;
}
