/**
 * Text made safe for Slack mrkdwn: the three characters that Slack reads as control sequences become entities,
 * so that `<!channel>` or `<@U1>` in a pasted text stays text. Source: Slack, "Formatting text for app surfaces".
 */
export function escapeMrkdwn(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
