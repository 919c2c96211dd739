import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import type { Settings } from '../../src/core/settings.ts';
import { createAccessLog } from '../../src/modules/access-log/access-log.ts';
import { createServerFromSettings } from '../../src/server.ts';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { Registry } from '../../src/telemetry/registry.ts';
import { settingsOf } from '../support/configuration.ts';

/** To the process of the front end: start, take another configuration, or say how you are. */
export type FrontOrder =
  | { readonly kind: 'configure'; readonly yaml: string; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'sample' };

/** How the process is, after a collection of garbage. */
export interface FrontSample {
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Memory outside the heap: buffers, TLS. */
  readonly externalBytes: number;
  readonly fileDescriptors: number;
  readonly sessions: number;
  readonly exchanges: number;
  readonly inFlight: number;
  readonly upstreamConnections: number;
  /** The wheel of deadlines turns only while it holds some. */
  readonly wheelTurns: boolean;
  /** Configurations ever taken that something still holds on to. */
  readonly configurations: number;
  /** Faults of ours, and warnings. */
  readonly reports: readonly string[];
}

export type FrontAnswer =
  | { readonly kind: 'configured'; readonly ports: readonly number[] }
  | ({ readonly kind: 'sampled' } & FrontSample)
  | { readonly kind: 'failed'; readonly reason: string };

let clockCalls = 0;
const clock: Clock = {
  now() {
    clockCalls += 1;
    return performance.now();
  },
  wall: () => Date.now(),
};
const reports: string[] = [];
const report = (fields: object, message: string): void => {
  if (reports.length < 20) reports.push(`${message} ${JSON.stringify(fields)}`);
};
const taken: WeakRef<Settings>[] = [];
let server: ReturnType<typeof createServerFromSettings> | undefined;

process.on('uncaughtException', (error) => report({ error: error.stack }, 'uncaught'));
process.on('unhandledRejection', (error) => report({ error: String(error) }, 'unhandled'));
process.on('message', (order: FrontOrder) => {
  const failed = (error: unknown): FrontAnswer => ({ kind: 'failed', reason: String(error) });
  void obey(order)
    .catch(failed)
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());

async function obey(order: FrontOrder): Promise<FrontAnswer> {
  if (order.kind === 'sample') return { kind: 'sampled', ...(await sample()) };
  const settings = settingsOf(order.yaml, { readFile: (file) => order.files[basename(file)]! });
  taken.push(new WeakRef(settings));
  const listeners = server === undefined ? await start(settings) : await server.reload(settings);
  return { kind: 'configured', ports: listeners.map(({ port }) => port) };
}

function start(settings: Settings): ReturnType<NonNullable<typeof server>['start']> {
  server = createServerFromSettings(settings, {
    logger: { debug() {}, info() {}, warn: report, error: report },
    telemetry: createTelemetry(new Registry()),
    clock,
    reusePort: false,
    accessLog: createAccessLog({ enabled: true, write() {} }, clock),
  });
  return server.start();
}

async function sample(): Promise<FrontSample> {
  // References that are weak, and memory outside the heap, take more than one collection to go.
  for (let i = 0; i < 4; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const callsBefore = clockCalls;
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { sessions, exchanges, clusters } = server!.status();
  const instances = clusters.flatMap((cluster) => cluster.instances);
  const { heapUsed, rss, external } = process.memoryUsage();
  return {
    heapBytes: heapUsed,
    residentBytes: rss,
    externalBytes: external,
    fileDescriptors: readdirSync('/proc/self/fd').length,
    sessions,
    exchanges,
    inFlight: instances.reduce((sum, { inFlight }) => sum + inFlight, 0),
    upstreamConnections: instances.reduce((sum, { openConnections }) => sum + openConnections, 0),
    wheelTurns: clockCalls > callsBefore,
    configurations: taken.filter((each) => each.deref() !== undefined).length,
    reports,
  };
}
