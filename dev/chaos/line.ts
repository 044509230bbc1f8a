/** A way from the agent to a gateway that can be cut between any two frames, or fall silent without a word. */
import { connect, createServer, type Socket } from 'node:net';

export interface CutLine {
  /** Where the agent calls. */
  readonly port: number;
  /** Cuts what is connected after this many more frames have passed, in either direction. */
  cutAfter(frames: number): void;
  /** Forwards nothing for a while, and closes nothing: each side believes that the other is there. */
  silence(ms: number): void;
  close(): Promise<void>;
}

/** The bytes of a TLS record's head; its last two are the length of the rest (RFC 8446, 5.1). */
const HEAD_BYTES = 5;
const HOST = '127.0.0.1';

/** Opens the way to a port of this machine. Every message of either side is a TLS record or a few, so records are frames. */
export async function openLine(target: number): Promise<CutLine> {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let silentUntil = 0;
  const cut = () => {
    left = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    return socket;
  };
  const forward = (from: Socket, to: Socket) => {
    let waiting: Buffer = Buffer.alloc(0);
    const pass = () => {
      const wait = silentUntil - Date.now();
      if (wait > 0) {
        setTimeout(pass, wait).unref();
        return;
      }
      for (let frame = firstRecord(waiting); frame; frame = firstRecord(waiting)) {
        if (left <= 0) return cut();
        left -= 1;
        to.write(frame);
        waiting = waiting.subarray(frame.byteLength);
      }
    };
    from.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      pass();
    });
    from.on('close', () => to.destroy());
  };
  const server = createServer((from) => {
    const to = keep(connect(target, HOST));
    forward(keep(from), to);
    forward(to, from);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cutAfter: (frames) => {
      left = frames;
    },
    silence: (ms) => {
      silentUntil = Date.now() + ms;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** The first whole record of what came, or null while it is not whole. */
function firstRecord(bytes: Buffer): Buffer | null {
  if (bytes.byteLength < HEAD_BYTES) return null;
  const size = HEAD_BYTES + bytes.readUInt16BE(HEAD_BYTES - 2);
  return bytes.byteLength < size ? null : bytes.subarray(0, size);
}
