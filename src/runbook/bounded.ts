import { opensSession, wantsTerminal } from './sessions.ts';

/**
 * Commands that need a terminal or do not end, and the same without the one or with the other. Only where the result
 * shows the same thing once; what is worked in (an editor, a console, a shell) has no such form.
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [
    /^((?:sudo\s+)?(?:kubectl|oc|k|docker|podman|crictl|stern)\b.*?\slogs\b.*?)\s+(?:-f|--follow(?:=true)?)(?=\s|$)(.*)$/s,
    '$1 --tail=100$2',
  ],
  [/^((?:sudo\s+)?journalctl\b.*?)\s+(?:-f|--follow)(?=\s|$)(.*)$/s, '$1 -n 100 --no-pager$2'],
  [
    /^((?:sudo\s+)?tail)\s+(?:-[fF]|--follow(?:=\w+)?|-n\s*\d+\s+-[fF]|-[fF]n?\s*\d*)\s+(.+)$/s,
    '$1 -n 100 $2',
  ],
  [/^(?:sudo\s+)?watch\s+(?:(?:-n\s*\d+|-d|-t|-c|--\w+(?:[= ]\d+)?)\s+)*(["'])([^"']+)\1\s*$/s, '$2'],
  [/^((?:sudo\s+)?)watch\s+(?:(?:-n\s*[\d.]+|-d|-t|-c|--\w+(?:=\S+)?)\s+)*([^"'\s-].*)$/s, '$1$2'],
  [/^((?:sudo\s+)?top)\s*$/, '$1 -b -n 1'],
  [/^((?:sudo\s+)?(?:kubectl|oc|k)\s+get\b.*?)\s+(?:-w|--watch(?:=true)?)(?=\s|$)(.*)$/s, '$1$2'],
  [/^((?:sudo\s+)?ping6?)\s+(?!(?:.*\s)?-c\s*\d)(\S+(?:\s+\S+)*)$/, '$1 -c 4 $2'],
  [/^((?:sudo\s+)?dmesg\b.*?)\s+(?:-w|--follow|-W)(?=\s|$)(.*)$/, '$1$2'],
];

/** `exec -it pod -- ls` without the terminal, which a single command needs none of. */
function withoutTerminal(text: string): string | null {
  const words = text.split(/\s+/);
  if (!words.includes('exec') || !wantsTerminal(words) || opensSession(text) !== null) return null;
  const own = text.indexOf(' -- ') < 0 ? text.length : text.indexOf(' -- ');
  return (
    text.slice(0, own).replace(/\s+(?:-it|-ti|-i|-t|--stdin|--tty|--interactive)(?=\s|$)/g, '') +
    text.slice(own)
  );
}

/** The bounded form of a command, or null when it needs none or has none. */
export function boundedForm(text: string): string | null {
  if (text.length > 600 || /[|;&]|\n|\$\(|`/.test(text.replace(/"[^"]*"|'[^']*'/g, ''))) return null;
  const terminal = withoutTerminal(text);
  if (terminal !== null) return terminal;
  for (const [pattern, form] of FORMS) if (pattern.test(text)) return text.replace(pattern, form).trim();
  return null;
}
