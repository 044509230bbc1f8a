import type { PageState } from '../desk.ts';

/** The channels of a workspace, and the way to the other one. */
export function Sidebar({
  state,
  current,
  onTeam,
  onChoose,
}: {
  state: PageState;
  current: string;
  onTeam: (key: string) => void;
  onChoose: (id: string) => void;
}) {
  return (
    <nav className="sidebar" aria-label="Channels">
      <h1>{state.workspace}</h1>
      {state.channels.map(({ id, name }) => (
        <button
          type="button"
          key={id}
          className={id === current ? 'channel current' : 'channel'}
          aria-current={id === current}
          onClick={() => onChoose(id)}
        >
          # {name}
        </button>
      ))}
      <Teams state={state} onTeam={onTeam} />
      <p className="aside">Only on this machine. Nothing you do here reaches Slack.</p>
    </nav>
  );
}

/** The switch between workspaces, once there is a second one to go to. */
function Teams({ state, onTeam }: { state: PageState; onTeam: (key: string) => void }) {
  if (state.teams.length < 2) return null;
  return (
    <fieldset className="teams">
      <legend>Workspaces</legend>
      {state.teams.map(({ key, name, isInstalled }) => (
        <div key={key}>
          <button
            type="button"
            className={key === state.team ? 'channel current' : 'channel'}
            aria-pressed={key === state.team}
            onClick={() => onTeam(key)}
          >
            {name}
          </button>
          {isInstalled || state.installUrl === null ? null : (
            <a href={state.installUrl} aria-label={`Install the app in ${name}`}>
              Install the app
            </a>
          )}
        </div>
      ))}
    </fieldset>
  );
}

/** What stands where the app is not. */
export function NotInstalled({ state }: { state: PageState }) {
  return (
    <div className="empty">
      <h3>
        {state.app} is not installed in {state.workspace}
      </h3>
      <p>
        Its shortcut and its commands are not offered here, and buttons it left do nothing.
        {state.installUrl === null ? null : (
          <>
            {' '}
            <a href={state.installUrl}>Install it</a>, then come back to this page.
          </>
        )}
      </p>
    </div>
  );
}
