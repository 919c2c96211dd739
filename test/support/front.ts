import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { basename } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  CallbackPoints,
  FinishedExchange,
  FinishedStream,
  Module,
} from '../../src/core/callback-points.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import type { ClusterFacts, InstanceFacts } from '../../src/core/exchange.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { BoundListener, InstanceStatus, Server } from '../../src/core/server.ts';
import type { Session } from '../../src/core/session.ts';
import type { SessionHooks } from '../../src/core/session-hooks.ts';
import type { Settings } from '../../src/core/settings.ts';
import type { Telemetry } from '../../src/core/telemetry.ts';
import { createServerFromSettings } from '../../src/server.ts';
import { closeClients } from './client.ts';
import { settingsOf } from './configuration.ts';
import { PATIENCE_MS } from './peer.ts';

export interface FrontOptions {
  /** What certificate entries name, by base name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of an embedding program. */
  readonly modules?: readonly Module[];
  /** Further handlers, run before the recording ones. */
  readonly handlers?: Partial<CallbackPoints>;
  /** Of an embedding program, too. */
  readonly hooks?: SessionHooks;
  /** In place of the machine's. */
  readonly clock?: Clock;
}

/** A running server, with everything that it tells its ports. */
export class TestFront {
  server!: Server;
  readonly #files: Readonly<Record<string, string>>;
  listeners: readonly BoundListener[] = [];
  /** In the order of requestFinish. */
  readonly exchanges: FinishedExchange[] = [];
  /** In the order of streamFinish. */
  readonly streams: FinishedStream[] = [];
  /** Requests that never became an exchange. */
  readonly refusals: { readonly id: string; readonly error: ExchangeError | undefined }[] = [];
  /** Sessions in the order of their end. */
  readonly closedSessions: Session[] = [];
  /** Log records of level error: faults of ours. Empty at the end of every test that does not clear it. */
  readonly faults: { readonly fields: object; readonly message: string }[] = [];
  /** Log records of level warn. */
  readonly warnings: { readonly fields: object; readonly message: string }[] = [];
  /** Calls to telemetry about instances: `instanceEjected 127.0.0.1:9001`. */
  readonly instanceEvents: string[] = [];
  /** What became of copies: `answered shadow`. */
  readonly mirrored: string[] = [];
  /** Calls to telemetry by name. */
  readonly counts: Map<keyof Telemetry, number> = new Map();
  readonly #changes: EventEmitter = new EventEmitter().setMaxListeners(0);

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.#files = files;
  }

  settingsFrom(yaml: string): Settings {
    const readFile = (file: string): string => this.#files[basename(file)] ?? assert.fail(`no file ${file}`);
    return settingsOf(yaml, { readFile });
  }

  /** The port of the first listener, or of the one with this text. */
  port(index = 0): number {
    return this.listeners[index]!.port;
  }

  /** Takes over another configuration; certificates come from the same files. */
  async reload(yaml: string): Promise<void> {
    this.listeners = await this.server.reload(this.settingsFrom(yaml));
  }

  /** The instances of a cluster, as the status tells them. */
  instances(cluster = 'web'): readonly InstanceStatus[] {
    return this.server.status().clusters.find(({ name }) => name === cluster)?.instances ?? [];
  }

  count(name: keyof Telemetry): number {
    return this.counts.get(name) ?? 0;
  }

  /** Waits until what the server reports makes `condition` true. */
  async until(condition: () => boolean, what = 'what the test waits for'): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (!condition()) {
      if (signal.aborted) throw new Error(`no sign of ${what}: ${JSON.stringify(this.server.status())}`);
      await once(this.#changes, 'change', { signal }).catch(() => {});
    }
  }

  /** Waits until there is no session and no exchange, and checks that nothing else is left of them. */
  async settled(): Promise<void> {
    await this.until(() => {
      const { sessions, exchanges } = this.server.status();
      return sessions === 0 && exchanges === 0;
    }, 'the end of all sessions');
    this.assertNothingInFlight();
    assert.equal(this.count('sessionOpened'), this.count('sessionClosed'));
    assert.equal(this.count('exchangeStarted'), this.count('exchangeFinished'));
    assert.equal(this.count('exchangeStarted'), this.exchanges.length);
    assert.equal(this.count('streamStarted'), this.count('streamFinished'));
    assert.equal(this.count('streamStarted'), this.streams.length);
  }

  /** No exchange, and none counted at an instance. */
  assertNothingInFlight(): void {
    const { exchanges, clusters } = this.server.status();
    assert.equal(exchanges, 0);
    for (const { instances } of clusters) for (const { inFlight } of instances) assert.equal(inFlight, 0);
  }

  /** Open connections to all instances. */
  get upstreamConnections(): number {
    const { clusters } = this.server.status();
    return clusters
      .flatMap(({ instances }) => instances)
      .reduce((sum, { openConnections }) => sum + openConnections, 0);
  }

  /** The ports a server is built with; what they are told wakes `until` when the call that told it is over. */
  get telemetry(): Telemetry {
    return new Proxy({} as Telemetry, {
      get: (_, name) => (subject?: unknown, detail?: unknown) => {
        const key = name as keyof Telemetry;
        this.counts.set(key, this.count(key) + 1);
        if (typeof subject === 'object' && subject !== null && 'address' in subject)
          this.instanceEvents.push(`${key} ${(subject as InstanceFacts).address.text}`);
        if (key === 'mirrored') this.mirrored.push(`${detail} ${(subject as ClusterFacts).name}`);
        this.changed();
      },
    });
  }

  get logger(): Logger {
    return {
      debug() {},
      info() {},
      warn: (fields, message) => void this.warnings.push({ fields, message }),
      error: (fields, message) => {
        this.faults.push({ fields, message });
        this.changed();
      },
    };
  }

  changed(): void {
    setImmediate(() => this.#changes.emit('change'));
  }
}

/** Starts a server from YAML; it is stopped with the test, and then must not have had a fault of its own. */
export async function startFront(
  test: TestContext,
  yaml: string,
  { files = {}, handlers = {}, modules = [], hooks, clock = systemClock }: FrontOptions = {},
): Promise<TestFront> {
  const front = new TestFront(files);
  front.server = createServerFromSettings(front.settingsFrom(yaml), {
    logger: front.logger,
    telemetry: front.telemetry,
    clock,
    reusePort: false,
    modules,
    hooks,
    accessLog: {
      name: 'recorder',
      handlers: {
        ...handlers,
        requestFinish(exchange) {
          front.exchanges.push(exchange);
          handlers.requestFinish?.(exchange);
        },
        streamFinish(stream) {
          front.streams.push(stream);
          handlers.streamFinish?.(stream);
        },
        finish(session) {
          front.closedSessions.push(session);
          handlers.finish?.(session);
        },
      },
      refused: ({ refusalId, error }) => void front.refusals.push({ id: refusalId, error }),
    },
  });
  test.after(async () => {
    closeClients(test);
    await front.server.stop();
    assert.deepEqual(front.faults, []);
    assert.equal(front.server.status().sessions, 0);
  });
  front.listeners = await front.server.start();
  return front;
}

/**
 * One plain listener; all hosts lead to cluster `web` of these instances. `top` holds further top-level lines, `cluster` further
 * lines of the cluster, both as YAML flow or block text without indentation.
 */
export function plainConfig(addresses: readonly string[], top = '', cluster = ''): string {
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
defaultTenant: shop
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ cluster: web }]
clusters:
  web:
    instances: [${addresses.map((address) => `{ address: "${address}" }`).join(', ')}]
${indent(cluster, 4)}
${top}
`;
}

function indent(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
