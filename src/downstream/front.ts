import type { Clock } from '../core/clock.ts';
import type { ExchangeHandler } from '../core/exchange-handler.ts';
import type { RequestIds } from '../core/request-ids.ts';
import type { ClientTimeouts, LimitSettings } from '../core/settings.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { TlsPolicy } from '../tls/tls-policy.ts';
import type { Deadlines } from '../transport/deadlines.ts';

/** What every listener and session of a server shares. The last four change with each snapshot. */
export interface Front {
  readonly handler: ExchangeHandler;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly ids: RequestIds;
  /** Drivers of all open connections. */
  readonly drivers: Set<Driver>;
  limits: LimitSettings;
  timeouts: ClientTimeouts;
  tls: TlsPolicy | undefined;
  draining: boolean;
}

/** The one who holds a connection at a given time: handshake, HTTP/1 loop, … */
export interface Driver {
  /** Take nothing new; close as soon as what is in flight is done. */
  drain(): void;
  /** Close now. */
  destroy(): void;
}
