import { isObject, type Json } from './json.ts';
import { findChannel, findPerson, type Team } from './people.ts';

/** The options of a menu, in groups or not. */
export function optionsOf(element: Json): Json[] {
  const groups = Array.isArray(element.option_groups) ? element.option_groups : [element];
  return groups
    .filter(isObject)
    .flatMap((group) => (Array.isArray(group.options) ? group.options : []))
    .filter(isObject);
}

/**
 * What the state of an element holds once a person chose `value`: the option, the id of a person or channel (given by id or
 * name), the typed text; null when it was emptied. Throws for what the element does not offer.
 */
export function chosen(team: Team, element: Json, value: string | readonly string[] | null): unknown {
  if (value === null || value === '') return null;
  switch (element.type) {
    case 'static_select':
    case 'radio_buttons':
    case 'overflow':
      return option(element, value);
    case 'checkboxes':
    case 'multi_static_select':
      return [value].flat().map((one) => option(element, one));
    case 'users_select':
      return person(team, value);
    case 'multi_users_select':
      return [value].flat().map((one) => person(team, one));
    case 'channels_select':
    case 'conversations_select':
      return conversation(team, value);
    case 'multi_conversations_select':
      return [value].flat().map((one) => conversation(team, one));
    default:
      return value;
  }
}

function option(element: Json, value: unknown): Json {
  const found = optionsOf(element).find((one) => one.value === value);
  if (found) return found;
  const all = optionsOf(element).map((one) => String(one.value));
  throw new Error(`The menu has no choice ${String(value)}. There are: ${all.join(', ')}.`);
}

/** Slack lists everyone it knows in the workspace but those who left. */
function person(team: Team, value: unknown): string {
  const found = findPerson(team, String(value));
  if (!found || found.deleted) throw new Error(`The menu of people has no ${String(value)}.`);
  return found.id;
}

function conversation(team: Team, value: unknown): string {
  const found = findChannel(team, String(value));
  if (!found) throw new Error(`The menu of channels has no ${String(value)}.`);
  return found.id;
}
