import type { Clock } from '../../src/core/clock.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import type { ExchangeHandler } from '../../src/core/exchange-handler.ts';
import { RequestIds } from '../../src/core/request-ids.ts';
import type { Session } from '../../src/core/session.ts';
import type { RawStream } from '../../src/core/stream.ts';
import { noTelemetry } from '../../src/core/telemetry.ts';
import { Drivers, type Front } from '../../src/downstream/front.ts';
import { TlsChallenges } from '../../src/tls/tls-challenges.ts';
import { Deadlines } from '../../src/transport/deadlines.ts';

/** A clock that moves when told. */
export class ManualClock implements Clock {
  time = 1000;

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }
}

/** What downstream needs of the rest of the house, with a clock by hand and a handler that keeps what it is brought. */
export class FakeFront implements Front, ExchangeHandler {
  readonly clock: ManualClock = new ManualClock();
  readonly telemetry: typeof noTelemetry = noTelemetry;
  readonly ids: RequestIds = new RequestIds('test');
  readonly drivers: Drivers = new Drivers();
  readonly faults: unknown[] = [];
  readonly deadlines: Deadlines = new Deadlines(this.clock, (error) => this.faults.push(error));
  readonly tlsChallenges: TlsChallenges = new TlsChallenges();
  readonly handler: ExchangeHandler = this;
  limits: Front['limits'] = {
    headBytes: 65_536,
    lineBytes: 16_384,
    headers: 200,
    maxBodyBytes: undefined,
    conditionBodyBytes: 65_536,
  };
  http2: Front['http2'] = {
    maxStreams: 128,
    streamWindowBytes: 262_144,
    connectionWindowBytes: 2_097_152,
    glitches: 1000,
  };
  timeouts: Front['timeouts'] = {
    clientHeaderMs: 10_000,
    clientIdleMs: 60_000,
    clientBodyMs: 30_000,
    clientWriteMs: 60_000,
  };
  tls: Front['tls'] = undefined;
  draining = false;

  readonly exchanges: Exchange[] = [];
  readonly abandonedExchanges: Exchange[] = [];
  readonly streams: RawStream[] = [];
  readonly refusedSessions: Session[] = [];
  readonly closedSessions: Session[] = [];
  /** What `accepted` answers. */
  accepts = true;

  readonly internalError = (error: unknown): void => {
    this.faults.push(error);
  };

  /** Lets time pass, as the wheel's timer sees it pass. */
  pass(ms: number): void {
    for (const end = this.clock.time + ms; this.clock.time < end; ) {
      this.clock.time += Math.min(50, end - this.clock.time);
      this.deadlines.advance();
    }
  }

  accepted(): { kind: 'continue' | 'close' } {
    return { kind: this.accepts ? 'continue' : 'close' };
  }

  secured(): { kind: 'continue' } {
    return { kind: 'continue' };
  }

  received(exchange: Exchange): void {
    this.exchanges.push(exchange);
  }

  abandoned(exchange: Exchange): void {
    this.abandonedExchanges.push(exchange);
  }

  streamed(stream: RawStream): void {
    this.streams.push(stream);
  }

  refused(session: Session): void {
    this.refusedSessions.push(session);
  }

  closed(session: Session): void {
    this.closedSessions.push(session);
  }
}
