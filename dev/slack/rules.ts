import { isDeepStrictEqual } from 'node:util';
import { optionsOf } from './choices.ts';
import { isObject, type Json } from './json.ts';

/** Checks one object that stands at a JSON pointer. */
export type Rule = (value: Json, at: string, add: Add) => void;
/** Takes a refusal in Slack’s words and the pointer to what is refused. */
export type Add = (sentence: string, at: string) => void;

/** Length in code points, as Slack counts. */
export const size = (value: string) => [...value].length;

/** A text object: required or not, its longest length, and whether mrkdwn is allowed. */
export function textAt(
  value: Json,
  key: string,
  at: string,
  add: Add,
  max: number,
  kind: 'plain' | 'any',
  required = true,
) {
  const here = `${at}/${key}`;
  const text = value[key];
  if (text === undefined) {
    if (required) add(`missing required field: ${key}`, at);
    return;
  }
  if (!isObject(text)) {
    add('must be an object', here);
    return;
  }
  if (text.type !== 'plain_text' && text.type !== 'mrkdwn') {
    add('unsupported type', `${here}/type`);
    return;
  }
  if (kind === 'plain' && text.type !== 'plain_text') {
    add('must be of type plain_text', `${here}/type`);
    return;
  }
  lengthAt(text, 'text', here, add, { min: 1, max, required: true });
}

/** A string with bounds in code points; absent is an error only where it is required. */
export function lengthAt(
  value: Json,
  key: string,
  at: string,
  add: Add,
  { min = 0, max, required = false }: { min?: number; max: number; required?: boolean },
) {
  const text = value[key];
  if (text === undefined) {
    if (required) add(`missing required field: ${key}`, at);
    return;
  }
  if (typeof text !== 'string') {
    add('must be a string', `${at}/${key}`);
    return;
  }
  if (size(text) < min) add(`must be more than ${min - 1} characters`, `${at}/${key}`);
  if (size(text) > max) add(`must be less than ${max + 1} characters`, `${at}/${key}`);
}

/** The list at a key with its bounds; an absent list counts as empty. */
export function itemsAt(value: Json, key: string, at: string, add: Add, min: number, max: number): Json[] {
  const list = value[key] ?? [];
  if (!Array.isArray(list)) {
    add('must be an array', `${at}/${key}`);
    return [];
  }
  if (list.length < min) add(`no fewer than ${min} items allowed`, `${at}/${key}`);
  if (list.length > max) add(`no more than ${max} items allowed`, `${at}/${key}`);
  return list.filter((item, index): item is Json => {
    if (!isObject(item)) add('must be an object', `${at}/${key}/${index}`);
    return isObject(item);
  });
}

const confirmRule: Rule = (confirm, at, add) => {
  textAt(confirm, 'title', at, add, 100, 'plain');
  textAt(confirm, 'text', at, add, 300, 'any');
  textAt(confirm, 'confirm', at, add, 30, 'plain');
  textAt(confirm, 'deny', at, add, 30, 'plain');
};

/** Options with their bounds. Only boxes and radio buttons may have mrkdwn in them (reference/block-kit/composition-objects). */
const optionsRule =
  (min: number, max: number, kind: 'plain' | 'any' = 'any'): Rule =>
  (value, at, add) => {
    itemsAt(value, 'options', at, add, min, max).forEach((option, index) => {
      const here = `${at}/options/${index}`;
      textAt(option, 'text', here, add, 75, kind);
      lengthAt(option, 'value', here, add, { min: 1, max: 150, required: true });
      textAt(option, 'description', here, add, 75, kind, false);
    });
  };

const button: Rule = (value, at, add) => {
  textAt(value, 'text', at, add, 75, 'plain');
  lengthAt(value, 'value', at, add, { max: 2000 });
  lengthAt(value, 'url', at, add, { max: 3000 });
  lengthAt(value, 'accessibility_label', at, add, { max: 75 });
  if (value.style !== undefined && value.style !== 'primary' && value.style !== 'danger') {
    add('must be a valid enum value', `${at}/style`);
  }
};

const input: Rule = (value, at, add) => {
  textAt(value, 'placeholder', at, add, 150, 'plain', false);
  const { min_length: min, max_length: max } = value;
  for (const [key, bound] of [
    ['min_length', min],
    ['max_length', max],
  ] as const) {
    if (bound !== undefined && (typeof bound !== 'number' || bound < 0 || bound > 3000)) {
      add('must be between 0 and 3000', `${at}/${key}`);
    }
  }
};

const select: Rule = (value, at, add) => {
  textAt(value, 'placeholder', at, add, 150, 'plain', false);
  if (value.options !== undefined && value.option_groups !== undefined) {
    add('must define either options or option_groups, not both', at);
  }
  itemsAt(value, 'option_groups', at, add, 0, 100).forEach((group, index) => {
    const here = `${at}/option_groups/${index}`;
    textAt(group, 'label', here, add, 75, 'plain');
    optionsRule(1, 100, 'plain')(group, here, add);
  });
  if (value.option_groups === undefined) optionsRule(1, 100, 'plain')(value, at, add);
  initialRule(value, at, add);
};

/** What is chosen at first must be, exactly, one of the options. */
const initialRule: Rule = (value, at, add) => {
  const options = optionsOf(value);
  const check = (one: unknown, here: string) => {
    if (!options.some((option) => isDeepStrictEqual(option, one))) add('must match one of the options', here);
  };
  if (value.initial_option !== undefined) check(value.initial_option, `${at}/initial_option`);
  itemsAt(value, 'initial_options', at, add, 0, 100).forEach((one, index) => {
    check(one, `${at}/initial_options/${index}`);
  });
};

const placeholderOnly: Rule = (value, at, add) => textAt(value, 'placeholder', at, add, 150, 'plain', false);

/** A menu that Slack itself fills: what is chosen at first is an id, or a list of ids. */
const filledBySlack =
  (initial: string): Rule =>
  (value, at, add) => {
    placeholderOnly(value, at, add);
    const first = value[initial];
    if (first === undefined) return;
    const ids = initial.endsWith('s') ? first : [first];
    if (!Array.isArray(ids)) add('must be an array', `${at}/${initial}`);
    else if (!ids.every((id) => typeof id === 'string')) add('must be a string', `${at}/${initial}`);
  };

/** The interactive elements whose contents are checked, by type. */
export const ELEMENTS: Readonly<Record<string, Rule>> = {
  button,
  overflow: optionsRule(1, 5, 'plain'),
  checkboxes: optionsRule(1, 10),
  radio_buttons: optionsRule(1, 10),
  static_select: select,
  multi_static_select: select,
  users_select: filledBySlack('initial_user'),
  multi_users_select: filledBySlack('initial_users'),
  conversations_select: filledBySlack('initial_conversation'),
  multi_conversations_select: filledBySlack('initial_conversations'),
  channels_select: filledBySlack('initial_channel'),
  datepicker: placeholderOnly,
  timepicker: placeholderOnly,
  plain_text_input: input,
  number_input: input,
  email_text_input: placeholderOnly,
  url_text_input: placeholderOnly,
};
/** What may stand in an actions block or beside a section. */
export const INTERACTIVE_ACCESSORIES = Object.keys(ELEMENTS).filter((type) => !type.endsWith('_input'));

/** One interactive element at a pointer: known type, its own rule, `action_id` and `confirm`. */
export function element(value: unknown, at: string, add: Add, allowed: readonly string[]): void {
  if (!isObject(value)) {
    add('must be an object', at);
    return;
  }
  const type = String(value.type);
  const rule = Object.hasOwn(ELEMENTS, type) ? ELEMENTS[type] : undefined;
  if (type === 'image') {
    imageElement(value, at, add);
    return;
  }
  if (rule === undefined || !allowed.includes(type)) {
    add(`unsupported type: ${type}`, `${at}/type`);
    return;
  }
  rule(value, at, add);
  lengthAt(value, 'action_id', at, add, { max: 255 });
  if (value.confirm === undefined) return;
  if (isObject(value.confirm)) confirmRule(value.confirm, `${at}/confirm`, add);
  else add('must be an object', `${at}/confirm`);
}

/** An image, as block or element: described, and from exactly one place. */
export const imageElement: Rule = (value, at, add) => {
  lengthAt(value, 'alt_text', at, add, { min: 1, max: 2000, required: true });
  lengthAt(value, 'image_url', at, add, { max: 3000 });
  if ((value.image_url === undefined) === (value.slack_file === undefined)) {
    add('must define either image_url or slack_file', at);
  }
};
