import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject, type Json, parseJson } from './json.ts';
import { APP_ID } from './people.ts';

/** Slack pings its clients; @slack/socket-mode takes 30 s without a ping for a dead connection. */
const PING_MS = 10_000;
/** A URL of apps.connections.open opens one socket, within half a minute. */
const TICKET_MS = 30_000;
/** The close code of a server that ends (RFC 6455, 7.4.1), and how long it waits for the answer. */
const GOING_AWAY = 1001;
const CLOSE_MS = 1_000;
/** What hello says of a connection's life, in seconds: docs.slack.dev/apis/events-api/using-socket-mode */
const APPROXIMATE_LIFE_S = 18_060;

/** Why Slack asks a client to come back by another socket (same page). */
export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled';

/** What a socket carries to the app, around a payload. */
export interface Envelope {
  readonly type: 'events_api' | 'interactive' | 'slash_commands';
  readonly payload: Json;
  readonly accepts_response_payload: boolean;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
}

/** What became of an envelope: acknowledged, with what the app answered; nobody acknowledged it; or there was no socket. */
export type Receipt =
  | { readonly kind: 'ack'; readonly payload: unknown }
  | { readonly kind: 'silence' }
  | { readonly kind: 'none' };

/** The app's Socket Mode connections, each envelope over one of them in turn. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #now: () => number;
  readonly #changed: () => void;
  readonly #tickets = new Map<string, number>();
  readonly #waiting = new Map<string, { socket: WebSocket; settle: (receipt: Receipt) => void }>();
  #open: WebSocket[] = [];

  /** `now` is in ms since 1970; `changed` is told when a socket opens or closes. */
  constructor(now: () => number, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
  }

  /** How many sockets deliveries may go over. */
  get count(): number {
    return this.#open.length;
  }

  /** The path that opens one socket. */
  ticket(): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, this.#now() + TICKET_MS);
    return `/link/?ticket=${ticket}&app_id=${APP_ID}`;
  }

  /** Makes a socket of an HTTP upgrade request, if its ticket is good; else ends the connection. */
  upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const ticket = searchParams.get('ticket') ?? '';
    const expires = this.#tickets.get(ticket) ?? 0;
    this.#tickets.delete(ticket);
    if (pathname !== '/link/' || this.#now() > expires) {
      duplex.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, duplex, head, (socket) => this.#greet(socket));
  }

  #greet(socket: WebSocket): void {
    const pings = setInterval(() => socket.ping('Ping from the simulator'), PING_MS).unref();
    socket.on('message', (data) => this.#acked(String(data)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(pings);
      this.#leave(socket);
      for (const { socket: one, settle } of [...this.#waiting.values()]) {
        if (one === socket) settle({ kind: 'silence' });
      }
    });
    this.#open.push(socket);
    const debug = { host: 'simulator', approximate_connection_time: APPROXIMATE_LIFE_S };
    const connection = { connection_info: { app_id: APP_ID }, num_connections: this.#open.length };
    socket.send(JSON.stringify({ type: 'hello', ...connection, debug_info: debug }));
    this.#changed();
  }

  #acked(text: string): void {
    const message = parseJson(text);
    if (!isObject(message)) return;
    this.#waiting.get(String(message.envelope_id))?.settle({ kind: 'ack', payload: message.payload ?? {} });
  }

  /** Sends an envelope over the socket whose turn it is, and waits for the acknowledgement until `signal` aborts. */
  send(envelope: Envelope, signal: AbortSignal): Promise<Receipt> {
    const socket = this.#open.shift();
    if (!socket) return Promise.resolve({ kind: 'none' });
    this.#open.push(socket);
    const id = randomUUID();
    return new Promise((resolve) => {
      const silence = () => settle({ kind: 'silence' });
      const settle = (receipt: Receipt): void => {
        this.#waiting.delete(id);
        signal.removeEventListener('abort', silence);
        resolve(receipt);
      };
      this.#waiting.set(id, { socket, settle });
      signal.addEventListener('abort', silence, { once: true });
      if (signal.aborted) silence();
      else socket.send(JSON.stringify({ envelope_id: id, ...envelope }));
    });
  }

  /** Asks every client to come back by another socket. Nothing more is delivered over the old ones. */
  disconnect(reason: DisconnectReason = 'refresh_requested'): void {
    for (const socket of this.#open.splice(0)) {
      socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'simulator' } }));
    }
    this.#changed();
  }

  /** Closes every connection as the protocol says, and by force those that have not answered within a second. */
  close(): void {
    for (const socket of this.#server.clients) socket.close(GOING_AWAY);
    setTimeout(() => this.drop(), CLOSE_MS).unref();
  }

  /** Breaks every connection without a word. */
  drop(): void {
    for (const socket of this.#server.clients) socket.terminate();
  }

  #leave(socket: WebSocket): void {
    this.#open = this.#open.filter((one) => one !== socket);
    this.#changed();
  }
}
