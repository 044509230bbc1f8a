import { useState } from 'react';
import { isObject, type Json } from '../json.ts';
import type { Modal } from './client.ts';
import { Words } from './emoji.tsx';

/** What a person did with an element of a block. */
export type OnUse = (use: { actionId: string; blockId: string; value?: string }) => void;
/** What is typed into a modal, by action id. */
export interface Typing {
  readonly view: Modal;
  readonly typed: Readonly<Record<string, string>>;
  readonly onType: (id: string, value: string) => void;
}

/** The `text` of a text object; empty for anything else. */
export const textOf = (value: unknown): string =>
  isObject(value) && typeof value.text === 'string' ? value.text : '';
/** The objects of a list; empty for anything else. */
export const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

type Chosen = { value?: string };

/** A button or menu. A confirm dialog asks first. */
export function Element({ element, blockId, onUse }: { element: Json; blockId: string; onUse: OnUse }) {
  const [asking, setAsking] = useState<Chosen | null>(null);
  const actionId = String(element.action_id);
  const use = (chosen: Chosen) => onUse({ actionId, blockId, ...chosen });
  const ask = (chosen: Chosen) => (isObject(element.confirm) ? setAsking(chosen) : use(chosen));
  return (
    <>
      <Usable element={element} onChosen={ask} />
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

function Usable({ element, onChosen }: { element: Json; onChosen: (chosen: Chosen) => void }) {
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
  if (listOf(element.options).length === 0) {
    return <em className="unknown">The simulator does not draw {String(element.type)} here.</em>;
  }
  return (
    <select
      className="button"
      data-action-id={actionId}
      aria-label={textOf(element.placeholder) || 'More choices'}
      value={isObject(element.initial_option) ? String(element.initial_option.value) : ''}
      onChange={(event) => onChosen({ value: event.target.value })}
    >
      <option value="" disabled>
        {textOf(element.placeholder) || '⋯'}
      </option>
      <Options element={element} />
    </select>
  );
}

function Options({ element }: { element: Json }) {
  return listOf(element.options).map((option) => (
    <option key={String(option.value)} value={String(option.value)}>
      {textOf(option.text)}
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
export function Input({ block, typing }: { block: Json; typing: Typing }) {
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
      <Field element={element} blockId={blockId} id={id} wrong={error !== undefined} typing={typing} />
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
}: {
  element: Json;
  blockId: string;
  id: string;
  wrong: boolean;
  typing: Typing;
}) {
  const initial = isObject(element.initial_option) ? element.initial_option.value : element.initial_value;
  const common = {
    id,
    value: typing.typed[blockId] ?? String(initial ?? ''),
    placeholder: textOf(element.placeholder),
    'aria-invalid': wrong,
    onChange: (event: { target: { value: string } }) => typing.onType(blockId, event.target.value),
  };
  if (listOf(element.options).length > 0) {
    return (
      <select {...common}>
        <option value="">{common.placeholder || 'Choose an option'}</option>
        <Options element={element} />
      </select>
    );
  }
  if (element.multiline === true) return <textarea {...common} rows={6} />;
  return <input {...common} type="text" autoComplete="off" />;
}
