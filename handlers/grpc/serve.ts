import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { FromAgent } from '../../src/protocol/generated/agent.ts';
import type { AgentId } from '../../src/protocol/ids.ts';
import { greet } from './greet.ts';
import type { GatewayPorts, Hello } from './ports.ts';
import { type ProvenAgent, Session, type WorkStream } from './session.ts';

/** An agent has this long to answer the challenge. */
const HELLO_DEADLINE_MS = 10_000;
const NONCE_BYTES = 32;

/** Serves one stream to its end. Never rejects: what goes wrong ends the stream with a status and a sentence. */
export async function serve(
  stream: WorkStream,
  sessions: Map<AgentId, Session>,
  ports: GatewayPorts,
  logger: Logger,
): Promise<void> {
  stream.on('error', (error: Error) =>
    logger.debug({ err: error }, 'A stream of an agent ended with an error.'),
  );
  stream.on('cancelled', () => stream.destroy());
  const deadline = setTimeout(
    () => end(stream, status.DEADLINE_EXCEEDED, 'No hello in time.'),
    HELLO_DEADLINE_MS,
  );
  try {
    const messages: AsyncIterator<FromAgent> = stream[Symbol.asyncIterator]();
    const greeting = await greet(stream, messages, randomBytes(NONCE_BYTES), ports);
    clearTimeout(deadline);
    if (!greeting.ok) {
      logger.warn({ peer: stream.getPeer() }, `An agent was refused. ${greeting.sentence}`);
      return end(stream, status.UNAUTHENTICATED, greeting.sentence);
    }
    if (sessions.has(greeting.agent.agentId)) {
      const sentence =
        'This agent is already connected. Two programs with one identity: stop one and enrol it again.';
      logger.error({ agentId: greeting.agent.agentId, peer: stream.getPeer() }, sentence);
      return end(stream, status.ALREADY_EXISTS, sentence);
    }
    await work(stream, messages, greeting.agent, greeting.hello, sessions, ports, logger);
  } catch (error) {
    if (!stream.cancelled)
      logger.error({ err: error }, 'A stream of an agent ended early; the agent will come back.');
    end(stream, status.UNAVAILABLE, 'The server could not go on with this stream. Connect again.');
  } finally {
    clearTimeout(deadline);
  }
}

async function work(
  stream: WorkStream,
  messages: AsyncIterator<FromAgent>,
  agent: ProvenAgent,
  hello: Hello,
  sessions: Map<AgentId, Session>,
  ports: GatewayPorts,
  logger: Logger,
): Promise<void> {
  const { agentId } = agent;
  const session = new Session(agent, stream, ports, logger.child({ agentId }));
  sessions.set(agentId, session);
  try {
    await ports.connected(agentId, hello);
    await session.welcome();
    logger.info(
      { agentId, seqMark: hello.seqMark, pausedBecause: hello.pausedBecause },
      'An agent is connected.',
    );
    for (let next = await messages.next(); !next.done; next = await messages.next())
      await session.take(next.value);
    stream.end();
  } finally {
    // Only then may it connect again: its coming must not be overwritten by its going.
    await ports.disconnected(agentId).finally(() => sessions.delete(agentId));
    logger.info({ agentId }, 'An agent is gone.');
  }
}

function end(stream: WorkStream, code: status, details: string): void {
  if (!stream.destroyed) stream.emit('error', { code, details });
}
