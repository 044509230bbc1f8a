import { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import type { EnrolReply } from '../src/protocol/generated/agent.ts';
import { agentId, tenantId } from '../src/protocol/ids.ts';
import {
  decodeSigned,
  encodedSignedSchema,
  loadVerifyKey,
  openTrust,
  type Trust,
  type VerifyKey,
} from '../src/protocol/index.ts';
import { connectClient } from './link.ts';
import type { Identity } from './state.ts';

const address = z.string().regex(/^[^\s/]+:\d{1,5}$/, 'must be host:port');
const pem = z.string().includes('-----BEGIN CERTIFICATE-----');

/** Whose word decides which keys count, and its newest word. */
const trust = { root_key: z.string().length(43), bundle: encodedSignedSchema };

/** What a person carries to the host: where to call, whom to believe, and a token that works once. */
export const inviteSchema = z.strictObject({
  address,
  ca_pem: pem,
  token: z.string().min(16).max(512),
  tenant_id: z.string().min(1),
  ...trust,
});
export type Invite = z.infer<typeof inviteSchema>;

/** What the agent keeps of its enrolment. The root key comes from the invite, never from the server. */
export const enrolmentSchema = z.strictObject({
  address,
  ca_pem: pem,
  agent_id: z.string().min(1),
  tenant_id: z.string().min(1),
  agent_epoch: z.int().nonnegative(),
  ...trust,
});
export type EnrolmentFile = z.infer<typeof enrolmentSchema>;

const DEADLINE_MS = 15_000;

/**
 * Spends the invite's token and binds the public key. Rejects with the server's sentence when it refuses, when the answer is
 * for another tenant than the invite, and, before anything is spent, when the invite's keys cannot be believed.
 */
export async function enrol(
  invite: Invite,
  publicKey: string,
  hostName: string,
  now: number,
): Promise<EnrolmentFile> {
  openPins(invite);
  const client = connectClient(invite.address, invite.ca_pem);
  try {
    const reply = await new Promise<EnrolReply>((resolve, reject) => {
      const request = { token: invite.token, publicKey, hostName };
      const deadline = { deadline: now + DEADLINE_MS };
      client.enrol(request, new Metadata(), deadline, (error, value) =>
        error ? reject(error) : resolve(value),
      );
    });
    if (reply.tenantId !== invite.tenant_id)
      throw new Error('The server enrolled this agent for another tenant.');
    return {
      address: invite.address,
      ca_pem: invite.ca_pem,
      agent_id: reply.agentId,
      tenant_id: reply.tenantId,
      agent_epoch: reply.agentEpoch,
      root_key: invite.root_key,
      bundle: invite.bundle,
    };
  } finally {
    client.close();
  }
}

/** Who the agent is and whom it believes, from what it kept. Throws when a key is unusable or the bundle is not the root's. */
export function openEnrolment(file: EnrolmentFile): {
  readonly identity: Identity;
  readonly root: VerifyKey;
  readonly trust: Trust;
} {
  const identity = {
    agentId: agentId(file.agent_id),
    tenantId: tenantId(file.tenant_id),
    agentEpoch: file.agent_epoch,
  };
  return { identity, ...openPins(file) };
}

function openPins({ root_key, bundle }: Pick<EnrolmentFile, 'root_key' | 'bundle'>) {
  const root = loadVerifyKey(root_key);
  if (!root.ok) throw new Error(root.sentence);
  const opened = openTrust(decodeSigned(bundle), root.key);
  if (!opened.ok) throw new Error(opened.sentence);
  return { root: root.key, trust: opened.trust };
}
