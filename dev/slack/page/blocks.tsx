import { type ReactNode, useState } from 'react';
import { Message as Drawn, type Block as LibraryBlock } from 'slack-blocks-to-jsx';
import { EMOJI } from '../emoji.ts';
import { isObject, type Json } from '../json.ts';
import type { Modal } from './client.ts';
import { Emoji, Words, withEmoji } from './emoji.tsx';
import { type Directory, Mrkdwn } from './mrkdwn.tsx';

/** What a person did with an element of a block. */
export type OnUse = (use: { actionId: string; blockId: string; value?: string }) => void;

const textOf = (value: unknown): string =>
  isObject(value) && typeof value.text === 'string' ? value.text : '';
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Draws a block that has nothing to click, through slack-blocks-to-jsx. */
function Still({ block, directory }: { block: Json; directory: Directory }) {
  return (
    <Drawn
      blocks={[withEmoji(block) as LibraryBlock]}
      logo=""
      name=""
      theme="light"
      withoutWrapper
      data={{ users: directory.users, channels: directory.channels }}
      hooks={{
        emoji: (data, parse) => (Object.hasOwn(EMOJI, data.name) ? <Emoji name={data.name} /> : parse(data)),
      }}
    />
  );
}

/** The blocks of a message or modal. Elements that can be used are drawn here, so that a click knows its own block. */
export function Blocks({
  blocks,
  directory,
  onUse,
  modal,
}: {
  blocks: readonly Json[];
  directory: Directory;
  onUse: OnUse;
  modal?: {
    view: Modal;
    typed: Readonly<Record<string, string>>;
    onType: (id: string, value: string) => void;
  };
}) {
  return blocks.map((block, index) => (
    <div className="block" key={String(block.block_id ?? index)}>
      <One block={block} directory={directory} onUse={onUse} />
      {modal && block.type === 'input' ? <Input block={block} {...modal} /> : null}
    </div>
  ));
}

function One({ block, directory, onUse }: { block: Json; directory: Directory; onUse: OnUse }): ReactNode {
  const blockId = String(block.block_id);
  switch (block.type) {
    case 'input':
      return null;
    case 'header':
      return (
        <h3 className="header-block">
          <Words text={textOf(block.text)} />
        </h3>
      );
    case 'actions':
      return (
        <div className="actions">
          {listOf(block.elements).map((element) => (
            <Element key={String(element.action_id)} element={element} blockId={blockId} onUse={onUse} />
          ))}
        </div>
      );
    case 'rich_text':
      return <Folded block={block} directory={directory} />;
    case 'section':
      return <Section block={block} directory={directory} onUse={onUse} />;
    case 'context':
      return (
        <div className="context">
          {listOf(block.elements).map((element) => (
            <Text key={textOf(element)} value={element} directory={directory} />
          ))}
        </div>
      );
    case 'alert':
      return (
        <div className={`alert ${String(block.level ?? 'info')}`} role="note">
          <Text value={block.text} directory={directory} />
        </div>
      );
    default:
      return <Still block={block} directory={directory} />;
  }
}

/** A text object: mrkdwn is read, plain text stands as it is. */
function Text({ value, directory }: { value: unknown; directory: Directory }) {
  return isObject(value) && value.type === 'mrkdwn' ? (
    <Mrkdwn text={textOf(value)} directory={directory} />
  ) : (
    <div className="mrkdwn">
      <Words text={textOf(value)} />
    </div>
  );
}

function Section({ block, directory, onUse }: { block: Json; directory: Directory; onUse: OnUse }) {
  const { accessory } = block;
  const fields = listOf(block.fields);
  return (
    <div className="section">
      <div className="section-text">
        {block.text === undefined ? null : <Text value={block.text} directory={directory} />}
        {fields.length === 0 ? null : (
          <div className="fields">
            {fields.map((field) => (
              <Text key={textOf(field)} value={field} directory={directory} />
            ))}
          </div>
        )}
      </div>
      {isObject(accessory) ? (
        <Element element={accessory} blockId={String(block.block_id)} onUse={onUse} />
      ) : null}
    </div>
  );
}

/** Long pasted text folds, as in Slack; nothing an app wrote is long enough to. */
function Folded({ block, directory }: { block: Json; directory: Directory }) {
  const [open, setOpen] = useState(false);
  const long =
    (JSON.stringify(block.elements).match(/\\n/g)?.length ?? 0) + listOf(block.elements).length > 36;
  return (
    <>
      <div className={long && !open ? 'folded' : ''}>
        <Still block={block} directory={directory} />
      </div>
      {long ? (
        <button type="button" className="link" onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show more'}
        </button>
      ) : null}
    </>
  );
}

function Element({ element, blockId, onUse }: { element: Json; blockId: string; onUse: OnUse }) {
  const actionId = String(element.action_id);
  const [asking, setAsking] = useState<{ value?: string } | null>(null);
  const use = (chosen: { value?: string }) => onUse({ actionId, blockId, ...chosen });
  const ask = (chosen: { value?: string }) => (isObject(element.confirm) ? setAsking(chosen) : use(chosen));
  const options = listOf(element.options);
  return (
    <>
      {element.type === 'button' ? (
        <button
          type="button"
          className={`button ${String(element.style ?? '')}`}
          data-action-id={actionId}
          aria-label={
            typeof element.accessibility_label === 'string' ? element.accessibility_label : undefined
          }
          onClick={() => ask({})}
        >
          <Words text={textOf(element.text)} />
        </button>
      ) : options.length > 0 ? (
        <select
          className="button"
          data-action-id={actionId}
          aria-label={textOf(element.placeholder) || 'More choices'}
          value={isObject(element.initial_option) ? String(element.initial_option.value) : ''}
          onChange={(event) => ask({ value: event.target.value })}
        >
          <option value="" disabled>
            {textOf(element.placeholder) || '⋯'}
          </option>
          {options.map((option) => (
            <option key={String(option.value)} value={String(option.value)}>
              {textOf(option.text)}
            </option>
          ))}
        </select>
      ) : (
        <em className="unknown">The simulator does not draw {String(element.type)} here.</em>
      )}
      {asking && isObject(element.confirm) ? (
        <Confirm
          confirm={element.confirm}
          onAnswer={(yes) => {
            setAsking(null);
            if (yes) use(asking);
          }}
        />
      ) : null}
    </>
  );
}

function Confirm({ confirm, onAnswer }: { confirm: Json; onAnswer: (yes: boolean) => void }) {
  return (
    <div className="overlay">
      <div className="dialog small" role="alertdialog" aria-modal="true" aria-label={textOf(confirm.title)}>
        <header>
          <h2>{textOf(confirm.title)}</h2>
        </header>
        <div className="dialog-body">{textOf(confirm.text)}</div>
        <footer>
          <button type="button" className="button" onClick={() => onAnswer(false)}>
            {textOf(confirm.deny) || 'Cancel'}
          </button>
          <button
            type="button"
            className={`button ${confirm.style === 'danger' ? 'danger filled' : 'primary'}`}
            onClick={() => onAnswer(true)}
          >
            {textOf(confirm.confirm) || 'Yes'}
          </button>
        </footer>
      </div>
    </div>
  );
}

/** One input of a modal with its label, hint and the error the app or Slack put under it. */
function Input({
  block,
  view,
  typed,
  onType,
}: {
  block: Json;
  view: Modal;
  typed: Readonly<Record<string, string>>;
  onType: (id: string, value: string) => void;
}) {
  const element = isObject(block.element) ? block.element : {};
  const id = String(element.action_id);
  const error = view.errors[String(block.block_id)];
  const value = typed[id] ?? String(element.initial_value ?? '');
  const common = {
    id: `input-${id}`,
    value,
    placeholder: textOf(element.placeholder),
    'aria-invalid': error !== undefined,
  };
  const options = listOf(element.options);
  return (
    <div className={error === undefined ? 'input' : 'input wrong'}>
      <label htmlFor={common.id}>
        {textOf(block.label)}
        {block.optional === true ? <span className="optional"> (optional)</span> : null}
      </label>
      {options.length > 0 ? (
        <select {...common} onChange={(event) => onType(id, event.target.value)}>
          <option value="">{common.placeholder || 'Choose an option'}</option>
          {options.map((option) => (
            <option key={String(option.value)} value={String(option.value)}>
              {textOf(option.text)}
            </option>
          ))}
        </select>
      ) : element.multiline === true ? (
        <textarea {...common} rows={6} onChange={(event) => onType(id, event.target.value)} />
      ) : (
        <input
          {...common}
          type="text"
          autoComplete="off"
          onChange={(event) => onType(id, event.target.value)}
        />
      )}
      {error === undefined ? null : (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {textOf(block.hint) === '' ? null : <p className="hint">{textOf(block.hint)}</p>}
    </div>
  );
}
