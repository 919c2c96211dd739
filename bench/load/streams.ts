import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../children.ts';
import { readH2loadTotals, requestArguments, wrongAnswers } from './h2load.ts';
import type { LoadResult, StreamLoad } from './load.ts';

/** Start-up, and handshakes with a slow proxy; a machine that is slower than it was gets twice the time besides. */
const OVERTIME_MS = 20_000;

/**
 * Keeps all streams busy for about `seconds`, with as many requests as `perSecond` has answered in that time. Without it,
 * for a warm-up, until the time is over: then h2load cuts off what is in flight, and does not count connections that it
 * lost, which makes no figure. Its own warm-up is not used, because the CPU time is read around the whole run.
 */
export async function runStreams(
  load: StreamLoad,
  port: number,
  seconds: number,
  perSecond: number | undefined,
  core: number | undefined,
  directory: string,
): Promise<LoadResult> {
  const args = [
    ...['-t1', `-c${load.connections}`, `-m${load.streams}`],
    perSecond === undefined ? `-D${seconds}` : `-n${requestsIn(seconds, perSecond, load)}`,
    ...[`-w${load.windowBits}`, `-W${load.windowBits}`],
    ...bodyArguments(load, directory),
    ...requestArguments(load, port),
  ];
  const output = await run({ file: 'h2load', args }, core, seconds * 2000 + OVERTIME_MS);
  const totals = readH2loadTotals(output);
  return { ...totals, fault: totals.fault ?? wrongAnswers(output, load.version) };
}

/** Every stream gets at least one. */
function requestsIn(seconds: number, perSecond: number, { connections, streams }: StreamLoad): number {
  return Math.max(connections * streams, Math.round(seconds * perSecond));
}

/** h2load takes bodies from a file, and then always sends POST. */
function bodyArguments({ body }: StreamLoad, directory: string): string[] {
  if (body === '') return [];
  const file = join(directory, 'load-body');
  writeFileSync(file, body, 'latin1');
  return [`--data=${file}`];
}
