/** The emoji the simulator knows, by Slack's names. The first four are in the page's reaction menu. */
export const EMOJI: Readonly<Record<string, string>> = {
  octagonal_sign: '🛑',
  white_check_mark: '✅',
  eyes: '👀',
  '+1': '👍',
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  red_circle: '🔴',
  warning: '⚠️',
};
/** The names in the reaction menu. */
export const REACTIONS: readonly string[] = Object.keys(EMOJI).slice(0, 4);

/** The name Slack sends for an emoji given as `:name:`, `name`, `name::skin-tone-3` or the character itself. */
export function emojiName(emoji: string): string {
  const known = Object.entries(EMOJI).find(([, character]) => character === emoji);
  return known ? known[0] : emoji.replace(/^:(.*):$/, '$1');
}
