import { createElement, Fragment, type ReactNode } from 'react';
import { Words } from './emoji.tsx';

/** Names for the ids in messages. */
export interface Directory {
  readonly users: readonly { id: string; name: string; deleted?: boolean }[];
  readonly channels: readonly { id: string; name: string }[];
}

/** Code, `<…>`, then *bold*, _italic_ and ~strike~ at the edges of words (docs.slack.dev/messaging/formatting-message-text). */
const INLINE =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?![\s*])([^*\n]*?[^\s*])\*(?![\w*])|(?<![\w_])_(?![\s_])([^_\n]*?[^\s_])_(?![\w_])|(?<![\w~])~(?![\s~])([^~\n]*?[^\s~])~(?![\w~])/g;

const decode = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * Slack's mrkdwn, drawn as Slack draws it: fences, quotes, code, bold, italic, strike, mentions, dates and links; everything else,
 * Markdown included, stays as it was written. slack-blocks-to-jsx reads it as Markdown, which loses characters.
 */
export function Mrkdwn({ text, directory }: { text: string; directory: Directory }) {
  return (
    <div className="mrkdwn">
      {row(
        text.split(FENCED).map((part, index) => (index % 2 === 1 ? fence(part) : quotes(part, directory))),
      )}
    </div>
  );
}

const FENCED = /```\n?([\s\S]+?)\n?```\n?/;
const QUOTED = /(^(?:(?:>|&gt;).*(?:\n|$))+)/m;

/** Nodes in a row that never move, so that none needs a key. */
const row = (nodes: readonly ReactNode[]): ReactNode => createElement(Fragment, null, ...nodes);

const fence = (part: string): ReactNode => <pre>{decode(part.replace(/<([^<>|]+)(\|[^<>]*)?>/g, '$1'))}</pre>;

function quotes(text: string, directory: Directory): ReactNode {
  return row(
    text
      .split(QUOTED)
      .map((part, index) => (index % 2 === 1 ? quote(part, directory) : inline(part, directory))),
  );
}

const quote = (part: string, directory: Directory): ReactNode => (
  <blockquote>{inline(part.replace(/^(>|&gt;) ?/gm, '').replace(/\n$/, ''), directory)}</blockquote>
);

function inline(text: string, directory: Directory): ReactNode {
  const out: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    out.push(<Words key={`t${end}`} text={decode(text.slice(end, match.index))} />);
    end = match.index + match[0].length;
    const [whole, code, angle, bold, italic, strike] = match;
    const key = `m${match.index}`;
    if (code !== undefined) out.push(<code key={key}>{decode(code)}</code>);
    else if (angle !== undefined) out.push(<Fragment key={key}>{reference(angle, directory)}</Fragment>);
    else if (bold !== undefined) out.push(<b key={key}>{inline(bold, directory)}</b>);
    else if (italic !== undefined) out.push(<i key={key}>{inline(italic, directory)}</i>);
    else if (strike !== undefined) out.push(<s key={key}>{inline(strike, directory)}</s>);
    else out.push(whole);
  }
  return [...out, <Words key={`t${end}`} text={decode(text.slice(end))} />];
}

/** What stands between angle brackets: a person, a channel, a date, a broadcast or a link. */
function reference(inside: string, { users, channels }: Directory): ReactNode {
  const [target = '', label] = inside.split('|');
  const shown = label === undefined ? undefined : decode(label);
  if (target.startsWith('@')) {
    return (
      <span className="mention">
        @{users.find(({ id }) => id === target.slice(1))?.name ?? shown ?? target}
      </span>
    );
  }
  if (target.startsWith('#')) {
    const name = channels.find(({ id }) => id === target.slice(1))?.name;
    return <span className="mention">#{name ?? shown ?? target}</span>;
  }
  const date = /^!date\^(\d+)\^([^^]*)/.exec(target);
  if (date) return <time>{formatDate(Number(date[1]), date[2] ?? '')}</time>;
  if (target.startsWith('!')) return <span className="mention">@{shown ?? target.slice(1)}</span>;
  if (!/^(https?:|mailto:)/.test(target)) return `<${decode(inside)}>`;
  return (
    <a href={decode(target)} target="_blank" rel="noreferrer">
      {shown ?? decode(target)}
    </a>
  );
}

/** Slack's date tokens in the reader's own time zone; `seconds` since 1970. */
function formatDate(seconds: number, format: string): string {
  const date = new Date(seconds * 1000);
  const time = (more: Intl.DateTimeFormatOptions = {}) =>
    date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...more });
  return format.replace(/\{(\w+)\}/g, (_whole, token: string) => {
    if (token === 'time') return time();
    if (token === 'time_secs') return time({ second: '2-digit' });
    return date.toLocaleDateString([], { dateStyle: token.startsWith('date_short') ? 'medium' : 'long' });
  });
}
