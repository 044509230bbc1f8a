import type { Parse, Question, Step } from './runbook.ts';

/** What the text leaves open, as its structure shows it, in the order of the steps. Questions of a model come beside these. */
export function openQuestions({ steps }: Pick<Parse, 'steps'>): readonly Question[] {
  return steps.flatMap((step, index) => {
    const text = questionOf(step);
    return text === null ? [] : [{ text, step: index }];
  });
}

function questionOf({ kind, target }: Step): string | null {
  if (target?.to === 'page')
    return `It sends the reader to another page (${target.name}), which is not part of this text. Is it needed?`;
  if (kind === 'decision' && target === undefined)
    return 'It asks something, and the text does not say where each answer leads. What follows when it is no?';
  return null;
}
