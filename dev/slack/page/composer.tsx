import { type RefObject, useEffect, useRef, useState } from 'react';
import { useAct } from './client.ts';

/** A slash command of the app. */
export interface Command {
  readonly command: string;
  readonly description: string;
  readonly hint: string;
}

/** Where a person types. Enter sends, Shift+Enter breaks the line, a slash offers the app's commands. */
export function Composer({
  as,
  channel,
  channelName,
  threadTs = null,
  commands,
  draft,
  onShown,
}: {
  as: string;
  channel: string;
  channelName: string;
  threadTs?: string | null;
  commands: readonly Command[];
  draft?: { text: string; at: number };
  onShown: (shown: string | null) => void;
}) {
  const act = useAct();
  const [text, setText] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!draft || draft.at === 0) return;
    setText(draft.text);
    area.current?.focus();
  }, [draft]);
  useGrowing(area);
  const isCommand = /^\/\S*(\s|$)/.test(text);
  const offered = isCommand
    ? commands.filter((one) => one.command.startsWith(text.split(/\s/)[0] ?? ''))
    : [];
  const send = (): void => {
    if (text.trim() === '') return;
    if (isCommand && threadTs !== null) {
      onShown('Slash commands do not work in threads. Type it in the channel.');
      return;
    }
    setText('');
    const refused = (error: Error) => {
      setText(text);
      onShown(error.message);
    };
    const line = isCommand ? { act: 'slash', line: text } : { act: 'post', text, threadTs };
    act({ as, channel, ...line }).then(onShown, refused);
  };
  return (
    <div className="composer">
      <Offered
        commands={offered}
        onChoose={(command) => {
          setText(`${command} `);
          area.current?.focus();
        }}
      />
      <textarea
        ref={area}
        rows={1}
        value={text}
        aria-label={threadTs === null ? `Message #${channelName}` : 'Reply'}
        placeholder={threadTs === null ? `Message #${channelName}` : 'Reply…'}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <div className="composer-foot">
        <span>Shift+Enter for a new line</span>
        <button type="button" className="send" aria-label="Send" disabled={text.trim() === ''} onClick={send}>
          ➤
        </button>
      </div>
    </div>
  );
}

/** Lets a text area grow with its text, up to 40 % of the window. */
function useGrowing(area: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    if (!area.current) return;
    area.current.style.height = 'auto';
    area.current.style.height = `${Math.min(area.current.scrollHeight, window.innerHeight * 0.4)}px`;
  });
}

function Offered({
  commands,
  onChoose,
}: {
  commands: readonly Command[];
  onChoose: (command: string) => void;
}) {
  if (commands.length === 0) return null;
  return (
    <div className="offered">
      {commands.map((one) => (
        <button type="button" key={one.command} onClick={() => onChoose(one.command)}>
          <b>{one.command}</b> <code>{one.hint}</code>
          <span className="offered-text">{one.description}</span>
        </button>
      ))}
    </div>
  );
}
