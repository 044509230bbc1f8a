import { decodeSigned, type Envelope, execSha256, openSigned } from '../src/protocol/index.ts';
import { CLOCK_SKEW_MS } from './clock.ts';
import type { AgentState } from './state.ts';

/** What a declaration is judged by. */
export interface DeclarationCase {
  readonly envelope: Envelope;
  readonly state: Pick<AgentState, 'trust' | 'policy'>;
  readonly now: number;
}

export type Declared =
  | { readonly ok: true; readonly names: ReadonlySet<string> }
  | { readonly ok: false; readonly sentence: string };

/**
 * The programs that this envelope's tenant has declared read-only and that count on this host: none without a
 * declaration, and none that the host's policy does not take. One that cannot be believed, or is for another attempt or
 * command, refuses the envelope.
 */
export function openDeclarations({ envelope, state, now }: DeclarationCase): Declared {
  const names = new Set<string>();
  for (const encoded of envelope.authority.declarations) {
    const { approve } = state.trust;
    const opened = openSigned('declaration', decodeSigned(encoded), (keyId) => approve.get(keyId));
    if (!opened.ok)
      return refuse(`A declaration of read-only programs cannot be believed. ${opened.sentence}`);
    const { record } = opened;
    const same =
      record.tenant_id === envelope.tenant_id &&
      record.agent_id === envelope.agent_id &&
      record.agent_epoch === envelope.agent_epoch &&
      record.run_id === envelope.run_id &&
      record.step_id === envelope.step_id &&
      record.attempt === envelope.attempt &&
      record.exec_sha256 === execSha256(envelope.exec);
    if (!same)
      return refuse(
        'A declaration of read-only programs is for another workspace, agent, run, step, attempt or command.',
      );
    if (now < record.iat - CLOCK_SKEW_MS || now > record.exp + CLOCK_SKEW_MS)
      return refuse(
        'A declaration of read-only programs has expired or is not valid yet by the clock of this host.',
      );
    if (state.policy.declared_programs === 'refuse') continue;
    for (const { name, forced } of record.programs)
      if (forced === '' || state.policy.allow_solo) names.add(name);
  }
  return { ok: true, names };
}

function refuse(sentence: string): Declared {
  return { ok: false, sentence };
}
