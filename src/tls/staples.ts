import { createServer, type Server } from 'node:tls';
import type { Staple } from '../core/staple.ts';

/** The OCSP responses that this process may send, by certificate. */
export class Staples {
  readonly #entries = new Map<string, Entry>();

  set({ fingerprint, response, until }: Staple): void {
    if (response === undefined) this.#entries.delete(fingerprint);
    else
      this.#entries.set(fingerprint, {
        response: Buffer.from(response, 'base64'),
        until,
        stapler: undefined,
      });
  }

  /**
   * What a TLSSocket needs as its `server` to send the response to a client that asks for one; undefined: there is nothing to send, and
   * the handshake costs what it always costs. `now` in milliseconds since the epoch.
   *
   * Node asks for the response by an event of the tls.Server that a socket belongs to, and only if it belongs to one. Ours accept their
   * connections themselves, so this server listens to that event and to nothing else. One for each response, because the event does not
   * say whose handshake it is about.
   */
  staplerFor(fingerprint: string, now: number): Server | undefined {
    const entry = this.#entries.get(fingerprint);
    if (entry === undefined || entry.until <= now) return undefined;
    entry.stapler ??= createStapler(entry.response);
    return entry.stapler;
  }
}

interface Entry {
  readonly response: Buffer;
  readonly until: number;
  stapler: Server | undefined;
}

function createStapler(response: Buffer): Server {
  const server = createServer();
  server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, response));
  return server;
}
