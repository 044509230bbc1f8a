import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { PageState } from '../desk.ts';
import { type Channel, Team, useWorkspace } from './client.ts';
import { Composer } from './composer.tsx';
import { Emoji } from './emoji.tsx';
import { Avatar, type MessageContext, MessageRow } from './message.tsx';
import { Modal } from './modal.tsx';
import { NotInstalled, Sidebar } from './sidebar.tsx';

const address = new URLSearchParams(window.location.search);

function App() {
  const [{ team, as }, setWho] = useState({
    team: address.get('team') ?? 'dd0c',
    as: address.get('as') ?? '',
  });
  const { state, connected } = useWorkspace(team, as);
  if (!state)
    return (
      <p className="loading">{connected ? 'Opening the workspace…' : 'The simulator is not running.'}</p>
    );
  return (
    <Team value={state.team}>
      <Desk
        key={state.team}
        state={state}
        connected={connected}
        onAs={(id) => setWho({ team, as: id })}
        onTeam={(key) => setWho({ team: key, as: '' })}
      />
    </Team>
  );
}

interface Frame {
  readonly state: PageState;
  readonly connected: boolean;
  readonly onAs: (id: string) => void;
}

function Desk({ state, connected, onAs, onTeam }: Frame & { readonly onTeam: (key: string) => void }) {
  const [channelId, setChannelId] = useState(address.get('channel') ?? '');
  const [threadTs, setThreadTs] = useState<string | null>(null);
  const [toast, setToast] = useToast();
  const channel =
    state.channels.find((one) => one.id === channelId || one.name === channelId) ?? state.channels[0];
  useEffect(() => {
    if (channel) window.history.replaceState(null, '', query(state, channel));
  }, [state, channel]);
  if (!channel) return null;
  const onShown = (shown: string | null) => shown !== null && setToast(shown);
  const { me: as, people, app, shortcuts, commands } = state;
  const directory = { users: people, channels: state.conversations };
  const context: MessageContext = { as, app, people, directory, shortcuts, onShown, onThread: setThreadTs };
  const common = { as, channel: channel.id, channelName: channel.name, commands, onShown };
  const top = state.views.at(-1);
  return (
    <div className={threadTs === null ? 'desk' : 'desk threaded'}>
      <TopBar state={state} connected={connected} onAs={onAs} />
      <Sidebar
        state={state}
        current={channel.id}
        onTeam={onTeam}
        onChoose={(id) => {
          setChannelId(id);
          setThreadTs(null);
        }}
      />
      <Main channel={channel} context={context} common={common} state={state} />
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
        <Modal key={top.id} view={top} as={as} app={app} directory={directory} onShown={onShown} />
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

/** Where one looks, so that a reload looks there again. */
function query({ team, me }: PageState, { name }: Channel): string {
  const elsewhere = team === 'dd0c' ? '' : `team=${team}&`;
  return `?${elsewhere}as=${me}&channel=${name}`;
}

/** A sentence at the bottom of the page that goes away after eight seconds. */
function useToast() {
  const [toast, setToast] = useState<string | null>(null);
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(() => setToast(null), 8000);
    return () => clearTimeout(timer);
  }, [toast]);
  return [toast, setToast] as const;
}

type Common = Omit<Parameters<typeof Composer>[0], 'threadTs' | 'draft'>;

function Main({
  channel,
  context,
  common,
  state,
}: {
  channel: Channel;
  context: MessageContext;
  common: Common;
  state: PageState;
}) {
  const { exampleText } = state;
  const [draft, setDraft] = useState({ text: '', at: 0 });
  const onExample = exampleText === '' ? null : () => setDraft({ text: exampleText, at: Date.now() });
  return (
    <main>
      <header className="pane-head">
        <h2># {channel.name}</h2>
        <span>{channel.topic}</span>
      </header>
      <Messages channel={channel} context={context} state={state} onExample={onExample} />
      <Composer {...common} draft={draft} />
    </main>
  );
}

function TopBar({ state, connected, onAs }: Frame) {
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
  state,
  onExample,
}: {
  channel: Channel;
  context: MessageContext;
  state: PageState;
  onExample: (() => void) | null;
}) {
  const shown = channel.messages.filter((one) => one.threadTs === null || one.broadcast);
  const end = useScrolledToEnd(shown.length);
  return (
    <div className="messages" ref={end}>
      {state.isInstalled ? null : <NotInstalled state={state} />}
      {shown.length === 0 && state.isInstalled ? (
        <Empty shortcut={context.shortcuts[0]?.name} onExample={onExample} />
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

function Empty({ shortcut, onExample }: { shortcut: string | undefined; onExample: (() => void) | null }) {
  return (
    <div className="empty">
      <h3>Try this first</h3>
      <ol>
        <li>
          Paste a runbook into the message box, any text with commands in it, and send it.{' '}
          {onExample ? (
            <button type="button" className="button" onClick={onExample}>
              Paste an example runbook
            </button>
          ) : null}
        </li>
        <li>
          Point at the message, open <b>⋮</b> and choose <b>{shortcut ?? 'the app’s shortcut'}</b>.
        </li>
        <li>Open the thread. Nothing that changes anything runs before someone approves it.</li>
        <li>
          Switch to another person at the top to see who may approve what. React with{' '}
          <Emoji name="octagonal_sign" /> to stop.
        </li>
      </ol>
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
  common: Common;
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
