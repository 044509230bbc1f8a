import { once } from 'node:events';
import type { FromAgent } from '../../src/protocol/generated/agent.ts';
import { agentId } from '../../src/protocol/ids.ts';
import { type Hello, loadVerifyKey, openSigned, toBase64url } from '../../src/protocol/index.ts';
import type { GatewayPorts } from './ports.ts';
import type { ProvenAgent, WorkStream } from './session.ts';

/** How the agent names itself before it proves it; only the proof counts. */
export const AGENT_ID_HEADER = 'dd0c-agent-id';

export type Greeting =
  | { readonly ok: true; readonly agent: ProvenAgent; readonly hello: Hello }
  | { readonly ok: false; readonly sentence: string };

/**
 * Challenges the agent with `nonce` and checks its hello: signed by the key of the agent it claims to be, over this
 * nonce, for the tenant and the enrolment the server knows.
 */
export async function greet(
  stream: WorkStream,
  messages: AsyncIterator<FromAgent>,
  nonce: Uint8Array,
  ports: GatewayPorts,
): Promise<Greeting> {
  const claimed = agentId(String(stream.metadata.get(AGENT_ID_HEADER)[0] ?? ''));
  const known = await ports.findAgent(claimed);
  if (known === null) return refuse('This agent is not enrolled here. Enrol it again with a new invite.');
  const loaded = loadVerifyKey(known.publicKey);
  if (!loaded.ok) return refuse(`The key on record for this agent cannot be used. ${loaded.sentence}`);
  const { key } = loaded;
  const challenge = { kind: { $case: 'challenge' as const, value: { nonce: Buffer.from(nonce) } } };
  if (!stream.write(challenge)) await once(stream, 'drain');
  const first = await messages.next();
  if (first.done || first.value.kind?.$case !== 'hello') return refuse('The first message must be a hello.');
  const opened = openSigned('hello', first.value.kind.value, (id) => (id === key.keyId ? key : undefined));
  if (!opened.ok) return refuse(opened.sentence);
  const hello = opened.record;
  if (hello.nonce !== toBase64url(nonce)) return refuse('The hello answers another challenge.');
  if (hello.agentId !== claimed || hello.tenantId !== known.tenantId) {
    return refuse('The hello names another agent or another tenant.');
  }
  if (hello.agentEpoch !== known.agentEpoch) return refuse('This agent has been enrolled again since.');
  return { ok: true, hello, agent: { agentId: claimed, tenantId: known.tenantId, key } };
}

function refuse(sentence: string): Greeting {
  return { ok: false, sentence };
}
