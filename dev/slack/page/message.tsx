import { useState } from 'react';
import { EMOJI, REACTIONS } from '../emoji.ts';
import { Blocks } from './blocks.tsx';
import { type Message, type Person, useAct } from './client.ts';
import { Emoji } from './emoji.tsx';
import type { Directory } from './mrkdwn.tsx';

/** What a message needs to know of the page around it. */
export interface MessageContext {
  readonly as: string;
  readonly app: string;
  readonly people: readonly Person[];
  readonly directory: Directory;
  readonly shortcuts: readonly { name: string; callbackId: string }[];
  readonly onShown: (shown: string | null) => void;
  readonly onThread: (ts: string) => void;
}

/** The square with a person's first letter, in their colour. */
export function Avatar({ person }: { person: Person | undefined }) {
  const letter = person?.realName.slice(0, 1).toUpperCase() ?? '?';
  return (
    <span className="avatar" style={{ background: `#${person?.color ?? '757575'}` }} aria-hidden="true">
      {letter}
    </span>
  );
}

const clock = (ts: string) =>
  new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

/** One message with its reactions and, under the pointer, the menu of things to do with it. */
export function MessageRow({
  message,
  context,
  replies,
}: {
  message: Message;
  context: MessageContext;
  replies?: readonly Message[];
}) {
  const person = context.people.find((one) => one.id === message.user);
  const act = useAct();
  const { as, onShown } = context;
  const run = (body: Record<string, unknown>) =>
    act({ as, channel: message.channel, ts: message.ts, ...body }).then(onShown, (error: Error) =>
      onShown(error.message),
    );
  const blocks = message.blocks.length > 0 ? message.blocks : [plain(message.text)];
  return (
    <article
      className={message.visibleTo === null ? 'message' : 'message ephemeral'}
      data-ts={message.ts}
      aria-label={`Message from ${person?.realName ?? 'someone'}`}
    >
      <Avatar person={person} />
      <div className="message-main">
        {message.visibleTo === null ? null : <div className="only-you">◉ Only visible to you</div>}
        <div className="byline">
          <b>{person?.realName ?? message.user}</b>
          {person?.isBot ? <span className="badge">APP</span> : null}
          <time>{clock(message.ts)}</time>
          {message.edited ? <span className="edited">(edited)</span> : null}
        </div>
        <Blocks
          blocks={blocks}
          directory={context.directory}
          folds={!person?.isBot}
          onUse={(target) => run({ act: 'click', target })}
        />
        <Reactions
          message={message}
          context={context}
          onReact={(name, on) => run({ act: on ? 'react' : 'unreact', emoji: name })}
        />
        <Replies replies={replies ?? []} onOpen={() => context.onThread(message.ts)} />
      </div>
      {message.visibleTo === null ? <Toolbar message={message} context={context} run={run} /> : null}
    </article>
  );
}

const plain = (text: string) => ({ type: 'section', block_id: 'text', text: { type: 'mrkdwn', text } });

function Replies({ replies, onOpen }: { replies: readonly Message[]; onOpen: () => void }) {
  const last = replies.at(-1);
  if (!last) return null;
  return (
    <button type="button" className="replies" onClick={onOpen}>
      <b>
        {replies.length} {replies.length === 1 ? 'reply' : 'replies'}
      </b>
      <span>Last reply at {clock(last.ts)}</span>
    </button>
  );
}

function Reactions({
  message,
  context,
  onReact,
}: {
  message: Message;
  context: MessageContext;
  onReact: (name: string, on: boolean) => void;
}) {
  const all = Object.entries(message.reactions);
  if (all.length === 0) return null;
  return (
    <div className="reactions">
      {all.map(([name, ids]) => {
        const mine = ids.includes(context.as);
        const names = ids.map((id) => context.people.find((one) => one.id === id)?.name ?? id).join(', ');
        return (
          <button
            type="button"
            key={name}
            className={mine ? 'reaction mine' : 'reaction'}
            title={`${names} reacted with :${name}:`}
            onClick={() => onReact(name, !mine)}
          >
            <Emoji name={name} /> {ids.length}
          </button>
        );
      })}
    </div>
  );
}

function Toolbar({
  message,
  context,
  run,
}: {
  message: Message;
  context: MessageContext;
  run: (body: Record<string, unknown>) => Promise<void>;
}) {
  const [open, setOpen] = useState(false);
  return (
    <div className={open ? 'toolbar open' : 'toolbar'} role="toolbar" aria-label="Message actions">
      {REACTIONS.map((name) => (
        <button
          type="button"
          key={name}
          title={`React with :${name}:`}
          aria-label={`React with ${EMOJI[name]}`}
          onClick={() => run({ act: 'react', emoji: name })}
        >
          <Emoji name={name} />
        </button>
      ))}
      <button
        type="button"
        title="Reply in thread"
        aria-label="Reply in thread"
        onClick={() => context.onThread(message.threadTs ?? message.ts)}
      >
        <svg viewBox="0 0 20 20" className="emoji" aria-hidden="true">
          <path d="M3 3h14v10H9l-4 4v-4H3z" fill="none" stroke="#616061" strokeWidth="1.6" />
        </svg>
      </button>
      <button
        type="button"
        title="More actions"
        aria-label="More actions"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        ⋮
      </button>
      {open ? (
        <ShortcutMenu
          context={context}
          onChoose={(callbackId) => {
            setOpen(false);
            return run({ act: 'shortcut', callbackId });
          }}
        />
      ) : null}
    </div>
  );
}

function ShortcutMenu({
  context: { shortcuts, app },
  onChoose,
}: {
  context: MessageContext;
  onChoose: (callbackId: string) => Promise<void>;
}) {
  return (
    <div className="menu" role="menu">
      {shortcuts.map(({ name, callbackId }) => (
        <button type="button" role="menuitem" key={callbackId} onClick={() => onChoose(callbackId)}>
          {name} <span>{app}</span>
        </button>
      ))}
      {shortcuts.length === 0 ? (
        <p>Slack offers this app’s shortcuts only to members of its own workspace.</p>
      ) : null}
    </div>
  );
}
