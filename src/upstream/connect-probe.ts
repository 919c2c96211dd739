import type { Socket } from 'node:net';
import type { AddressSettings } from '../core/settings.ts';
import { ClientTls } from '../tls/client-tls.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { Opening } from './connector.ts';
import { Dial, type DialOwner } from './dial.ts';
import type { ProbeOwner } from './probe-owner.ts';

/** Whether an instance takes a TCP connection; with TLS, whether the handshake succeeds. Nothing is sent on it. */
export class ConnectProbe implements DialOwner<Socket> {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly internalError: (error: unknown) => void;
  readonly #onResult: (ok: boolean) => void;
  readonly #opening: Opening;

  constructor(owner: ProbeOwner, tls: ClientTls | undefined) {
    this.address = owner.address;
    this.deadlines = owner.deadlines;
    this.internalError = owner.internalError;
    this.#onResult = owner.onResult;
    const timeouts = { connectMs: owner.limitMs, responseHeaderMs: owner.limitMs, idleMs: owner.limitMs };
    this.#opening = new Dial<Socket>(this, timeouts, tls, (socket) => socket);
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    this.#opening.cancel();
  }

  connected(socket: Socket): void {
    // Not at once: the last message of the handshake would be lost, and the instance would complain.
    socket.destroySoon();
    this.#onResult(true);
  }

  connectFailed(): void {
    this.#onResult(false);
  }
}

/**
 * For a cluster that has no TLS of its own, because its instances get the TLS of clients passed through: that there is TLS is all that
 * can be asked for, so nobody is verified. `serverName`: whom to ask for; undefined: the instance's host.
 */
export function anyTls(serverName: string | undefined): ClientTls {
  const settings = { ...ANY, serverName };
  unverified ??= new ClientTls(settings);
  return new ClientTls(settings, unverified.context);
}

const ANY = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  verify: false,
  minVersion: '1.2',
  alpn: [],
} as const;

/** Its OpenSSL context serves all, because making one takes milliseconds. */
let unverified: ClientTls | undefined;
