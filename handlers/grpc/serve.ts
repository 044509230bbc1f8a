import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { FromAgent, ToAgent } from '../../src/protocol/generated/agent.ts';
import type { AgentId } from '../../src/protocol/ids.ts';
import { greet } from './greet.ts';
import type { GatewayPorts, Hello } from './ports.ts';
import { type ProvenAgent, Session, type WorkStream } from './session.ts';

/** An agent has this long to answer the challenge. */
const HELLO_DEADLINE_MS = 10_000;
const NONCE_BYTES = 32;

/** What all streams of a gateway share. */
export interface Serving {
  /** The newest session of each agent that is connected here. */
  readonly sessions: Map<AgentId, Session>;
  readonly ports: GatewayPorts;
  readonly logger: Logger;
  /** Bytes that nobody can foresee. */
  readonly bytes: (count: number) => Uint8Array;
  /** Calls `action` once after `ms`; the returned function calls it off. */
  readonly after: (ms: number, action: () => void) => () => void;
}

/** Serves one stream to its end. Never rejects: what goes wrong ends the stream with a status and a sentence. */
export async function serve(stream: WorkStream, serving: Serving): Promise<void> {
  const { ports, logger, bytes, after } = serving;
  stream.on('error', (error: Error) =>
    logger.debug({ err: error }, 'A stream of an agent ended with an error.'),
  );
  stream.on('cancelled', () => stream.destroy());
  const cancelDeadline = after(HELLO_DEADLINE_MS, () =>
    end(stream, status.DEADLINE_EXCEEDED, 'No hello in time.'),
  );
  try {
    const messages: AsyncIterator<FromAgent> = stream[Symbol.asyncIterator]();
    const greeting = await greet(stream, messages, bytes(NONCE_BYTES), ports);
    cancelDeadline();
    if (!greeting.ok) {
      logger.warn({ peer: stream.getPeer() }, `An agent was refused. ${greeting.sentence}`);
      return end(stream, status.UNAUTHENTICATED, greeting.sentence);
    }
    await work(stream, messages, greeting.agent, greeting.hello, serving);
  } catch (error) {
    if (!stream.cancelled)
      logger.error({ err: error }, 'A stream of an agent ended early; the agent will come back.');
    end(stream, status.UNAVAILABLE, 'The server could not go on with this stream. Connect again.');
  } finally {
    cancelDeadline();
  }
}

async function work(
  stream: WorkStream,
  messages: AsyncIterator<FromAgent>,
  agent: ProvenAgent,
  hello: Hello,
  { sessions, ports, logger }: Serving,
): Promise<void> {
  const { agentId } = agent;
  const connecting = await ports.connect(agentId, hello);
  if (!connecting.ok) {
    logger.error({ agentId, peer: stream.getPeer() }, connecting.sentence);
    return end(stream, status.FAILED_PRECONDITION, connecting.sentence);
  }
  const { leaseEpoch } = connecting.connection;
  const line = {
    get isOpen() {
      return stream.writable && !stream.destroyed;
    },
    send: (message: ToAgent) => stream.write(message),
    end: (code: status, details: string) => end(stream, code, details),
  };
  const session = new Session(agent, connecting.connection, line, ports, logger.child({ agentId }));
  // The newest connection counts: the one before may be half open, and would be found dead much later.
  const other = sessions.get(agentId);
  if (other && other.leaseEpoch > leaseEpoch) return session.giveWay();
  other?.giveWay();
  sessions.set(agentId, session);
  try {
    await session.welcome(hello.bundleVersion);
    logger.info(
      { agentId, leaseEpoch, seqMark: hello.seqMark, pausedBecause: hello.pausedBecause },
      'An agent is connected.',
    );
    for (let next = await messages.next(); !next.done; next = await messages.next())
      await session.take(next.value);
    stream.end();
  } finally {
    if (sessions.get(agentId) === session) sessions.delete(agentId);
    await ports.disconnected(agentId, leaseEpoch);
    logger.info({ agentId, leaseEpoch }, 'An agent is gone.');
  }
}

function end(stream: WorkStream, code: status, details: string): void {
  if (!stream.destroyed) stream.emit('error', { code, details });
}
