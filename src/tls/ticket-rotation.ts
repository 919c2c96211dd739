import { randomBytes } from 'node:crypto';
import type { TicketSettings } from '../core/settings.ts';
import { TICKET_KEY_BYTES } from './ticket-keys.ts';

/**
 * Which keys session tickets have at present: those of a file, or random ones that are replaced now and then, because who learns a key can
 * read every TLS 1.2 connection that was resumed with it. The key before is accepted until the next change.
 */
export class TicketRotation {
  readonly #changed: (keys: readonly Buffer[]) => void;
  #keys: readonly Buffer[];
  #fromFile: readonly string[] | undefined;
  #rotateMs: number;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  /** `changed` is told of every change; of the first keys nobody is. It does not keep the process alive. */
  constructor(settings: TicketSettings, changed: (keys: readonly Buffer[]) => void) {
    this.#changed = changed;
    this.#fromFile = settings.keys;
    this.#keys = settings.keys === undefined ? [randomKey()] : decoded(settings.keys);
    this.#rotateMs = settings.rotateMs;
    this.#schedule();
  }

  /** The first encrypts. */
  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  /** How often the keys were changed. */
  get count(): number {
    return this.#count;
  }

  /** Settings after a reload; keys that need not change stay, and sessions with them. */
  update(settings: TicketSettings): void {
    const before = this.#fromFile;
    this.#fromFile = settings.keys;
    if (settings.keys !== undefined) {
      if (settings.keys.join() !== before?.join()) this.#take(decoded(settings.keys));
    } else if (before !== undefined) {
      this.rotate();
    } else if (settings.rotateMs === this.#rotateMs) {
      return;
    }
    this.#rotateMs = settings.rotateMs;
    this.#schedule();
  }

  rotate(): void {
    this.#take([randomKey(), this.#keys[0]!]);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(keys: readonly Buffer[]): void {
    this.#keys = keys;
    this.#count += 1;
    this.#changed(keys);
  }

  #schedule(): void {
    clearInterval(this.#timer);
    if (this.#fromFile !== undefined) return;
    this.#timer = setInterval(() => this.rotate(), this.#rotateMs);
    this.#timer.unref();
  }
}

function randomKey(): Buffer {
  return randomBytes(TICKET_KEY_BYTES);
}

function decoded(keys: readonly string[]): Buffer[] {
  return keys.map((key) => Buffer.from(key, 'base64'));
}
