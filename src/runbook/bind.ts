import { findPlaceholders } from './placeholders.ts';
import type { Variable, VariableType } from './runbook.ts';
import { variableKey } from './variables.ts';

export type Binding =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: 'missing-value' | 'refused-value' | 'left-over';
      readonly sentence: string;
    };

/** The longest value: the longest DNS name (RFC 1035), which also holds any Kubernetes name. */
const MAX_VALUE = 253;
/** Characters with no meaning to a shell in any quoting context, nor to globbing. */
const ALLOWED = /^[A-Za-z0-9_./:@%+,=-]+$/;

const TYPED: Record<VariableType, { readonly pattern: RegExp; readonly wants: string }> = {
  text: { pattern: /^/, wants: 'text' },
  integer: { pattern: /^[0-9]{1,18}$/, wants: 'a whole number' },
  path: { pattern: /^(?!.*(?:^|\/)\.\.(?:\/|$))[A-Za-z0-9_./:@%+,=-]+$/, wants: 'a path without ".." in it' },
  host: { pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$/, wants: 'a host name or an address' },
  'kubernetes-name': {
    pattern: /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
    wants: 'a Kubernetes name: lower-case letters, digits, dots and hyphens',
  },
  url: { pattern: /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9]/, wants: 'a URL such as https://example.com/path' },
};

/**
 * Says why a value may not be put into a command, or null when it may. A value can hold only characters that add no
 * word, option, redirection, substitution or pattern wherever it stands, and must fit the variable's type.
 */
export function validateValue(variable: Variable, value: string): string | null {
  const { name } = variable;
  if (value === '') return `The value of ${name} is empty. Type one.`;
  if (value.length > MAX_VALUE)
    return `The value of ${name} is longer than ${MAX_VALUE} characters. Use a shorter one.`;
  if (value.startsWith('-'))
    return `The value of ${name} begins with "-", which a command would read as an option.`;
  if (!ALLOWED.test(value)) {
    return `The value of ${name} holds a character that is not allowed. Use letters, digits and _ . / : @ % + , = -`;
  }
  const typed = TYPED[variable.type];
  return typed.pattern.test(value) ? null : `The value of ${name} must be ${typed.wants}.`;
}

/**
 * Puts values into a command: every spelling of every variable is replaced, in one pass, so that a value is never
 * read as a placeholder again. Refuses when a value is missing or not allowed, or when a placeholder is left over.
 */
export function bindCommand(
  text: string,
  variables: readonly Variable[],
  values: ReadonlyMap<string, string>,
): Binding {
  const bySpelling = new Map(
    variables.flatMap((variable) => variable.spellings.map((spelling) => [spelling, variable])),
  );
  const byKey = new Map(variables.map((variable) => [variableKey(variable.name), variable]));
  let bound = '';
  let from = 0;
  for (const placeholder of findPlaceholders(text)) {
    const variable = bySpelling.get(placeholder.spelling) ?? byKey.get(variableKey(placeholder.name));
    if (!variable || !placeholder.bindable) return leftOver(placeholder.spelling);
    const value = values.get(variable.name);
    if (value === undefined) {
      return {
        ok: false,
        code: 'missing-value',
        sentence: `${variable.name} has no value yet. Fill it in before the step runs.`,
      };
    }
    const refusal = validateValue(variable, value);
    if (refusal) return { ok: false, code: 'refused-value', sentence: refusal };
    if (/,|\.\./.test(value) && insideBraces(text, placeholder.start)) {
      return {
        ok: false,
        code: 'refused-value',
        sentence: `The value of ${variable.name} stands inside braces, where "," and ".." would add words.`,
      };
    }
    bound += text.slice(from, placeholder.start) + value;
    from = placeholder.start + placeholder.spelling.length;
  }
  bound += text.slice(from);
  const unread = variables
    .flatMap((variable) => variable.spellings)
    .find((spelling) => isMark(spelling) && bound.includes(spelling));
  return unread ? leftOver(unread) : { ok: true, text: bound };
}

/** True when an open brace of the same word stands before `at`: bash may expand what is in it to several words. */
function insideBraces(text: string, at: number): boolean {
  return /\{[^\s}]*$/.test(text.slice(Math.max(0, at - MAX_VALUE), at));
}

/** Spellings that can only be placeholders; `$NAME` in single quotes may rightly stay. */
const isMark = (spelling: string): boolean => /^<.*>$|^\{\{.*\}\}$/.test(spelling);

function leftOver(spelling: string): Binding {
  return {
    ok: false,
    code: 'left-over',
    sentence: `The command still holds ${spelling}, which no value fills. Change the runbook and paste it again.`,
  };
}
