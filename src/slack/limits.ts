import type { KnownBlock } from '@slack/types';

/** Slack's limits in characters or counts (docs.slack.dev, block kit reference), and our own budget for a message. */
export const LIMITS = {
  blocks: 50,
  modalBlocks: 100,
  /** All text of a message together: Slack refuses from about 12,000, once at 11,341. */
  messageText: 8_000,
  section: 3_000,
  header: 150,
  button: 75,
  buttonValue: 2_000,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  input: 3_000,
  inputLabel: 2_000,
  modalTitle: 24,
  options: 100,
  optionText: 75,
  metadata: 3_000,
  /** The notification text; Slack recommends under 4,000. */
  fallback: 3_000,
} as const;

/** The characters of text that a list of blocks shows. */
export function textLength(blocks: readonly KnownBlock[]): number {
  let sum = 0;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'text' && typeof inner === 'string') sum += inner.length;
        else walk(inner);
      }
    }
  };
  walk(blocks);
  return sum;
}
