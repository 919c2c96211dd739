import { run } from '../children.ts';
import type { HandshakeLoad, LoadResult } from './load.ts';

/** How often new clients are started, in milliseconds: fine enough to come evenly. */
const PERIOD_MS = 10;
/** Start-up, and a proxy too slow for the rate that needs longer than it should. */
const OVERTIME_MS = 30_000;

/** Opens connections at the wanted rate for `seconds`, one request each, no TLS session kept. */
export async function runHandshakes(
  load: HandshakeLoad,
  port: number,
  seconds: number,
  core: number | undefined,
): Promise<LoadResult> {
  const clients = load.connectionsPerSecond * seconds;
  const perPeriod = Math.max(1, Math.round((load.connectionsPerSecond * PERIOD_MS) / 1000));
  const headers = { ...load.headers, Connection: 'close' };
  const args = [
    ...['--h1', '-t1', `-c${clients}`, `-n${clients}`, `-r${perPeriod}`, `--rate-period=${PERIOD_MS}ms`],
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
    `--connect-to=127.0.0.1:${port}`,
    `${load.tls ? 'https' : 'http'}://${load.hosts[0]}:${port}${load.path}`,
  ];
  return readH2loadTotals(await run({ file: 'h2load', args }, core, seconds * 1000 + OVERTIME_MS));
}

/** Reads `finished in 1.99s, …` and `requests: N total, …, N succeeded, N failed, N errored, N timeout`. */
export function readH2loadTotals(output: string): LoadResult {
  const finished = /^finished in ([\d.]+)(us|ms|s|m)/m.exec(output);
  const counts =
    /^requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(output);
  if (finished === null || counts === null) {
    return { completed: 0, seconds: 0, fault: `no totals in: ${output.slice(-200)}` };
  }
  const [, total, succeeded, failed, errored, timedOut] = counts.map(Number);
  const unit = { us: 1e-6, ms: 1e-3, s: 1, m: 60 }[finished[2] ?? 's'] ?? 1;
  return {
    completed: succeeded ?? 0,
    seconds: Number(finished[1]) * unit,
    fault:
      succeeded === total
        ? undefined
        : `${succeeded} of ${total} succeeded (${failed} failed, ${errored} errored, ${timedOut} timeouts)`,
  };
}
