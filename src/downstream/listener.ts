import type { Buffer } from 'node:buffer';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { CLOSE, type SessionAnswer } from '../core/callback-points.ts';
import type { Logger } from '../core/logger.ts';
import type { PendingSession } from '../core/pending-session.ts';
import type { BoundListener } from '../core/server.ts';
import { Session } from '../core/session.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { unmappedAddress } from '../core/unmapped-address.ts';
import { takeConnections } from '../transport/accept.ts';
import { nextTurn } from '../transport/next-turn.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import { AcceptWait } from './accept-wait.ts';
import type { Front } from './front.ts';
import { PlainOpening } from './plain-opening.ts';
import { ProxyHeaderOpening } from './proxy-header.ts';
import { ProxySenders } from './proxy-senders.ts';
import { StreamSession } from './stream-session.ts';
import { TlsOpening } from './tls-opening.ts';

/** One listening address: accepts connections and opens a session for each. */
export class Listener {
  #settings: ListenerSettings;
  #proxySenders: ProxySenders | undefined;
  readonly #front: Front;
  readonly #logger: Logger;
  /** One; where ports are shared, with more sockets for the same port behind it. */
  readonly #servers: [Server, ...Server[]];
  #acceptedCount = 0;
  /** Of a program, for the sessions to come. */
  #context: unknown = undefined;

  constructor(settings: ListenerSettings, front: Front, logger: Logger, server: Server = newServer()) {
    this.#settings = settings;
    this.#proxySenders = settings.proxyProtocol && new ProxySenders(settings.proxyProtocol);
    this.#front = front;
    this.#logger = logger;
    this.#servers = [server];
  }

  /**
   * The connections of a server that somebody else has made, and that listens; its own listeners for them are no longer called. Throws
   * where it has none that could be taken.
   */
  static taking(server: Server, settings: TakenSettings, front: Front, logger: Logger) {
    if (server instanceof TlsServer)
      throw new TypeError(
        'a server of node:tls has a TLS of its own: give one of node:net, with { tls: true }',
      );
    const address = server.address();
    if (address === null) throw new TypeError('the server does not listen yet: await its "listening" first');
    if (typeof address === 'string')
      throw new TypeError(
        'clients of a UNIX socket have no address that rules could judge: give a TCP server',
      );
    const { address: host, port } = address;
    const text = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const listener = new Listener({ ...settings, host, port, text }, front, logger, server);
    return { listener, bound: listener.#begin(port) };
  }

  get settings(): ListenerSettings {
    return this.#settings;
  }

  /** Those of another snapshot for the same address; they hold for connections from here on. */
  set settings(settings: ListenerSettings) {
    this.#settings = settings;
    this.#proxySenders = settings.proxyProtocol && new ProxySenders(settings.proxyProtocol);
  }

  /**
   * Resolves when connections are taken; rejects with the system's error when the address cannot be had. `reusePort`: several
   * sockets may listen on one port. libuv accepts one connection per socket and turn of the loop, and a turn is long when many
   * clients are busy: who comes anew would wait behind all who came with them, one turn for each.
   */
  async open(reusePort: boolean): Promise<BoundListener> {
    const [first] = this.#servers;
    let { host, port } = this.settings;
    try {
      await listen(first, host, port, reusePort);
    } catch (error) {
      // All interfaces means IPv4 alone where there is no IPv6.
      if (host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error;
      host = '0.0.0.0';
      await listen(first, host, port, reusePort);
    }
    try {
      const address = first.address();
      if (typeof address === 'object' && address !== null) port = address.port;
      while (reusePort && this.#servers.length < SOCKETS) {
        const server = newServer();
        await listen(server, host, port, reusePort);
        this.#servers.push(server);
      }
      return this.#begin(port);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** From here on connections are taken. */
  #begin(port: number): BoundListener {
    const bound = this.boundTo(port);
    this.#context = this.#front.watch?.baseOf(bound);
    for (const server of this.#servers) {
      takeConnections(server, (socket, reader) => {
        try {
          this.#accepted(socket, reader);
        } catch (error) {
          // A fault of ours costs this connection, never the process.
          this.#front.internalError(error);
          socket.destroy();
        }
      });
      server.on('error', (error) =>
        this.#logger.warn({ listener: bound.text, error: error.message }, 'accept failed'),
      );
    }
    return bound;
  }

  /** What is known of it, by its settings of now. */
  boundTo(port: number): BoundListener {
    const { text, host, tls, stream } = this.settings;
    return { text, host, tls, port, ...(stream === undefined ? {} : { stream: stream.cluster }) };
  }

  /**
   * Resolves when the connections that the kernel has completed are accepted, one of each socket in a turn of the loop: it resets those
   * that a listening socket still holds when it is closed.
   */
  async emptied(): Promise<void> {
    // What is left of the turn we are in proves nothing.
    await nextTurn();
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      const before = this.#acceptedCount;
      await nextTurn();
      if (this.#acceptedCount === before) return;
    }
  }

  /** Takes no more connections; those that are open go on. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  #accepted(socket: Socket, reader: SocketReader): void {
    const front = this.#front;
    this.#acceptedCount += 1;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) {
      // Reset before we came to it. What was sent can still be read, but not from whom: no rule about addresses could judge it.
      socket.destroy();
      return;
    }
    const session = new Session({
      id: ++sessionCount,
      listener: this.settings.text,
      remoteAddress: unmappedAddress(remoteAddress),
      remotePort: remotePort ?? 0,
      acceptedAt: front.clock.now(),
      endpoint: socket,
    });
    if (front.watch?.accepted(session, this.#context) === false) {
      socket.destroy();
      return;
    }
    front.telemetry.sessionOpened(session);
    if (this.#proxySenders?.includes(session.remoteAddress)) {
      const next = (bytes: Buffer): void => this.#open(socket, reader, session, bytes);
      new ProxyHeaderOpening(socket, reader, session, front, next);
    } else this.#open(socket, reader, session, undefined);
  }

  /** The client is known; `bytes` have come from it already, and are valid during the call. */
  #open(socket: Socket, reader: SocketReader, session: Session, bytes: Buffer | undefined): void {
    const front = this.#front;
    const { settings } = this;
    // Known before anything is read, and to modules.
    if (settings.stream !== undefined) session.protocol = 'stream';
    const answer = this.#ask(session);
    if (answer.kind === 'pending') wait(socket, reader, session, front, settings, bytes, answer);
    else begin(socket, reader, session, front, settings, bytes, answer.kind === 'continue');
  }

  #ask(session: Session): SessionAnswer | PendingSession {
    try {
      return this.#front.handler.accepted(session);
    } catch (error) {
      // A fault of ours: the session is there already, so its end is told.
      this.#front.internalError(error);
      return CLOSE;
    }
  }
}

/** Gives a connection to its first driver, which closes it where modules do not let it in. */
function begin(
  socket: Socket,
  reader: SocketReader,
  session: Session,
  front: Front,
  { tls, stream }: ListenerSettings,
  bytes: Buffer | undefined,
  mayGoOn: boolean,
): void {
  if (stream !== undefined) {
    const origin = { way: 'listener', serverName: '', target: stream } as const;
    const driver = new StreamSession(socket, reader, session, front, origin);
    if (mayGoOn) driver.begin(bytes);
    else driver.destroy();
    return;
  }
  const opening = new (tls ? TlsOpening : PlainOpening)(socket, reader, session, front);
  if (!mayGoOn) opening.destroy();
  else if (bytes !== undefined && bytes.length > 0) opening.received(bytes, bytes.length);
}

/** A module takes its time. Apart, because what a closure holds on to is made for every call of the function around it. */
function wait(
  socket: Socket,
  reader: SocketReader,
  session: Session,
  front: Front,
  settings: ListenerSettings,
  bytes: Buffer | undefined,
  pending: PendingSession,
): void {
  const next = (kept: Buffer, mayGoOn: boolean): void =>
    begin(socket, reader, session, front, settings, kept, mayGoOn);
  const waiting = new AcceptWait(socket, reader, session, front, pending, settings, next);
  if (bytes !== undefined && bytes.length > 0) waiting.received(bytes, bytes.length);
}

/** What is said of a server that is taken; where it listens it knows. */
export type TakenSettings = Pick<ListenerSettings, 'tls' | 'proxyProtocol'>;

function newServer(): Server {
  return createServer({ allowHalfOpen: true, noDelay: true });
}

function listen(server: Server, host: string, port: number, reusePort: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, reusePort, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Sockets of one process for one port. */
const SOCKETS = 8;

/** Connections that the kernel completes for each of them while we are busy; it cuts this down to its own somaxconn. */
const BACKLOG = 4096;

/** Where connections come without a pause, the queue is never empty. */
const MAX_TURNS = 100;

let sessionCount = 0;
