import type { Clock } from '../core/clock.ts';
import type { ExchangeHandler } from '../core/exchange-handler.ts';
import type { RequestIds } from '../core/request-ids.ts';
import type { Session } from '../core/session.ts';
import type { ClientTimeouts, Http2Settings, LimitSettings } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { TlsChallenges } from '../tls/tls-challenges.ts';
import type { TlsPolicy } from '../tls/tls-policy.ts';
import type { Deadlines } from '../transport/deadlines.ts';
import type { SessionWatch } from './session-watch.ts';

/** What every listener and session of a server shares. The last five change with each snapshot. */
export interface Front {
  readonly handler: ExchangeHandler;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly ids: RequestIds;
  /** Reports an exception of our own code, which cost a connection. */
  readonly internalError: (error: unknown) => void;
  /** Drivers of all open connections. */
  readonly drivers: Drivers;
  readonly tlsChallenges: TlsChallenges;
  /** Undefined: no program wants to know of sessions. */
  readonly watch?: SessionWatch | undefined;
  limits: LimitSettings;
  http2: Http2Settings;
  timeouts: ClientTimeouts;
  tls: TlsPolicy | undefined;
  draining: boolean;
}

/** All open connections of a server, by who holds them. */
export class Drivers {
  readonly #drivers = new Set<Driver>();
  #onEmpty: (() => void) | undefined = undefined;

  get size(): number {
    return this.#drivers.size;
  }

  add(driver: Driver): void {
    this.#drivers.add(driver);
  }

  delete(driver: Driver): void {
    this.#drivers.delete(driver);
    if (this.#drivers.size === 0) this.#onEmpty?.();
  }

  /** Resolves when none is left; one that hands its connection on does not leave a gap. */
  async emptied(): Promise<void> {
    while (this.#drivers.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
  }

  drain(): void {
    for (const driver of [...this.#drivers]) driver.drain();
  }

  /** Ends them all; returns the sessions on which something was under way. */
  destroy(): Session[] {
    const all = [...this.#drivers];
    const busy = all.filter(({ isBusy }) => isBusy).map(({ session }) => session);
    for (const driver of all) driver.destroy();
    return busy;
  }
}

/** The one who holds a connection at a given time: handshake, HTTP/1 loop, … */
export interface Driver {
  readonly session: Session;
  /** A request is under way, or what has become of one. */
  readonly isBusy: boolean;
  /** Close as soon as what is in flight is done: what has no request may have one on its way, see the two below. */
  drain(): void;
  /** Close now. */
  destroy(): void;
}

/**
 * When a server stops, a connection that has not asked for anything stays this long for its first request, which is on its way:
 * closing at once would lose it, and its client could not know whether it was served. The answer then ends the connection.
 */
export const DRAIN_GRACE_MS = 1000;

/** The same between two requests: only what crosses the stop is worth waiting for. */
export const KEPT_GRACE_MS = 50;
