import { truncateHead } from '../src/text/truncate.ts';
import { visible } from '../src/text/visible.ts';

/** A text as a record may carry it to a person: 1,000 characters at most, none of them hidden or half of one. */
export function toSentence(text: string): string {
  return truncateHead(visible(text), 1000);
}
