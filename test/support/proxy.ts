import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that a test can cut: connections break, new ones are refused, until it is mended. */
export type Proxy = {
  /** The server's URL, by this way. */
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
};

/** Opens a way to the server of `target`, on a port of its own on the loopback address. Cut it in afterAll. */
export async function openProxy(target: string): Promise<Proxy> {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // A way that is cut fails at both ends, as it is meant to.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((from) => {
    const onward = keep(connect(Number(to.port), to.hostname));
    keep(from).pipe(onward).pipe(from);
    from.on('close', () => onward.destroy());
    onward.on('close', () => from.destroy());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    mend: () => listen(port),
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
