import type { Target } from './runbook.ts';

const NUMBERED =
  /\b(?:skip|jump|go|proceed|continue|move|return|back|repeat|start|resume)\b[^.;]{0,40}?\b(?:steps?\s+|to\s+|from\s+|at\s+)#?(\d{1,3})\b/i;
const END =
  /\bskip (?:all )?(?:the )?(?:rest|remaining|remainder)\b|\b(?:stop|finish|end) here\b|\b(?:nothing (?:more|else|further) (?:to do|is needed)|no (?:further|more) (?:action|steps?)\b|you(?:'re| are) (?:all )?done\b)/i;
const PAGE =
  /\b(?:follow|see|use|refer to|go to|continue with|proceed to|switch to)\s+(?:the\s+)?(?:steps in\s+|instructions in\s+|procedure\s+)?(?:\[([^\][]{2,120})\]\(|[`"“*]{1,2}([^`"”*]{3,120})[`"”*]{1,2}\s+(?:runbook|page|procedure|section|guide|document))/i;

/** Where the words of a step lead, with the number of the step in the author's own count. */
export type Lead = Exclude<Target, { to: 'step' }> | { readonly to: 'number'; readonly number: number };

/** Where a text sends its reader, or null: to another step, to the end, to another page. */
export function leadOf(text: string): Lead | null {
  if (END.test(text)) return { to: 'end' };
  const number = Number(NUMBERED.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isNaN(number)) return { to: 'number', number };
  const page = PAGE.exec(text);
  const name = page?.[1] ?? page?.[2];
  return name ? { to: 'page', name } : null;
}

/** A step as its author counts it: the list or the sections it is numbered in, and its number there. */
export interface Numbered {
  readonly list: number;
  readonly number: number;
}

/** The index of the step that an author's number names, seen from step `from`: in its own list first, else the nearest one. */
export function stepNumbered(
  steps: readonly (Numbered | null)[],
  from: number,
  number: number,
): number | null {
  const fits = steps.flatMap((step, index) => (step?.number === number ? [{ list: step.list, index }] : []));
  const own = steps[from]?.list;
  const same = fits.find((step) => step.list === own && step.index !== from);
  if (same) return same.index;
  const near = fits.toSorted((a, b) => Math.abs(a.index - from) - Math.abs(b.index - from))[0];
  return near && near.index !== from ? near.index : null;
}
