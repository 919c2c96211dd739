import { fileURLToPath } from 'node:url';
import { run } from '../children.ts';
import type { OpenLoad } from './load.ts';
import type { OpenLoopOrder, OpenLoopResult } from './open-loop-client.ts';

const CLIENT = fileURLToPath(new URL('./open-loop-client.ts', import.meta.url));
/** Start-up, and the client's patience with the last requests. */
const OVERTIME_MS = 20_000;

/**
 * Sends requests at the wanted rate for some seconds, asks for the URL `change`, goes on for some more, and says what became of all. h2load
 * would stop at a connection that is lost.
 */
export async function runOpenLoop(
  { hosts, path, requestsPerSecond }: OpenLoad,
  port: number,
  seconds: OpenLoopOrder['seconds'],
  core: number | undefined,
  change?: string,
): Promise<OpenLoopResult> {
  const order: OpenLoopOrder = { port, host: hosts[0] ?? '', path, requestsPerSecond, seconds, change };
  const command = { file: process.execPath, args: [CLIENT] };
  const output = await run(
    command,
    core,
    (seconds[0] + seconds[1]) * 1000 + OVERTIME_MS,
    JSON.stringify(order),
  );
  return JSON.parse(output) as OpenLoopResult;
}
