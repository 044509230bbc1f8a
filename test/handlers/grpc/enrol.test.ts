import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { enrol } from '../../../handlers/grpc/enrol.ts';
import { toBase64url } from '../../../src/protocol/index.ts';
import { agentKey } from '../../agent/world.ts';
import { Memory, silent, TOKEN } from './memory.ts';

const good = { token: TOKEN, publicKey: agentKey.publicKey, hostName: 'host-1' };

describe('enrolment', () => {
  test('binds the key of the agent to a token, once', async () => {
    const memory = new Memory();
    expect(await enrol(good, memory, silent)).toEqual({
      error: null,
      value: { agentId: 'agent-1', tenantId: 'T1', agentEpoch: 1 },
    });
    expect(memory.agents.get('agent-1')?.publicKey).toBe(agentKey.publicKey);
    expect(await enrol(good, memory, silent)).toMatchObject({
      error: { code: status.PERMISSION_DENIED },
      value: null,
    });
  });

  const identityPoint = toBase64url(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0)));
  const malformed = [
    { ...good, token: '' },
    { ...good, token: 'x'.repeat(513) },
    { ...good, hostName: '' },
    { ...good, hostName: 'h'.repeat(254) },
    { ...good, publicKey: '' },
    { ...good, publicKey: '!'.repeat(43) },
    { ...good, publicKey: identityPoint },
  ];
  test.each(malformed)('refuses %j without spending the token', async (request) => {
    const memory = new Memory();
    expect(await enrol(request, memory, silent)).toMatchObject({
      error: { code: status.INVALID_ARGUMENT },
      value: null,
    });
    expect((await enrol(good, memory, silent)).error).toBeNull();
  });

  test('that fails inside tells the agent to try again, and nothing more', async () => {
    const memory = new Memory();
    memory.redeemEnrolment = async () => {
      throw new Error('password of the database is hunter2');
    };
    const answer = await enrol(good, memory, silent);
    expect(answer).toMatchObject({ error: { code: status.UNAVAILABLE }, value: null });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });
});
