import type { RunbookId } from '../protocol/ids.ts';
import { alertKey, alertNameOf, contentWords, isNaming, squash } from './words.ts';

/** A saved runbook, as far as looking for one goes. */
export interface Candidate {
  readonly id: RunbookId;
  readonly title: string;
  /** The text it was made from. */
  readonly text: string;
  readonly counts: Counts;
}

/** The lines of a runbook by what they are. */
export interface Counts {
  readonly total: number;
  readonly safe: number;
  readonly caution: number;
  readonly danger: number;
  readonly byHand: number;
}

/** A runbook that a person started from an earlier page. */
export interface Past {
  readonly runbook: RunbookId;
  readonly title: string;
  readonly service: string | null;
  readonly at: number;
}

export interface Suggestion {
  readonly runbook: RunbookId;
  readonly title: string;
  readonly counts: Counts;
  readonly score: number;
  /** In words, strongest first. */
  readonly reasons: readonly string[];
}

/** The runbooks that fit a page, best first, or why there is none. */
export interface Match {
  readonly suggestions: readonly Suggestion[];
  readonly none: string | null;
  /** How many saved runbooks were looked at. */
  readonly looked: number;
}

interface Reason {
  readonly score: number;
  readonly words: string;
}

const MAX_SUGGESTIONS = 3;
const MAX_NAME = 80;
const MIN_ONLY_WORD = 5;

/** Our own scale: a name outweighs what was done before, and that outweighs words that happen to be shared. */
const SCORES = {
  alertIsTitle: 100,
  alertInTitle: 90,
  sameTitle: 80,
  alertInText: 50,
  usedForAlert: 45,
  service: 30,
  usedForService: 25,
  /** Never quite reached: the more words of the title, the nearer. */
  words: 60,
} as const;

/**
 * Which saved runbooks fit the page, with reasons a person can check. By names only: the alert's, the service's, the
 * words of the title that name something, and what people started before. The same input gives the same answer.
 */
export function match(
  page: { readonly title: string; readonly service: string | null },
  runbooks: readonly Candidate[],
  history: readonly Past[],
): Match {
  const looked = runbooks.length;
  if (looked === 0) return { suggestions: [], none: 'No match, because no runbook is saved yet.', looked };
  const look = lookFor(page, history);
  const suggestions = runbooks
    .map((runbook) => suggest(runbook, look(runbook)))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.runbook < b.runbook ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS);
  return { suggestions, none: suggestions.length > 0 ? null : whyNone(page, looked), looked };
}

function suggest({ id, title, counts }: Candidate, reasons: readonly Reason[]): Suggestion {
  const sorted = [...reasons].sort((a, b) => b.score - a.score);
  const score = sorted.reduce((sum, reason) => sum + reason.score, 0);
  return { runbook: id, title, counts, score, reasons: sorted.map(({ words }) => words) };
}

/** Reads the page once; what comes back says why a runbook fits it. */
function lookFor(page: { title: string; service: string | null }, history: readonly Past[]) {
  const alert = alertNameOf(page.title);
  const whole = alert && wholeWord(alert);
  const words = contentWords(page.title);
  const service = page.service ?? '';
  const serviceNames = [...contentWords(service).keys()].filter(isNaming);
  const key = alertKey(page.title);
  const forAlert = newestOf(history, (past) => key !== '' && alertKey(past.title) === key);
  const forService = newestOf(history, (past) => service !== '' && past.service === service);

  return ({ id, title, text }: Candidate): Reason[] => {
    const titleWords = contentWords(title);
    const named = alert && whole ? byAlert(alert, whole, title, text) : [];
    // A runbook that is called like an alert is for that alert, however alike another one sounds.
    const forAnother = alert !== null && squash(alertNameOf(title) ?? '') === squash(title);
    const found = named.length > 0 || forAnother ? named : byTitle(page.title, words, title, titleWords);
    if (serviceNames.length > 0 && serviceNames.every((word) => titleWords.has(word))) {
      found.push({ score: SCORES.service, words: `service ${quote(service)} in title` });
    }
    if (forAlert?.runbook === id) {
      found.push({ score: SCORES.usedForAlert, words: 'used last time for this alert' });
    } else if (forService?.runbook === id) {
      found.push({ score: SCORES.usedForService, words: 'used last time for this service' });
    }
    return found;
  };
}

function byAlert(alert: string, whole: RegExp, title: string, text: string): Reason[] {
  const [name, all] = [squash(alert), squash(title)];
  if (all === name) return [{ score: SCORES.alertIsTitle, words: `alert name ${quote(alert)} is the title` }];
  if (whole.test(title))
    return [{ score: SCORES.alertInTitle, words: `alert name ${quote(alert)} in title` }];
  if (spelledOut(name, title)) {
    return [{ score: SCORES.alertInTitle, words: `alert name ${quote(alert)} in title, spelled out` }];
  }
  return text.includes(alert) && whole.test(text)
    ? [{ score: SCORES.alertInText, words: `alert name ${quote(alert)} in the text` }]
    : [];
}

/** `Fix a Kube Pod Not Ready` holds KubePodNotReady: whole words in a row, not letters that happen to follow each other. */
function spelledOut(name: string, title: string): boolean {
  const words = title.split(/[^\p{L}\p{N}]+/u).map((word) => word.toLowerCase());
  return words.some((_, from) => {
    let left = name;
    for (const word of words.slice(from)) {
      if (left === '') return true;
      if (word === '' || !left.startsWith(word)) return false;
      left = left.slice(word.length);
    }
    return left === '';
  });
}

function byTitle(
  page: string,
  pageWords: ReadonlyMap<string, string>,
  title: string,
  titleWords: ReadonlyMap<string, string>,
): Reason[] {
  const same = titleWords.size > 1 && squash(page) === squash(title);
  return same ? [{ score: SCORES.sameTitle, words: 'the same title' }] : byWords(pageWords, titleWords);
}

/** More than half of the title's words, one of them a name. A title of a single word has to be a real name. */
function byWords(page: ReadonlyMap<string, string>, title: ReadonlyMap<string, string>): Reason[] {
  const shared = [...title.keys()].filter((word) => page.has(word));
  const enough = shared.length * 2 > title.size && shared.some(isNaming);
  if (!enough || (title.size === 1 && (shared[0] ?? '').length < MIN_ONLY_WORD)) return [];
  const score = Math.round((SCORES.words * shared.length) / (title.size + 1));
  const named = shared.map((word) => quote(title.get(word) ?? word)).join(', ');
  return [{ score, words: `${shared.length === 1 ? 'word' : 'words'} ${named} in title` }];
}

const wholeWord = (name: string): RegExp => new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`);

const newestOf = (history: readonly Past[], fits: (past: Past) => boolean): Past | undefined =>
  history.filter(fits).sort((a, b) => b.at - a.at)[0];

const quote = (name: string): string =>
  `“${name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name}”`;

function whyNone(page: { title: string; service: string | null }, looked: number): string {
  const alert = alertNameOf(page.title);
  const names = [
    ...(alert ? [`the alert name ${quote(alert)}`] : ['enough words of the page']),
    ...(page.service ? [`the service ${quote(page.service)}`] : []),
  ].join(' or ');
  const which =
    looked === 1 ? 'the one saved runbook does not have' : `none of the ${looked} saved runbooks has`;
  return `No match, because ${which} ${names} in its title, and none was started for it before.`;
}
