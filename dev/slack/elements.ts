import { chosen } from './choices.ts';
import { isObject, type Json } from './json.ts';
import type { Team } from './people.ts';
import type { Block, Values } from './state.ts';

/** An interactive element of a message or modal and the block it stands in. */
export interface Found {
  readonly block: Block;
  readonly element: Json;
}

/** Names an element: its action id, and where two share it the block id or (for a button) the value. */
export type Target =
  | string
  | { readonly actionId: string; readonly blockId?: string | undefined; readonly value?: string | undefined };

/** The interactive elements of some blocks, in the order they are shown. */
export function elementsOf(blocks: readonly Block[]): Found[] {
  return blocks.flatMap((block) => {
    const inside = Array.isArray(block.elements) ? block.elements : [];
    return [...inside, block.accessory, block.element]
      .filter((one): one is Json => isObject(one) && typeof one.action_id === 'string')
      .map((element) => ({ block, element }));
  });
}

/** The one element the target names; a sentence when there is none or more than one. */
export function findElement(blocks: readonly Block[], target: Target): Found | { problem: string } {
  const { actionId, blockId, value } = typeof target === 'string' ? { actionId: target } : target;
  const all = elementsOf(blocks);
  const found = all.filter(
    ({ block, element }) =>
      element.action_id === actionId &&
      (blockId === undefined || block.block_id === blockId) &&
      (value === undefined || element.type !== 'button' || element.value === value),
  );
  const [first, second] = found;
  if (first && !second) return first;
  const present = all.map(({ element }) => String(element.action_id)).join(', ') || 'none';
  return {
    problem: first
      ? `${found.length} elements have the action id ${actionId}. Say which by blockId or value.`
      : `No element has the action id ${actionId}. There are: ${present}.`,
  };
}

/** Where the state of an element stands, and where the app says what it is at first. */
const PARTS: Readonly<Record<string, { readonly now: string; readonly first: string }>> = {
  static_select: { now: 'selected_option', first: 'initial_option' },
  radio_buttons: { now: 'selected_option', first: 'initial_option' },
  overflow: { now: 'selected_option', first: 'initial_option' },
  checkboxes: { now: 'selected_options', first: 'initial_options' },
  multi_static_select: { now: 'selected_options', first: 'initial_options' },
  users_select: { now: 'selected_user', first: 'initial_user' },
  multi_users_select: { now: 'selected_users', first: 'initial_users' },
  conversations_select: { now: 'selected_conversation', first: 'initial_conversation' },
  multi_conversations_select: { now: 'selected_conversations', first: 'initial_conversations' },
  channels_select: { now: 'selected_channel', first: 'initial_channel' },
  datepicker: { now: 'selected_date', first: 'initial_date' },
  timepicker: { now: 'selected_time', first: 'initial_time' },
};
const TYPED = { now: 'value', first: 'initial_value' };

/**
 * The state of an element after a person chose or typed `value` (values of options, ids or names of people and channels; a list
 * where several may be chosen), as it stands in `actions[0]` and `view.state.values`. Without a value: its initial state. Throws
 * for what the element does not offer.
 */
export function elementState(team: Team, element: Json, value?: string | readonly string[] | null): Json {
  const type = String(element.type);
  const { now, first } = (Object.hasOwn(PARTS, type) ? PARTS[type] : undefined) ?? TYPED;
  const none = now.endsWith('s') ? [] : null;
  const state = value === undefined ? element[first] : chosen(team, element, value);
  return { type, [now]: state === '' ? none : (state ?? none) };
}

/** The `actions[0]` of using this element; a button carries its own value. */
export function actionOf(team: Team, { element }: Found, value?: string | readonly string[]): Json {
  const { action_id, text, style } = element;
  if (element.type !== 'button') return { action_id, ...elementState(team, element, value) };
  return {
    action_id,
    type: 'button',
    text,
    ...(element.value === undefined ? {} : { value: element.value }),
    ...(style === undefined ? {} : { style }),
  };
}

/** Typed and chosen values by action id or block id. */
export type Filled = Readonly<Record<string, string | readonly string[] | null>>;

/** `view.state.values` of a modal: what is filled in now, else what was before, else the initial values. */
export function valuesOf(team: Team, blocks: readonly Block[], before: Values, filled: Filled): Values {
  const values: Record<string, Record<string, Json>> = {};
  for (const { block, element } of elementsOf(blocks)) {
    if (element.type === 'button' || element.type === 'overflow') continue;
    const id = String(element.action_id);
    const now = Object.hasOwn(filled, block.block_id) ? filled[block.block_id] : filled[id];
    const kept = before[block.block_id]?.[id];
    const state = now === undefined && kept ? kept : elementState(team, element, now);
    values[block.block_id] = { ...values[block.block_id], [id]: state };
  }
  return values;
}

/** What Slack's client says under inputs it does not send: block id → sentence. Empty when the modal may be sent. */
export function inputErrors(blocks: readonly Block[], values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    if (block.type !== 'input' || !isObject(block.element)) continue;
    const { type: _type, ...state } = values[block.block_id]?.[String(block.element.action_id)] ?? {};
    const [value] = Object.values(state);
    const empty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
    if (empty && block.optional !== true) errors[block.block_id] = 'Please complete this required field.';
    if (typeof value !== 'string') continue;
    const max = typeof block.element.max_length === 'number' ? block.element.max_length : 3000;
    const min = typeof block.element.min_length === 'number' ? block.element.min_length : 0;
    const { length } = [...value];
    if (length > max) errors[block.block_id] = `This is too long by ${length - max} characters.`;
    if (length < min) errors[block.block_id] = `This needs at least ${min} characters.`;
  }
  return errors;
}

/** The ids a person could fill in, to catch a misspelt one in a test. */
export function fillable(blocks: readonly Block[]): Set<string> {
  return new Set(
    elementsOf(blocks).flatMap(({ block, element }) => [block.block_id, String(element.action_id)]),
  );
}
