import { useEffect, useRef, useState } from 'react';
import { Blocks } from './blocks.tsx';
import { useAct, type Modal as View } from './client.ts';
import type { Use } from './fields.tsx';
import type { Directory } from './mrkdwn.tsx';

/** The top modal of a person's stack. What was typed survives an update of the modal by the app. */
export function Modal({
  view,
  as,
  app,
  directory,
  onShown,
}: {
  view: View;
  as: string;
  app: string;
  directory: Directory;
  onShown: (shown: string | null) => void;
}) {
  const act = useAct();
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const dialog = useRef<HTMLFormElement>(null);
  useEffect(() => {
    dialog.current?.querySelector<HTMLElement>('input, textarea, select, button.primary')?.focus();
  }, []);
  const inputs = new Set(view.blocks.filter((one) => one.type === 'input').map((one) => one.block_id));
  const run = (body: Record<string, unknown>): void => {
    setBusy(true);
    const settle = (shown: string | null) => {
      setBusy(false);
      onShown(shown);
    };
    act({ as, viewId: view.id, ...body }).then(settle, (error: Error) => settle(error.message));
  };
  const use = (target: Use) => {
    const { blockId, value } = target;
    // A choice in an input that tells the app of it is both: typed, and used.
    const filled = inputs.has(blockId) && value !== undefined ? { ...typed, [blockId]: value } : typed;
    run({ act: 'clickInView', target, filled });
  };
  return (
    <div className="overlay">
      <form
        ref={dialog}
        className="dialog"
        role="dialog"
        aria-modal="true"
        aria-label={view.title}
        onKeyDown={(event) => {
          if (event.key === 'Escape') run({ act: 'close' });
        }}
        onSubmit={(event) => {
          event.preventDefault();
          // What was typed into a box that an update took away is of no use to the app.
          const filled = Object.fromEntries(Object.entries(typed).filter(([id]) => inputs.has(id)));
          run({ act: 'submit', filled });
        }}
      >
        <header>
          <h2>{view.title}</h2>
          <button type="button" className="close" aria-label="Close" onClick={() => run({ act: 'close' })}>
            ×
          </button>
        </header>
        <div className="dialog-body">
          {view.banner === null ? null : (
            <p className="banner" role="alert">
              {view.banner}
            </p>
          )}
          <Blocks
            blocks={view.blocks}
            directory={directory}
            onUse={use}
            typing={{ view, typed, onType: (id, value) => setTyped({ ...typed, [id]: value }), directory }}
          />
        </div>
        <footer>
          <span className="from">{app}</span>
          <button type="button" className="button" onClick={() => run({ act: 'close' })}>
            {view.closeLabel}
          </button>
          {view.submit === null ? null : (
            <button type="submit" className="button primary" disabled={busy}>
              {view.submit}
            </button>
          )}
        </footer>
      </form>
    </div>
  );
}
