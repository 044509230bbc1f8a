import { useState } from 'react';
import { optionsOf } from '../choices.ts';
import { isObject, type Json } from '../json.ts';
import type { Modal } from './client.ts';
import { Words } from './emoji.tsx';
import type { Directory } from './mrkdwn.tsx';

/** What a person did with an element of a block. */
export interface Use {
  readonly actionId: string;
  readonly blockId: string;
  readonly value?: string;
}
export type OnUse = (use: Use) => void;
/** What is typed into a modal, by action id. */
export interface Typing {
  readonly view: Modal;
  readonly typed: Readonly<Record<string, string>>;
  readonly onType: (id: string, value: string) => void;
  readonly directory: Directory;
}

/** The `text` of a text object; empty for anything else. */
export const textOf = (value: unknown): string =>
  isObject(value) && typeof value.text === 'string' ? value.text : '';
/** The objects of a list; empty for anything else. */
export const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

type Chosen = { value?: string };

/** A button or menu. A confirm dialog asks first. */
export function Element({
  element,
  blockId,
  directory,
  onUse,
}: {
  element: Json;
  blockId: string;
  directory: Directory;
  onUse: OnUse;
}) {
  const [asking, setAsking] = useState<Chosen | null>(null);
  const actionId = String(element.action_id);
  const use = (chosen: Chosen) => onUse({ actionId, blockId, ...chosen });
  const ask = (chosen: Chosen) => (isObject(element.confirm) ? setAsking(chosen) : use(chosen));
  return (
    <>
      <Usable element={element} directory={directory} onChosen={ask} />
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

function Usable({
  element,
  directory,
  onChosen,
}: {
  element: Json;
  directory: Directory;
  onChosen: (chosen: Chosen) => void;
}) {
  const [value, setValue] = useState(initialOf(element));
  const actionId = String(element.action_id);
  const label = element.accessibility_label;
  if (element.type === 'button') {
    return (
      <button
        type="button"
        className={`button ${String(element.style ?? '')}`}
        data-action-id={actionId}
        aria-label={typeof label === 'string' ? label : undefined}
        onClick={() => onChosen({})}
      >
        <Words text={textOf(element.text)} />
      </button>
    );
  }
  const offered = offers(element, directory);
  if (offered === null) {
    return <em className="unknown">The simulator does not draw {String(element.type)} here.</em>;
  }
  return (
    <select
      className="button"
      data-action-id={actionId}
      aria-label={textOf(element.placeholder) || 'More choices'}
      value={value}
      onChange={(event) => {
        // An overflow menu keeps no choice.
        if (element.type !== 'overflow') setValue(event.target.value);
        onChosen({ value: event.target.value });
      }}
    >
      <option value="" disabled>
        {textOf(element.placeholder) || '⋯'}
      </option>
      <Options offered={offered} />
    </select>
  );
}

interface Offer {
  readonly value: string;
  readonly label: string;
}

/** What one can choose in a menu: options of the app, people, or channels. Null for what is no menu with one choice. */
function offers(element: Json, { users, channels }: Directory): Offer[] | null {
  switch (element.type) {
    case 'static_select':
    case 'overflow':
    case 'radio_buttons':
      return optionsOf(element).map((one) => ({ value: String(one.value), label: textOf(one.text) }));
    case 'users_select':
      return users
        .filter((one) => one.deleted !== true)
        .map((one) => ({ value: one.id, label: `@${one.name}` }));
    case 'conversations_select':
    case 'channels_select':
      return channels.map((one) => ({ value: one.id, label: `#${one.name}` }));
    default:
      return null;
  }
}

/** What is chosen or typed before anybody touches the element. */
function initialOf(element: Json): string {
  if (isObject(element.initial_option)) return String(element.initial_option.value);
  const { initial_user: user, initial_conversation: conversation, initial_channel: channel } = element;
  return String(user ?? conversation ?? channel ?? element.initial_value ?? '');
}

function Options({ offered }: { offered: readonly Offer[] }) {
  return offered.map(({ value, label }) => (
    <option key={value} value={value}>
      {label}
    </option>
  ));
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
export function Input({ block, typing, onUse }: { block: Json; typing: Typing; onUse: OnUse }) {
  const element = isObject(block.element) ? block.element : {};
  // Two inputs may share an action id; a block id is one input's alone.
  const blockId = String(block.block_id);
  const id = `input-${blockId}`;
  const error = typing.view.errors[blockId];
  const hint = textOf(block.hint);
  return (
    <div className={error === undefined ? 'input' : 'input wrong'}>
      <label htmlFor={id}>
        {textOf(block.label)}
        {block.optional === true ? <span className="optional"> (optional)</span> : null}
      </label>
      <Field
        element={element}
        blockId={blockId}
        id={id}
        wrong={error !== undefined}
        typing={typing}
        onChosen={(value) => {
          if (block.dispatch_action === true) onUse({ actionId: String(element.action_id), blockId, value });
        }}
      />
      {error === undefined ? null : (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {hint === '' ? null : <p className="hint">{hint}</p>}
    </div>
  );
}

function Field({
  element,
  blockId,
  id,
  wrong,
  typing,
  onChosen,
}: {
  element: Json;
  blockId: string;
  id: string;
  wrong: boolean;
  typing: Typing;
  onChosen: (value: string) => void;
}) {
  const common = {
    id,
    value: typing.typed[blockId] ?? initialOf(element),
    placeholder: textOf(element.placeholder),
    'aria-invalid': wrong,
    onChange: (event: { target: { value: string } }) => typing.onType(blockId, event.target.value),
  };
  const offered = offers(element, typing.directory);
  if (offered !== null) {
    return (
      <select
        {...common}
        onChange={(event) => {
          common.onChange(event);
          onChosen(event.target.value);
        }}
      >
        <option value="">{common.placeholder || 'Choose an option'}</option>
        <Options offered={offered} />
      </select>
    );
  }
  if (element.multiline === true) return <textarea {...common} rows={6} />;
  return <input {...common} type="text" autoComplete="off" />;
}
