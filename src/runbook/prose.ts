import { cut } from './cut.ts';
import type { StepKind } from './runbook.ts';

/** What the words of a runbook say about a step. Everything here reads English prose by bounded patterns. */

const WARNING =
  /^\W{0,12}(?:(?:warning|caution|danger|important|attention|nb|notice|note)(?:\/\w{1,12})?[*_`\s]{0,4}[:!]|note(?:,| that\b)|be (?:very )?careful\b|!!! ?(?:warning|danger|note|important|caution)\b)|^\W{0,12}[*_]{1,2}(?:warning|caution|danger|important|note|notice|attention)\b/i;
const SHOUTED = /^\W{0,12}(?:WARNING|CAUTION|DANGER|IMPORTANT|ATTENTION|NOTE|NB)\b/;
const RISKY =
  /\b(?:DO NOT|never|cannot be undone|can ?not be reversed|irreversibl[ey]|permanently|destructive|data loss|use with care|careful|causing an outage|leading to a .{0,20}outage|extremely hazardous|will be (?:lost|deleted|terminated|disrupted))\b|^do not\b|⚠/;
const CONDITION =
  /^\(?(?:if|when|whenever|once|in case|in the case|unless|otherwise|alternatively|else|should (?:a|an|the|you|this|it|any)|for clusters|on (?:prod|staging|production)|failing that|as a last resort|optional(?:ly)?|option \w{1,3})\b/i;
const VERIFY =
  /^(?:(?:now|then|finally|and finally|next|also|first|you can(?: also)?|you easily can|again)[, ]+)*(?:check|verify|confirm|validate|ensure|make sure|assert|re-?check|double.?check|prove|test that|test whether)\b|\b(?:should (?:show|report|return|output|print|see|be|say)|verification)\b/i;
const WAIT =
  /^(?:then\s+|now\s+|finally\s+)?(?:wait|allow (?:up to )?\w+ (?:minutes|hours|seconds)|repeat until|pause)\b/i;
const EXPECTED =
  /\b(?:(?:should|must|will)(?: now| then| also| all| both)? (?:show|report|return|output|print|see|be|say|list|display|read|go|go down|drop|look|contain|have|start|succeed|finish|complete)\b|(?:is|are) expected\b|expected (?:output|result|value)|prints? nothing|there is no output|no output means|returns? nothing|looks? like this)/i;
const DECISION = /\?\s*$|^(?:decide|choose|pick|determine (?:if|whether))\b/i;
const ROLLBACK = /\b(?:roll(?:ing)?[- ]?back|revert(?:ing)?|back(?:ing)? out|backout|undo(?:ing)?)\b/i;
const PREREQUISITE =
  /\b(?:prerequisites?|pre-?requisites?|requirements?|before you (?:begin|start)|pre-?flight|what you(?:'ll| will)? need|you will need|pre-maintenance)\b/i;
const BACKGROUND =
  /^\W*(?:overview|background|meaning|impact|symptoms?|description|contents|table of contents|introduction|about|when to use|when not to use|purpose|summary|prevention|references?|further reading|see also|related|notes?|history|changelog|what (?:is|happens|happened)|full context|how (?:it|this) works|architecture|contacts?|owner|metadata|first and foremost|glossary|links|resources|additional (?:information|resources)|pitfalls|data structure)\b/i;
const LABEL =
  /^(?:prerequisites?|requirements|before you (?:begin|start)|steps?|procedure|diagnosis|mitigation|resolution|fix|verification|verify|rollback|roll back|clean ?up|escalation|notes?|overview|background|when to use(?: this)?)\s*:?$/i;
const OUTPUT =
  /(?:\b(?:(?:example|sample|expected|typical|resulting) (?:\w+ )?outputs?|outputs? (?:looks?|should|will|is|when|starting|would)\b.*|example (?:response|log))\b[^.]{0,120}|^(?:the )?outputs?|\b(?:into|encounter|see|get|receive|hit|with) the following (?:errors?|issues?|messages?)):?\s*$/i;
/** A paragraph about the output that follows it. */
const ABOUT_OUTPUT = /^(?:the |here is |below is |following |an? )*(?:example|sample|expected) outputs?\b/i;
const SAMPLE =
  /\b(?:looks? (?:like|similar)(?: this)?|similar to(?: this| the following)?|examples?|samples?|outputs?|(?:will|should|would) (?:then )?(?:see|look|return|show|print|output|log|report|be similar|display)|returns?|logs? (?:messages?|entries|entry|the following)|following (?:message|error|output|log)s?|error (?:message|looks)|response)\b[^.]{0,120}:?\s*$|\b(?:it|this|that) (?:prints|shows|displays|yields|reports|gives|says)\b[^.]{0,120}:\s*$/i;
/** What programs print is said to follow. */
const PRINTED = /\bfollowing (?:errors?|issues?|messages?|outputs?|logs?)\b/i;
const SAVE =
  /\b(?:save|write|put|add|paste|append|create|edit|update)\b[^.]{0,120}(?:\b(?:file|script|manifest|playbook|config\w*|values|section|spec)\b|\w\.\w{2,5}\b|(?:[~/]|\s\.)\w).{0,80}$/i;
const TOLD = /\b(?:(?:re-?)?run(?! into\b)|running|execut(?:e|ing)|commands?|type|enter|issue|invoke)\b/i;
const IMPERATIVE =
  /^(?:\(?optional(?:ly)?\)?[,:]?\s+|please\s+|then,?\s+|next,?\s+|now,?\s+|finally,?\s+|first,?\s+|and\s+|also\s+|manually\s+|again,?\s+)*(?:acknowledge|add|adjust|alert|allow|analyse|analyze|announce|apply|approve|archive|ask|assign|attach|authenticate|backup|back up|become|bind|bring|build|calculate|call|cancel|capture|change|check|choose|clean|clear|click|clone|close|collect|comment|commit|compare|complete|configure|confirm|connect|contact|copy|cordon|create|cut|decide|delete|demote|deploy|destroy|detach|detect|determine|disable|disconnect|document|download|drain|dump|edit|empty|enable|ensure|enter|escalate|evict|examine|execute|expand|export|extend|extract|fail ?over|fetch|file|fill|filter|find|fix|flush|follow|force|generate|get|give|go|grant|identify|import|increase|inform|initiate|insert|inspect|install|investigate|invite|isolate|join|kill|launch|leave|let|list|locate|lock|log(?: ?(?:in|into|on|out))?|look|make|mark|merge|migrate|modify|monitor|mount|move|mute|navigate|note|notify|obtain|open|page|pause|perform|pick|ping|place|post|prepare|press|proceed|promote|provide|prune|publish|pull|purge|push|put|quit|raise|reach|read|reassign|rebalance|reboot|rebuild|reconnect|record|recover|recreate|redeploy|redirect|reduce|refer|refresh|register|reinstall|rejoin|reload|remove|rename|reopen|repeat|replace|report|request|re-?run|reschedule|reset|resize|resolve|restart|restore|resume|resync|retrieve|retry|revert|review|revoke|rewind|roll|rotate|run|save|scale|scan|schedule|search|select|send|set|shut ?down|sign|silence|skip|snapshot|source|specify|ssh|start|stop|submit|suspend|swap|switch|taint|take|talk|tell|terminate|test|throttle|toggle|trigger|trim|truncate|try|turn|type|unblock|uncordon|undo|uninstall|unlock|unmount|unseal|unset|unzip|update|upgrade|upload|use|validate|verify|view|visit|wait|warn|watch|wipe|work|write)\b/i;

/** Markdown and Slack emphasis, links, code ticks and task boxes gone; one line; at most 400 units. */
export function plainWords(text: string): string {
  const bare = cut(text, 4000)
    .replace(/<!--[\s\S]*?-->|<br\s?\/?>/gi, ' ')
    .replace(/!?\[([^\][]{0,300})\]\([^()\s]{0,500}\)/g, '$1')
    .replace(/^\s*\[[ xX]\]\s+/, '')
    .replace(/(\*\*|__)(?=\S)([^\n]{1,500}?)\1/g, '$2')
    .replace(/(^|\s)\*(\S[^*\n]{0,300})\*(?=[\s.,:;]|$)/g, '$1$2')
    .replace(/(^|[\s(])_(\S[^_\n]{0,300}\S)_(?=[\s.,:;!?)]|$)/g, '$1$2')
    .replace(/^\s*#+\s+/, '')
    .replace(/`+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return bare.length > 400 ? `${cut(bare, 399)}…` : bare;
}

/** The sentences of a text of plain words, each with its end mark. */
export function sentences(text: string): string[] {
  return text.split(/(?<=[.!?:])\s+(?=[A-Z"'(0-9])/).filter((sentence) => sentence.trim() !== '');
}

/** A line that is only the name of a section: `Rollback:`, `Before you begin`. */
export const isLabel = (text: string): boolean => text.length < 60 && LABEL.test(text);
/** A sentence that cautions: marked as a warning, or telling of loss, danger or a ban. */
export const isWarning = (text: string): boolean => hasWarningMark(text) || RISKY.test(text);
/** A text that begins with `Warning:`, `**Note**`, `!!! danger` and the like. */
export const hasWarningMark = (text: string): boolean => WARNING.test(text) || SHOUTED.test(text);
/** A sentence that says what should come of a step. */
export const tellsExpectation = (text: string): boolean =>
  EXPECTED.test(text) && text.split(/\s+/).length > 4;
/** A sentence that says what the reader has to have: `You need: …`. */
export const tellsNeed = (text: string): boolean =>
  /^(?:you(?:'ll| will)? need|(?:this|it) requires|requires?|required|prerequisites?)\b[^.]{0,20}:\s/i.test(
    text,
  );
/** A heading or sentence about undoing earlier steps. */
export const isRollback = (text: string): boolean => ROLLBACK.test(text);
/** A heading over what must be in place before the first step. */
export const isPrerequisiteHeading = (text: string): boolean => PREREQUISITE.test(text);
/** A heading over explanations rather than things to do. */
export const isBackgroundHeading = (text: string): boolean => BACKGROUND.test(text);
/** A sentence that begins with a verb telling the reader to act. */
export const isImperative = (text: string): boolean => IMPERATIVE.test(text);
/** `Replace <pod> with …`, `Replace web-1 with …`: says what to write into a command, and is nothing to do by itself. */
export const explainsSample = (text: string): boolean =>
  /^[Rr]eplace (?:the )?(?:<[^<>]{1,80}>|\[[^\][]{1,80}\]|\{{1,2}[^{}]{1,80}\}{1,2}|\$\{?\w{1,80}\}?|[\w.@]{0,80}[\d_-][\w.@-]{0,80}|[A-Z][A-Z0-9_]{1,80})(?: and \S{1,80})?(?: (?:address|value|string|text))? (?:with|by)\b/.test(
    text,
  );
/** A text that begins with a condition: `If …`, `Otherwise`, `Option 2`. */
export const isConditional = (text: string): boolean => CONDITION.test(text);
/** The end of a text without its asides: what it says of the block that follows. */
const endOf = (text: string): string => text.slice(-300).replace(/\([^()]{0,200}\)/g, '');
/** The end of a text that announces output of a program. */
export const expectsOutput = (text: string): boolean => OUTPUT.test(endOf(text)) || ABOUT_OUTPUT.test(text);
/** `Example:`, `looks like:` or `should report:` may introduce a command as well as what it prints. */
export const expectsSample = (text: string): boolean =>
  SAMPLE.test(endOf(text)) || (PRINTED.test(text) && !tellsToRun(text));
/** The end of a text that tells the reader to put what follows into a file. */
export const tellsToSave = (text: string): boolean => SAVE.test(text.slice(-300));
/** A sentence about all the code of the page: `All code below is for the Rails console`. */
export const speaksOfAllCode = (text: string): boolean =>
  /\b(?:all|every|each)\b[^.]{0,40}\b(?:code|commands?|snippets?|statements?|queries)\b/i.test(text);
/** A heading over commands and nothing else: `Configuration commands`. */
export const namesCommands = (heading: string): boolean => /\bcommands\W*$/i.test(heading);
/** The end of a text that tells the reader to run something. */
export const tellsToRun = (text: string): boolean => TOLD.test(text.slice(-300));

/** The condition a sentence begins with, in the author's words: up to its comma, `then` or colon; or null. */
export function conditionOf(text: string): string | null {
  if (!CONDITION.test(text)) return null;
  const bare = text.replace(/^\(/, '');
  const alone =
    /^(?:otherwise|alternatively|else|optional(?:ly)?|option \w{1,3}|failing that|as a last resort)\b/i.exec(
      bare,
    );
  if (alone) return alone[0];
  const end = endOfCondition(bare);
  return cut((end > 0 ? bare.slice(0, end) : bare).replace(/[.:;,]+$/, ''), 300);
}

/** Where a condition ends: at its comma or `then`, at a colon with an order behind it, or before the order. */
function endOfCondition(text: string): number {
  const comma = text.search(/,\s|\sthen\s|\s(?:you|we) (?:can|may|should|need|must|could)\b/);
  const colon = text.search(/:(?:\s|$)/);
  if (colon > 0 && (comma < 0 || (colon < comma && IMPERATIVE.test(text.slice(colon + 1).trim()))))
    return colon;
  return comma > 0 ? comma : text.search(/\s(?:run|use|execute|try|do|go|call|restart|check|see)\s/);
}

/** The condition that the last sentence of a text states, or else its first, or null. */
export function conditionAround(text: string): string | null {
  const parts = sentences(text);
  for (const part of [parts.at(-1), parts[0]]) {
    const own = part ? conditionOf(part) : null;
    if (own) return own;
  }
  return null;
}

/** True when a text begins by telling its reader to do something, at once or under a condition. */
export function asksForAction(text: string, inItem: boolean): boolean {
  const [sentence = ''] = sentences(withoutNumber(text));
  const first = sentence.replace(/^(?:otherwise|alternatively|else|if not|if so),?\s+/i, '');
  if (isImperative(first)) return !first.endsWith(':') || inItem;
  const [condition, ...rest] = first.split(/,\s+/);
  return (
    isConditional(condition ?? '') &&
    rest.some((part) => isImperative(part.replace(/^you (?:can|should|must|need to|may)\s+/, '')))
  );
}

/** The words of a step without the number in front: `Step 2.`, `3)`. */
export function withoutNumber(text: string): string {
  return text.replace(/^(?:step\s+)?\d{1,3}\s*[.):-]\s+|^step\s+\d{1,3}\s+/i, '');
}

/** The kind of a step by its words and by whether it has commands. */
export function kindOf(description: string, hasCommands: boolean): StepKind {
  if (hasCommands) return VERIFY.test(description) ? 'verify' : 'command';
  const doing = description.replace(/^\(?(?:if|when|once)\b[^,]{0,300},\s*/i, '');
  if (WAIT.test(doing)) return 'wait';
  if (DECISION.test(doing)) return 'decision';
  return VERIFY.test(doing) ? 'verify' : 'manual';
}
