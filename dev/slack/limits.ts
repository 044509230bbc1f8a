import { isObject } from './json.ts';
import {
  type Add,
  ELEMENTS,
  element,
  INTERACTIVE_ACCESSORIES,
  imageElement,
  itemsAt,
  lengthAt,
  type Rule,
  size,
  textAt,
} from './rules.ts';

/**
 * What Slack refuses. Numbers are those of docs.slack.dev/reference/block-kit and /surfaces/modals (the same as
 * slackblocks' spec/limits.json); lengths count code points. Messages end in a JSON pointer, as Slack's do.
 */
export const MAX_MESSAGE_BLOCKS = 50;
export const MAX_VIEW_BLOCKS = 100;
/** chat.postMessage cuts longer text off; chat.update refuses text over 4,000 (docs.slack.dev/reference/methods). */
export const MAX_TEXT = 40_000;
export const MAX_UPDATE_TEXT = 4_000;
/** All text of a message's blocks: 11,341 characters were refused (github.com/slackapi/bolt-js/issues/2509, 2867). */
export const MAX_BLOCK_TEXT = 11_340;
export const MAX_VIEW_BYTES = 250_000;

/** Where blocks are shown. */
export type Surface = 'message' | 'modal';
const section: Rule = (value, at, add) => {
  if (value.text === undefined && value.fields === undefined) add('missing required field: text', at);
  textAt(value, 'text', at, add, 3000, 'any', false);
  if (value.fields !== undefined) {
    itemsAt(value, 'fields', at, add, 1, 10).forEach((field, index) => {
      textAt({ [index]: field }, String(index), `${at}/fields`, add, 2000, 'any');
    });
  }
  if (value.accessory !== undefined)
    element(value.accessory, `${at}/accessory`, add, INTERACTIVE_ACCESSORIES);
};

const actions: Rule = (value, at, add) => {
  const seen = new Set<unknown>();
  itemsAt(value, 'elements', at, add, 1, 25).forEach((one, index) => {
    const here = `${at}/elements/${index}`;
    element(one, here, add, INTERACTIVE_ACCESSORIES);
    if (one.action_id !== undefined && seen.has(one.action_id)) {
      add(`\`action_id\` ${String(one.action_id)} already exists`, `${here}/action_id`);
    }
    seen.add(one.action_id);
  });
};

const context: Rule = (value, at, add) => {
  itemsAt(value, 'elements', at, add, 1, 10).forEach((one, index) => {
    const here = `${at}/elements`;
    if (one.type === 'image') imageElement(one, `${here}/${index}`, add);
    else textAt({ [index]: one }, String(index), here, add, 3000, 'any');
  });
};

const inputBlock: Rule = (value, at, add) => {
  textAt(value, 'label', at, add, 2000, 'plain');
  textAt(value, 'hint', at, add, 2000, 'plain', false);
  const allowed = Object.keys(ELEMENTS).filter((type) => type !== 'button' && type !== 'overflow');
  element(value.element, `${at}/element`, add, allowed);
};

const RICH = ['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote'];
const richText: Rule = (value, at, add) => {
  itemsAt(value, 'elements', at, add, 1, Number.POSITIVE_INFINITY).forEach((one, index) => {
    const here = `${at}/elements/${index}`;
    if (!RICH.includes(String(one.type))) {
      add(`unsupported type: ${String(one.type)}`, `${here}/type`);
      return;
    }
    itemsAt(one, 'elements', here, add, 0, Number.POSITIVE_INFINITY).forEach((piece, inner) => {
      if (piece.type === 'text') {
        lengthAt(piece, 'text', `${here}/elements/${inner}`, add, { min: 1, max: MAX_TEXT, required: true });
      }
    });
  });
};

const table: Rule = (value, at, add) => {
  const rows = value.rows;
  if (!Array.isArray(rows)) {
    add('must be an array', `${at}/rows`);
    return;
  }
  if (rows.length < 1) add('no fewer than 1 items allowed', `${at}/rows`);
  if (rows.length > 100) add('no more than 100 items allowed', `${at}/rows`);
  rows.forEach((row: unknown, index) => {
    if (!Array.isArray(row)) {
      add('must be an array', `${at}/rows/${index}`);
      return;
    }
    if (row.length > 20) add('no more than 20 items allowed', `${at}/rows/${index}`);
    if (Array.isArray(rows[0]) && row.length !== rows[0].length) {
      add('all rows must have the same number of cells', `${at}/rows/${index}`);
    }
  });
};

const alert: Rule = (value, at, add) => textAt(value, 'text', at, add, 200, 'any');
const markdown: Rule = (value, at, add) =>
  lengthAt(value, 'text', at, add, { min: 1, max: 12_000, required: true });

/**
 * The blocks whose contents are checked. The simulator knows no others and refuses them as Slack refuses a type it does not
 * know: a layout that needs more should first be checked by `blocks.validate` against the real Slack.
 */
const BLOCKS: Readonly<Record<string, { rule: Rule; on: readonly Surface[] }>> = {
  section: { rule: section, on: ['message', 'modal'] },
  header: {
    rule: (value, at, add) => textAt(value, 'text', at, add, 150, 'plain'),
    on: ['message', 'modal'],
  },
  divider: { rule: () => undefined, on: ['message', 'modal'] },
  actions: { rule: actions, on: ['message', 'modal'] },
  context: { rule: context, on: ['message', 'modal'] },
  image: {
    rule: (value, at, add) => {
      imageElement(value, at, add);
      textAt(value, 'title', at, add, 2000, 'plain', false);
    },
    on: ['message', 'modal'],
  },
  input: { rule: inputBlock, on: ['message', 'modal'] },
  rich_text: { rule: richText, on: ['message', 'modal'] },
  table: { rule: table, on: ['message'] },
  markdown: { rule: markdown, on: ['message'] },
  alert: { rule: alert, on: ['message', 'modal'] },
};

/**
 * Why Slack would refuse these blocks on this surface, in its words with JSON pointers from `root`; empty when it takes them.
 * Checks known types, counts, lengths, required parts, unique block ids and one table a message.
 */
export function blockErrors(blocks: unknown, surface: Surface, root = '/blocks'): string[] {
  const errors: string[] = [];
  const add: Add = (sentence, at) => errors.push(`${sentence} [json-pointer:${at}]`);
  if (!Array.isArray(blocks)) return ['must be an array [json-pointer:/blocks]'];
  const max = surface === 'message' ? MAX_MESSAGE_BLOCKS : MAX_VIEW_BLOCKS;
  if (blocks.length > max) add(`no more than ${max} items allowed`, root);
  const ids = new Set<unknown>();
  blocks.forEach((block: unknown, index) => {
    const at = `${root}/${index}`;
    if (!isObject(block)) {
      add('must be an object', at);
      return;
    }
    const known = Object.hasOwn(BLOCKS, String(block.type)) ? BLOCKS[String(block.type)] : undefined;
    if (!known?.on.includes(surface)) {
      add(`unsupported type: ${String(block.type)}`, `${at}/type`);
      return;
    }
    lengthAt(block, 'block_id', at, add, { max: 255 });
    if (block.block_id !== undefined && ids.has(block.block_id)) {
      add(`\`block_id\` ${String(block.block_id)} already exists`, `${at}/block_id`);
    }
    ids.add(block.block_id);
    known.rule(block, at, add);
  });
  if (blocks.filter((block) => isObject(block) && block.type === 'table').length > 1) {
    add('only one table is allowed in a message', root);
  }
  return errors;
}

/** Why Slack would refuse this modal, as `blockErrors` says it; empty when it takes it. */
export function viewErrors(view: unknown): string[] {
  const errors: string[] = [];
  const add: Add = (sentence, at) => errors.push(`${sentence} [json-pointer:${at}]`);
  if (!isObject(view)) return ['must be an object [json-pointer:/view]'];
  if (view.type !== 'modal') add('unsupported type', '/view/type');
  textAt(view, 'title', '/view', add, 24, 'plain');
  textAt(view, 'submit', '/view', add, 24, 'plain', false);
  textAt(view, 'close', '/view', add, 24, 'plain', false);
  lengthAt(view, 'private_metadata', '/view', add, { max: 3000 });
  lengthAt(view, 'callback_id', '/view', add, { max: 255 });
  lengthAt(view, 'external_id', '/view', add, { max: 255 });
  const blocks = Array.isArray(view.blocks) ? view.blocks : [];
  if (!Array.isArray(view.blocks)) add('missing required field: blocks', '/view');
  errors.push(...blockErrors(blocks, 'modal', '/view/blocks'));
  if (view.submit === undefined && blocks.some((block) => isObject(block) && block.type === 'input')) {
    add('`submit` is required when an `input` block is within the `blocks` array', '/view');
  }
  return errors;
}

/** Characters of all text in a message's blocks, code included, ids and values left out. */
export function blockTextLength(blocks: unknown): number {
  if (Array.isArray(blocks)) return blocks.reduce<number>((sum, item) => sum + blockTextLength(item), 0);
  if (!isObject(blocks)) return 0;
  return Object.entries(blocks).reduce(
    (sum, [key, value]) =>
      sum + (key === 'text' && typeof value === 'string' ? size(value) : blockTextLength(value)),
    0,
  );
}
