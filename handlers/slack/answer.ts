import type { Refusal } from '../../src/audit/subject.ts';
import { type UserId, userId } from '../../src/protocol/ids.ts';
import type { SlackDeps } from './deps.ts';

/** Who asked and where, so that a late answer finds them. */
export interface Asker {
  readonly user: UserId;
  readonly channel: string;
  readonly threadTs?: string;
}

export type Refused = { readonly ok: false; readonly refusal: Refusal };
export type Answer = { readonly ok: true } | Refused;

/** A button that somebody pressed: what it carries, and the right to open a form. */
export interface Press {
  readonly asker: Asker;
  readonly value: string;
  readonly trigger: string;
}

/** What a button does. */
export type OnPress = (deps: SlackDeps, press: Press) => Promise<Answer>;

/**
 * Does the work after the acknowledgement and tells the person when it was refused or broke. What went well needs no
 * words: the message they pressed changes.
 */
export async function afterAck(deps: SlackDeps, asker: Asker, work: () => Promise<Answer>): Promise<void> {
  const sentence = await outcome(deps, asker, work);
  if (sentence) await whisper(deps, asker, sentence);
}

/** As `afterAck`, but gives the sentence back, for answers that travel in the acknowledgement. Null when all went well. */
export async function outcome(
  deps: SlackDeps,
  asker: Asker,
  work: () => Promise<Answer>,
): Promise<string | null> {
  try {
    const answer = await work();
    return answer.ok ? null : answer.refusal.sentence;
  } catch (err) {
    const reference = deps.newId();
    deps.logger.error({ err, reference, user: asker.user }, 'a request from Slack failed');
    return `That may not have worked, because of a fault on our side. Look at what the message shows now before you try again; if it stays, tell an operator this reference: ${reference}.`;
  }
}

/** A line for one person. When Slack cannot deliver it there is nobody left to tell, so it is logged. */
export async function whisper(
  deps: SlackDeps,
  { user, channel, threadTs }: Asker,
  text: string,
): Promise<void> {
  await deps.slack
    .whisper(channel, userId(user), text, threadTs)
    .catch((err: unknown) => deps.logger.warn({ err, user, channel }, 'a person could not be told'));
}
