/** What OpenSSL wants for session tickets: 16 bytes of name, which each ticket begins with, 16 that authenticate, 16 that encrypt. */
export const TICKET_KEY_BYTES = 48;
/** Octets of a ticket that name its key. */
const NAME_BYTES = 16;
/** The newest, and those before; each costs every certificate in use an OpenSSL context. */
const MAX_TICKET_KEYS = 4;

/**
 * The keys of session tickets of one server: new tickets are encrypted with the first, those of the others are still accepted.
 *
 * OpenSSL as Node has it knows one key per context. So a certificate has a context per key, and the connection is given that of the key
 * which its ticket names. It thereby gets its next ticket under the old key too, and begins with a full handshake when that is gone.
 */
export class TicketKeys {
  #keys: readonly Buffer[];

  /** 48 bytes each. */
  constructor(keys: readonly Buffer[]) {
    this.#keys = checked(keys);
  }

  /** A key that stays keeps its identity, and with it the contexts made for it. */
  replace(keys: readonly Buffer[]): void {
    this.#keys = checked(keys).map((key) => this.#keys.find((known) => known.equals(key)) ?? key);
  }

  has(key: Buffer): boolean {
    return this.#keys.includes(key);
  }

  /** The key that a ticket was encrypted with, or else the first. `ticketName`: what the client's ticket begins with, '' for none. */
  keyFor(ticketName: string): Buffer {
    if (ticketName !== '') {
      for (let i = 1; i < this.#keys.length; i += 1) {
        const key = this.#keys[i]!;
        if (key.toString('latin1', 0, NAME_BYTES) === ticketName) return key;
      }
    }
    return this.#keys[0]!;
  }
}

function checked(keys: readonly Buffer[]): readonly Buffer[] {
  if (
    keys.length === 0 ||
    keys.length > MAX_TICKET_KEYS ||
    keys.some((key) => key.length !== TICKET_KEY_BYTES)
  )
    throw new Error(`session tickets need 1 to ${MAX_TICKET_KEYS} keys of ${TICKET_KEY_BYTES} bytes`);
  return keys;
}
