import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../children.ts';
import { readH2loadTotals, requestArguments, wrongAnswers } from './h2load.ts';
import type { LoadResult, RateLoad } from './load.ts';

/** Start-up, and handshakes with a slow proxy. */
const OVERTIME_MS = 20_000;
/** What may wait on one connection of HTTP/2: a proxy that stands still for a moment must not slow the rate. */
const MAX_STREAMS = 100;
/** Requests of the first microseconds have no part: they waited for the handshakes of all connections at once. */
const OPENING_US = 1_000_000;
/** Less of the rate than this, and the latency is that of another load. Handshakes at the start are in it. */
const LEAST_SHARE = 0.9;

/** Microseconds from sending a request to the end of its answer. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface RateResult extends LoadResult {
  /** Undefined: nothing was answered. */
  readonly latency: Latency | undefined;
}

/**
 * Sends requests at a fixed rate for `seconds` and says how long each took. h2load gives each connection a timer of at
 * least 10 ms, and timers of one thread soon fire together: twenty requests in one millisecond, then none for ten. A
 * thread for each connection keeps them apart.
 */
export async function runRate(
  load: RateLoad,
  port: number,
  seconds: number,
  core: number | undefined,
  directory: string,
): Promise<RateResult> {
  // Not beside the certificate: a line for each answer, in a directory that Portico watches, would be work for one contestant.
  const logs = join(directory, 'latency');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, 'log');
  // h2load appends.
  rmSync(log, { force: true });
  const args = [
    ...[`-t${load.connections}`, `-c${load.connections}`, `-n${load.requestsPerSecond * seconds}`],
    ...[`-m${load.version === 'h2' ? MAX_STREAMS : 1}`, `--rps=${load.requestsPerSecond / load.connections}`],
    `--log-file=${log}`,
    ...requestArguments(load, port),
  ];
  const output = await run({ file: 'h2load', args }, core, seconds * 1000 + OVERTIME_MS);
  const totals = readH2loadTotals(output);
  const fault = totals.fault ?? wrongAnswers(output, load.version) ?? missedRate(totals, load);
  return { ...totals, fault, latency: readLatency(readFileSync(log, 'latin1'), OPENING_US) };
}

/**
 * Reads h2load's log: start time in microseconds, status, and microseconds of one request per line, tab between them, in the order of
 * the answers. Requests that began within `openingUs` of the first are left out.
 */
export function readLatency(log: string, openingUs = 0): Latency | undefined {
  const requests = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(Number) as [start: number, status: number, microseconds: number]);
  const first = requests.reduce((earliest, [start]) => Math.min(earliest, start), Number.POSITIVE_INFINITY);
  const counted = requests.filter(([start]) => start >= first + openingUs);
  const sorted = Float64Array.from(counted, ([, , microseconds]) => microseconds).sort();
  if (sorted.length === 0) return undefined;
  // Nearest rank: the least value that so many are not above.
  const percentile = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: percentile(0.5), p99: percentile(0.99), p999: percentile(0.999) };
}

/** A sentence when the wanted rate was not reached; what took too long is then not even in the log. */
export function missedRate({ completed, seconds }: LoadResult, load: RateLoad): string | undefined {
  const wanted = load.requestsPerSecond;
  if (completed >= wanted * seconds * LEAST_SHARE) return undefined;
  return `answers ${Math.round(completed / seconds)} requests/s instead of ${wanted}`;
}
