import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { EnrolReply, EnrolRequest } from '../../src/protocol/generated/agent.ts';
import { loadVerifyKey } from '../../src/protocol/index.ts';
import type { GatewayPorts } from './ports.ts';

const requestSchema = z.object({
  token: z.string().min(16).max(512),
  publicKey: z.string().length(43),
  hostName: z.string().min(1).max(253),
});

export type EnrolAnswer =
  | { readonly error: null; readonly value: EnrolReply }
  | { readonly error: { readonly code: status; readonly details: string }; readonly value: null };

/** Answers one enrolment. A malformed request and an unusable key are refused before the token is looked at. */
export async function enrol(
  request: EnrolRequest,
  ports: GatewayPorts,
  logger: Logger,
): Promise<EnrolAnswer> {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) return refuse(status.INVALID_ARGUMENT, 'The enrolment request is malformed.');
  const { token, publicKey, hostName } = parsed.data;
  const key = loadVerifyKey(publicKey);
  if (!key.ok) return refuse(status.INVALID_ARGUMENT, key.sentence);
  try {
    const answer = await ports.redeemEnrolment(token, publicKey, hostName);
    if (!answer.ok) {
      logger.warn({ hostName, keyId: key.key.keyId }, `An enrolment was refused. ${answer.sentence}`);
      return refuse(status.PERMISSION_DENIED, answer.sentence);
    }
    const { agentId, tenantId, agentEpoch } = answer;
    logger.info({ agentId, tenantId, agentEpoch, hostName }, 'An agent enrolled.');
    return { error: null, value: { agentId, tenantId, agentEpoch } };
  } catch (error) {
    logger.error({ err: error }, 'An enrolment failed; the agent may try again.');
    return refuse(status.UNAVAILABLE, 'Enrolment is not possible at the moment. Try again.');
  }
}

function refuse(code: status, details: string): EnrolAnswer {
  return { error: { code, details }, value: null };
}
