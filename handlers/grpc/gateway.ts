import { randomBytes } from 'node:crypto';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import {
  AgentGatewayService,
  type EnrolReply,
  type EnrolRequest,
} from '../../src/protocol/generated/agent.ts';
import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import { enrol } from './enrol.ts';
import type { GatewayPorts } from './ports.ts';
import { type Serving, serve } from './serve.ts';
import type { Session, WorkStream } from './session.ts';
import type { TlsPair } from './tls.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly tls: TlsPair;
  readonly ports: GatewayPorts;
  readonly logger: Logger;
}

export interface Gateway {
  readonly port: number;
  /** Tells every connected agent of the tenant to stop taking work, ahead of every queue and look. */
  broadcastPause(tenantId: TenantId, epoch: number): void;
  /** Ends every stream and frees the port. */
  close(): Promise<void>;
}

/** Notifications may be lost: every session looks for itself this often. */
const LOOK_EVERY_MS = 1000;
/** Larger than a report (512 KiB) with its frame, and nothing more. */
const MAX_MESSAGE_BYTES = 600 * 1024;

/** Server settings by name in grpc-js. A silent peer is found within 30 s (20 s interval, 10 s timeout). */
const SERVER_OPTIONS = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.http2.min_ping_interval_without_data_ms': 5000,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 8,
} as const;

/** Starts the place agents call: gRPC over TLS. Rejects when the port cannot be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { ports, logger } = options;
  const sessions = new Map<AgentId, Session>();
  const shared: Serving = { sessions, ports, logger, bytes: randomBytes, after };
  const serving = new Set<Promise<void>>();
  const server = new Server(SERVER_OPTIONS);
  server.addService(AgentGatewayService, {
    enrol: (call: ServerUnaryCall<EnrolRequest, EnrolReply>, reply: sendUnaryData<EnrolReply>) =>
      void enrol(call.request, ports, logger).then((answer) => reply(answer.error, answer.value)),
    work: (stream: WorkStream) => {
      const served: Promise<void> = serve(stream, shared).finally(() => serving.delete(served));
      serving.add(served);
    },
  });
  const port = await bind(server, options);
  const stopListening = ports.onChange((tenantId) => lookAt(sessions, tenantId));
  const looks = setInterval(() => lookAt(sessions, null), LOOK_EVERY_MS);
  return {
    port,
    broadcastPause(tenantId, epoch) {
      for (const session of sessions.values()) if (session.agent.tenantId === tenantId) session.pause(epoch);
    },
    async close() {
      clearInterval(looks);
      stopListening();
      server.forceShutdown();
      await Promise.all(serving);
    },
  };
}

function bind(server: Server, { host, port, tls }: GatewayOptions): Promise<number> {
  const pair = { private_key: Buffer.from(tls.keyPem), cert_chain: Buffer.from(tls.certPem) };
  const credentials = ServerCredentials.createSsl(null, [pair], false);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}

function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
}

function lookAt(sessions: ReadonlyMap<AgentId, Session>, tenantId: TenantId | null): void {
  for (const session of sessions.values()) {
    if (tenantId === null || session.agent.tenantId === tenantId) session.look();
  }
}
