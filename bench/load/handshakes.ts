import { run } from '../children.ts';
import { readH2loadTotals, requestArguments } from './h2load.ts';
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
  const args = [
    ...['-t1', `-c${clients}`, `-n${clients}`, `-r${perPeriod}`, `--rate-period=${PERIOD_MS}ms`],
    ...requestArguments({ ...load, headers: { ...load.headers, Connection: 'close' } }, port),
  ];
  return readH2loadTotals(await run({ file: 'h2load', args }, core, seconds * 1000 + OVERTIME_MS));
}
