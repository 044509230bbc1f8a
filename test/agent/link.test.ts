import { EventEmitter } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../agent/clock.ts';
import type { Welcome } from '../../agent/core.ts';
import { connectClient, type LineEvents, Link, type LinkOptions } from '../../agent/link.ts';
import { selfSigned } from '../../handlers/grpc/tls.ts';
import {
  AgentGatewayService,
  type Attempt,
  type FromAgent,
  type ToAgent,
} from '../../src/protocol/generated/agent.ts';
import { openSigned, type RecordInput, toBase64url } from '../../src/protocol/index.ts';
import { until } from '../handlers/grpc/memory.ts';
import { outcome } from './play.ts';
import { HandClock } from './rig.ts';
import { agentKey, HASH, leaseWith, M0, publicOf } from './world.ts';

/** A stream whose other end is the test. */
class FakeStream extends EventEmitter {
  readonly written: FromAgent[] = [];
  writable = true;
  writableNeedDrain = false;
  isCancelled = false;

  write(message: FromAgent): boolean {
    this.written.push(message);
    return true;
  }
  end(): void {
    this.writable = false;
  }
  cancel(): void {
    this.isCancelled = true;
  }
  /** The server says this. */
  say(kind: ToAgent['kind']): void {
    this.emit('data', { kind });
  }
  kinds(): string[] {
    return this.written.map(({ kind }) => kind?.$case ?? 'nothing');
  }
}

const hello: RecordInput<'hello'> = {
  v: 1,
  typ: 'hello',
  agentId: 'agent-1',
  tenantId: 'T1',
  agentEpoch: 1,
  nonce: '',
  leaseNonce: '',
  seqMark: 0,
  leaseEpoch: 0,
  bundleVersion: 1,
  journalHead: HASH,
  panicEpoch: 0,
  paused: false,
  pausedBecause: '',
  policySha256: HASH,
  rulesetVersion: '1',
  rulesetSha256: HASH,
  version: '1',
  hostName: 'host-1',
  profiles: [],
};
const signed = leaseWith();
const wireLease = { keyId: signed.keyId, payload: Buffer.from(signed.payload), sig: Buffer.from(signed.sig) };
const challenge = (size = 16): ToAgent['kind'] => ({
  $case: 'challenge',
  value: { nonce: Buffer.alloc(size, 1) },
});
const welcome = (
  open: Attempt[] = [],
  lease: { lease?: typeof wireLease } = { lease: wireLease },
): ToAgent['kind'] => ({
  $case: 'welcome',
  value: { panicEpoch: 3, paused: false, resume: undefined, bundle: undefined, lease: lease.lease, open },
});

/** A link over fake streams, with what it told its agent. */
function linkUp(options: Partial<LinkOptions> = {}) {
  const clock = new HandClock();
  const streams: FakeStream[] = [];
  const told: string[] = [];
  const welcomes: Welcome[] = [];
  let clients = 0;
  let nonces = 0;
  const tell =
    (what: string) =>
    (...said: unknown[]) =>
      void told.push([what, ...said.filter((one) => typeof one !== 'object')].join(' '));
  const events: LineEvents = {
    hello: (nonce, leaseNonce) => ({ ...hello, nonce, leaseNonce }),
    seqMark: () => 7,
    connected: (said) => {
      welcomes.push(said);
      told.push('connected');
    },
    disconnected: tell('disconnected'),
    lease: tell('lease'),
    bundle: tell('bundle'),
    job: tell('job'),
    pause: tell('pause'),
    resume: tell('resume'),
    kill: tell('kill'),
    acked: tell('acked'),
  };
  const link = new Link(
    {
      client: () => {
        clients += 1;
        return {
          work: () => {
            const stream = new FakeStream();
            streams.push(stream);
            return stream;
          },
          close: () => told.push('client closed'),
        } as unknown as ReturnType<LinkOptions['client']>;
      },
      agentId: 'agent-1',
      signer: agentKey,
      clock,
      random: () => 1,
      nonce: () => {
        nonces += 1;
        return toBase64url(new Uint8Array(16).fill(nonces));
      },
      ...options,
    },
    events,
  );
  link.open();
  const last = () => streams.at(-1) ?? new FakeStream();
  return { link, clock, streams, told, welcomes, last, clients: () => clients };
}

const connectedLink = () => {
  const up = linkUp();
  up.last().say(challenge());
  up.last().say(welcome());
  return up;
};

const report = { kind: 'finished', runId: 'run-1', stepId: 's1', attempt: 1, envelopeId: 'e-1', ...outcome };

describe('a line to the server', () => {
  test('answers a challenge with a signed hello over its nonce and a nonce of its own, and is welcome then', () => {
    const { last, welcomes } = linkUp();
    last().say(challenge());
    const said = last().written[0]?.kind;
    const opened = said?.$case === 'hello' && openSigned('hello', said.value, () => publicOf(agentKey));
    const leaseNonce = toBase64url(new Uint8Array(16).fill(1));
    expect(opened).toMatchObject({
      ok: true,
      record: { nonce: toBase64url(Buffer.alloc(16, 1)), leaseNonce },
    });
    last().say(welcome());
    expect(welcomes).toMatchObject([
      { epoch: 3, paused: false, asked: { nonce: leaseNonce, at: M0 }, open: [] },
    ]);
  });

  test('sends nothing but its hello before it is welcome', () => {
    const { link, last } = linkUp();
    link.credit(1);
    link.send(report as Parameters<typeof link.send>[0]);
    expect(last().written).toEqual([]);
  });

  test('asks for the next lease every 3 s, with a fresh nonce and its mark', () => {
    const { clock, last } = connectedLink();
    clock.pass(3_000);
    last().say({ $case: 'lease', value: wireLease });
    clock.pass(3_000);
    const renewals = last().written.filter(({ kind }) => kind?.$case === 'renew');
    expect(renewals.map(({ kind }) => kind?.value)).toEqual([
      { nonce: toBase64url(new Uint8Array(16).fill(2)), seqMark: 7 },
      { nonce: toBase64url(new Uint8Array(16).fill(3)), seqMark: 7 },
    ]);
  });

  test('asks no faster when it is welcomed twice', () => {
    const { clock, last } = connectedLink();
    last().say(welcome());
    clock.pass(3_000);
    expect(last().kinds()).toEqual(['hello', 'renew']);
  });

  test('passes on what the server says, and has no word for what it does not know', () => {
    const { last, told } = connectedLink();
    last().say({ $case: 'lease', value: wireLease });
    last().say({ $case: 'bundle', value: wireLease });
    last().say({ $case: 'job', value: wireLease });
    last().say({ $case: 'ack', value: { envelopeId: 'e-1', kind: 'finished' } });
    last().say({ $case: 'pause', value: { panicEpoch: 4 } });
    last().say({ $case: 'resume', value: wireLease });
    last().say({ $case: 'kill', value: { envelopeId: 'e-1' } });
    last().say(undefined);
    expect(told).toEqual([
      'connected',
      'lease',
      'bundle',
      'job',
      'acked e-1 finished',
      'pause 4',
      'resume',
      'kill e-1',
    ]);
  });

  test('drops output when it is slow, and never a result', () => {
    const { link, last } = connectedLink();
    last().writableNeedDrain = true;
    link.send({ ...report, kind: 'output', tail: 'x', bytes: 1 } as unknown as Parameters<
      typeof link.send
    >[0]);
    link.send(report as Parameters<typeof link.send>[0]);
    link.credit(2);
    expect(last().kinds()).toEqual(['hello', 'report', 'credit']);
    last().writable = false;
    link.credit(1);
    expect(last().written.length).toBe(3);
  });

  test('comes back with growing waits, and soon after it had been welcome', () => {
    const { clock, streams, last } = linkUp();
    const waits = [500, 1_000, 2_000, 2_000, 2_000].map((ms) => {
      const before = streams.length;
      last().emit('error', new Error('refused'));
      clock.pass(ms - 1);
      expect(streams.length).toBe(before);
      clock.pass(1);
      return streams.length - before;
    });
    expect(waits).toEqual([1, 1, 1, 1, 1]);
    last().say(challenge());
    last().say(welcome());
    last().emit('end');
    clock.pass(250);
    expect(streams.length).toBe(7);
  });

  test('hears nothing more of a stream it has lost, and asks nothing more on it', () => {
    const { clock, streams, told } = connectedLink();
    const [first = new FakeStream()] = streams;
    first.emit('error', new Error('cut'));
    first.emit('end');
    first.say({ $case: 'job', value: wireLease });
    clock.pass(250);
    expect(told).toEqual(['connected', 'client closed', 'disconnected cut']);
    expect(first.kinds()).toEqual(['hello']);
  });

  test('is closed for good', () => {
    const { link, clock, streams, last } = connectedLink();
    link.close();
    last().emit('end');
    clock.pass(60_000);
    expect([streams.length, last().writable]).toEqual([1, false]);
  });

  const lost: readonly (readonly [string, (up: ReturnType<typeof linkUp>) => void])[] = [
    ['that is asked to', ({ link }) => link.reopen()],
    ['that is not welcome within 5 s', ({ clock }) => clock.pass(5_000)],
    ['whose challenge is too large', ({ last }) => last().say(challenge(65))],
    ['whose welcome has no lease', ({ last }) => last().say(welcome([], {}))],
    [
      'whose welcome names an attempt that cannot be',
      ({ last }) => last().say(welcome([{ runId: '', stepId: 's1', attempt: 0, envelopeId: 'é' }])),
    ],
  ];
  test.each(lost)('%s is left for a new connection, not only for a new stream', (_, happens) => {
    const up = linkUp();
    happens(up);
    expect(up.streams[0]?.isCancelled).toBe(true);
    expect([up.clients(), up.told.filter((one) => one === 'client closed').length]).toEqual([2, 1]);
    up.link.reopen();
    expect(up.clients()).toBe(2);
    up.clock.pass(500);
    expect(up.streams.length).toBe(2);
    expect(up.welcomes).toEqual([]);
  });

  test('goes over a new connection after the server has ended the stream', () => {
    const up = connectedLink();
    up.last().emit('end');
    up.clock.pass(250);
    expect([up.clients(), up.streams.length]).toEqual([2, 2]);
  });

  test('is left when a lease was not answered by the time the next is due, and not before', () => {
    const up = connectedLink();
    up.clock.pass(5_999);
    expect([up.last().kinds(), up.clients()]).toEqual([['hello', 'renew'], 1]);
    up.clock.pass(1);
    expect(up.told).toEqual(['connected', 'client closed', 'disconnected The server does not answer.']);
    expect([up.last().kinds(), up.last().isCancelled, up.clients()]).toEqual([['hello', 'renew'], true, 2]);
    up.clock.pass(250);
    expect(up.streams.length).toBe(2);
  });
});

describe('a line that is half open', () => {
  test('is left within a second of being given up: the next one goes over a connection of its own', async () => {
    const tls = await selfSigned(['127.0.0.1'], Date.now());
    const greeted: ServerDuplexStream<FromAgent, ToAgent>[] = [];
    const server = new Server();
    server.addService(AgentGatewayService, {
      enrol: () => undefined,
      work: (stream: ServerDuplexStream<FromAgent, ToAgent>) => {
        greeted.push(stream);
        stream.write({ kind: challenge() });
        stream.on('data', () => stream.write({ kind: welcome() }));
      },
    });
    const pair = { private_key: Buffer.from(tls.keyPem), cert_chain: Buffer.from(tls.certPem) };
    const port = await new Promise<number>((done, fail) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound) =>
        error ? fail(error) : done(bound),
      ),
    );
    const hole = await blackHole(port);
    const up = linkUp({
      client: () => connectClient(`127.0.0.1:${hole.port}`, tls.certPem),
      clock: systemClock,
    });
    await until('the first welcome', () => up.welcomes.length === 1);
    hole.swallow();
    up.link.reopen();
    await until('the second welcome', () => up.welcomes.length === 2, 5_000);
    expect(greeted.length).toBe(2);
    up.link.close();
    hole.close();
    server.forceShutdown();
  });
});

/** A way to a port; from `swallow` on the connections that are there stay open and carry nothing. */
async function blackHole(to: number) {
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1');
    for (const socket of [from, onward]) sockets.add(socket.on('error', () => socket.destroy()));
    from.pipe(onward).pipe(from);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    swallow: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
