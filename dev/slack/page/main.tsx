import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { PageState } from '../desk.ts';
import { type Channel, useWorkspace } from './client.ts';
import { Composer } from './composer.tsx';
import { Emoji } from './emoji.tsx';
import { Avatar, type MessageContext, MessageRow } from './message.tsx';
import { Modal } from './modal.tsx';

const address = new URLSearchParams(window.location.search);

function App() {
  const [as, setAs] = useState(address.get('as') ?? 'alice');
  const { state, connected } = useWorkspace(as);
  if (!state)
    return (
      <p className="loading">{connected ? 'Opening the workspace…' : 'The simulator is not running.'}</p>
    );
  return <Desk key={state.me} state={state} connected={connected} onAs={setAs} />;
}

function Desk({
  state,
  connected,
  onAs,
}: {
  state: PageState;
  connected: boolean;
  onAs: (id: string) => void;
}) {
  const first = state.channels[0];
  const [channelId, setChannelId] = useState(address.get('channel') ?? first?.id ?? '');
  const [threadTs, setThreadTs] = useState<string | null>(null);
  const [draft, setDraft] = useState({ text: '', at: 0 });
  const [toast, setToast] = useState<string | null>(null);
  const channel = state.channels.find((one) => one.id === channelId || one.name === channelId) ?? first;
  useEffect(() => {
    if (channel) window.history.replaceState(null, '', `?as=${state.me}&channel=${channel.name}`);
  }, [state.me, channel]);
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(() => setToast(null), 8000);
    return () => clearTimeout(timer);
  }, [toast]);
  if (!channel) return null;
  const context: MessageContext = {
    as: state.me,
    people: state.people,
    directory: {
      users: state.people.map(({ id, name }) => ({ id, name })),
      channels: state.channels.map(({ id, name }) => ({ id, name })),
    },
    shortcuts: state.shortcuts,
    onShown: (shown) => shown !== null && setToast(shown),
    onThread: setThreadTs,
  };
  const top = state.views.at(-1);
  const common = {
    as: state.me,
    channel: channel.id,
    channelName: channel.name,
    commands: state.commands,
    onShown: context.onShown,
  };
  return (
    <div className={threadTs === null ? 'desk' : 'desk threaded'}>
      <TopBar state={state} connected={connected} onAs={onAs} />
      <nav className="sidebar" aria-label="Channels">
        <h1>{state.workspace}</h1>
        {state.channels.map((one) => (
          <button
            type="button"
            key={one.id}
            className={one.id === channel.id ? 'channel current' : 'channel'}
            aria-current={one.id === channel.id}
            onClick={() => {
              setChannelId(one.id);
              setThreadTs(null);
            }}
          >
            # {one.name}
          </button>
        ))}
        <p className="aside">Only on this machine. Nothing you do here reaches Slack.</p>
      </nav>
      <main>
        <header className="pane-head">
          <h2># {channel.name}</h2>
          <span>{channel.topic}</span>
        </header>
        <Messages
          channel={channel}
          context={context}
          onExample={() => setDraft({ text: state.exampleText, at: Date.now() })}
          hasExample={state.exampleText !== ''}
        />
        <Composer {...common} draft={draft} />
      </main>
      {threadTs === null ? null : (
        <Thread
          channel={channel}
          ts={threadTs}
          context={context}
          common={common}
          onClose={() => setThreadTs(null)}
        />
      )}
      {top ? (
        <Modal
          key={top.id}
          view={top}
          as={state.me}
          app={state.app}
          directory={context.directory}
          onShown={context.onShown}
        />
      ) : null}
      {toast === null ? null : (
        <div className="toast" role="status">
          {toast}
          <button type="button" aria-label="Dismiss" onClick={() => setToast(null)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}

function TopBar({
  state,
  connected,
  onAs,
}: {
  state: PageState;
  connected: boolean;
  onAs: (id: string) => void;
}) {
  const me = state.people.find((one) => one.id === state.me);
  return (
    <header className="topbar">
      <span className="brand">
        Slack simulator
        <small>{connected ? '' : ' (connection lost, trying again)'}</small>
      </span>
      <fieldset>
        <legend>Act as</legend>
        {state.actAs.map((id) => {
          const person = state.people.find((one) => one.id === id);
          return (
            <button
              type="button"
              key={id}
              className={id === state.me ? 'persona current' : 'persona'}
              aria-pressed={id === state.me}
              title={person?.note}
              onClick={() => onAs(id)}
            >
              <Avatar person={person} /> {person?.name}
            </button>
          );
        })}
      </fieldset>
      <span className="note">{me?.note}</span>
    </header>
  );
}

function Messages({
  channel,
  context,
  hasExample,
  onExample,
}: {
  channel: Channel;
  context: MessageContext;
  hasExample: boolean;
  onExample: () => void;
}) {
  const shown = channel.messages.filter((one) => one.threadTs === null || one.broadcast);
  const end = useScrolledToEnd(shown.length);
  return (
    <div className="messages" ref={end}>
      {shown.length === 0 ? (
        <div className="empty">
          <h3>Try this first</h3>
          <ol>
            <li>
              Paste a runbook into the message box, any text with commands in it, and send it.{' '}
              {hasExample ? (
                <button type="button" className="button" onClick={onExample}>
                  Paste an example runbook
                </button>
              ) : null}
            </li>
            <li>
              Point at the message, open <b>⋮</b> and choose{' '}
              <b>{context.shortcuts[0]?.name ?? 'Turn into runbook'}</b>.
            </li>
            <li>Open the thread. Nothing that changes anything runs before someone approves it.</li>
            <li>
              Switch to another person at the top to see who may approve what. React with{' '}
              <Emoji name="octagonal_sign" /> to stop.
            </li>
          </ol>
        </div>
      ) : null}
      {shown.map((message) => (
        <MessageRow
          key={message.ts}
          message={message}
          context={context}
          replies={channel.messages.filter((one) => one.threadTs === message.ts)}
        />
      ))}
    </div>
  );
}

function Thread({
  channel,
  ts,
  context,
  common,
  onClose,
}: {
  channel: Channel;
  ts: string;
  context: MessageContext;
  common: Omit<Parameters<typeof Composer>[0], 'threadTs'>;
  onClose: () => void;
}) {
  const shown = channel.messages.filter((one) => one.ts === ts || one.threadTs === ts);
  const end = useScrolledToEnd(shown.length);
  return (
    <aside className="thread" aria-label="Thread">
      <header className="pane-head">
        <h2>Thread</h2>
        <span># {channel.name}</span>
        <button type="button" className="close" aria-label="Close thread" onClick={onClose}>
          ×
        </button>
      </header>
      <div className="messages" ref={end}>
        {shown.map((message) => (
          <MessageRow key={message.ts} message={message} context={context} />
        ))}
      </div>
      <Composer {...common} threadTs={ts} />
    </aside>
  );
}

/** Keeps a list at its end when something is added. */
function useScrolledToEnd(count: number) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (count > 0) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [count]);
  return list;
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
