import { fileURLToPath } from 'node:url';
import { run } from '../children.ts';
import type { HandshakeOrder } from './handshake-client.ts';
import type { HandshakeLoad, LoadResult } from './load.ts';

const CLIENT = fileURLToPath(new URL('./handshake-client.ts', import.meta.url));
/** Start-up, and a proxy too slow for the rate that needs longer than it should. */
const OVERTIME_MS = 30_000;

/**
 * Opens connections at the wanted rate for `seconds`, one request each. wrk resumes sessions as it likes, and h2load asks for one
 * host: so the client is one of ours, which also sees of each connection whether it was resumed.
 */
export async function runHandshakes(
  load: HandshakeLoad,
  port: number,
  seconds: number,
  core: number | undefined,
): Promise<LoadResult> {
  const { hosts, path, connectionsPerSecond, isResumed, group } = load;
  const order: HandshakeOrder = { port, hosts, path, connectionsPerSecond, seconds, isResumed, group };
  const command = { file: process.execPath, args: [CLIENT] };
  const output = await run(command, core, seconds * 1000 + OVERTIME_MS, JSON.stringify(order));
  return JSON.parse(output) as LoadResult;
}
