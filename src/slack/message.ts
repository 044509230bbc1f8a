import type { KnownBlock } from '@slack/types';

/** Where a message stands: in the channel, under another of our messages, or under somebody's message. */
export type Spot =
  | { readonly kind: 'channel' }
  | { readonly kind: 'under'; readonly key: string }
  | { readonly kind: 'thread'; readonly ts: string };

/** One message that shows a part of a subject. The same key always means the same message, posted once and then updated. */
export interface Message {
  readonly key: string;
  readonly channel: string;
  readonly spot: Spot;
  /** Stands alone as the notification and for screen readers. */
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
}
