/** The emoji of the page's reaction menu, by Slack's names. */
export const EMOJI: Readonly<Record<string, string>> = {
  octagonal_sign: '🛑',
  eyes: '👀',
  white_check_mark: '✅',
  '+1': '👍',
  tada: '🎉',
  raised_hands: '🙌',
};

/** The name Slack sends for an emoji given as `:name:`, `name`, `name::skin-tone-3` or the character itself. */
export function emojiName(emoji: string): string {
  const known = Object.entries(EMOJI).find(([, character]) => character === emoji);
  return known ? known[0] : emoji.replace(/^:(.*):$/, '$1');
}
