import type { Server as NetServer } from 'node:net';
import type { Logger } from '../core/logger.ts';
import type { BoundListener } from '../core/server.ts';
import type { ListenerSettings } from '../core/settings.ts';
import type { Front } from './front.ts';
import { Listener, type TakenSettings } from './listener.ts';

interface Open {
  readonly listener: Listener;
  readonly bound: BoundListener;
}

/** What a server listens on: the addresses of its configuration, and those that a program has added, which stay whatever is configured. */
export class Listeners {
  readonly #front: Front;
  readonly #logger: Logger;
  readonly #reusePort: boolean;
  readonly #configured: Map<string, Open> = new Map();
  /** By the server that was given, or by the listener. */
  readonly #added: Map<object, Open> = new Map();

  constructor(front: Front, logger: Logger, reusePort: boolean) {
    this.#front = front;
    this.#logger = logger;
    this.#reusePort = reusePort;
  }

  get bound(): BoundListener[] {
    return this.#all.map(({ bound }) => bound);
  }

  /** Opens those of a configuration that are not open yet; all or nothing. */
  async open(wanted: readonly ListenerSettings[]): Promise<void> {
    const opened: string[] = [];
    try {
      for (const [key, settings] of byKey(wanted)) {
        if (this.#configured.has(key)) continue;
        const listener = new Listener(settings, this.#front, this.#logger);
        const bound = await listener.open(this.#reusePort);
        this.#configured.set(key, { listener, bound });
        opened.push(key);
      }
    } catch (error) {
      for (const key of opened) this.#close(key);
      throw error;
    }
  }

  /** One that no configuration closes. */
  async add(settings: ListenerSettings): Promise<BoundListener> {
    const listener = new Listener(settings, this.#front, this.#logger);
    const bound = await listener.open(this.#reusePort);
    this.#added.set(listener, { listener, bound });
    return bound;
  }

  /** The same of a server that listens; it leaves when it is closed by whoever made it. */
  take(server: NetServer, settings: TakenSettings): BoundListener {
    if (this.#added.has(server)) throw new TypeError('the server is served already');
    const open = Listener.taking(server, settings, this.#front, this.#logger);
    this.#added.set(server, open);
    server.once('close', () => this.#added.delete(server));
    return open.bound;
  }

  /** Closes those that a configuration no longer has; the others take their settings from it. */
  closeBut(wanted: readonly ListenerSettings[]): void {
    const kept = byKey(wanted);
    for (const [key, { listener, bound }] of this.#configured) {
      const settings = kept.get(key);
      if (settings === undefined) this.#close(key);
      else {
        listener.settings = settings;
        this.#configured.set(key, { listener, bound: listener.boundTo(bound.port) });
      }
    }
  }

  closeAll(): void {
    this.closeBut([]);
    for (const { listener } of this.#added.values()) listener.close();
    this.#added.clear();
  }

  /** Resolves when the connections that the kernel has completed for them are accepted. */
  async emptied(): Promise<void> {
    await Promise.all(this.#all.map(({ listener }) => listener.emptied()));
  }

  get #all(): Open[] {
    return [...this.#configured.values(), ...this.#added.values()];
  }

  #close(key: string): void {
    this.#configured.get(key)?.listener.close();
    this.#configured.delete(key);
  }
}

/** Listeners by address. Several may have port 0 and get one each: they are told apart by their order. */
function byKey(listeners: readonly ListenerSettings[]): Map<string, ListenerSettings> {
  const keyed = new Map<string, ListenerSettings>();
  for (const settings of listeners) {
    const { host, port } = settings;
    let key = `${host}|${port}`;
    for (let n = 2; keyed.has(key); n++) key = `${host}|${port}|${n}`;
    keyed.set(key, settings);
  }
  return keyed;
}
