import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Child, start, stop, within } from '../children.ts';

const CLIENT = fileURLToPath(new URL('./idle-client.ts', import.meta.url));
/** So much is open before the first reading: the first connections also pay for what is allocated once. */
const WARM_CONNECTIONS = 200;
/** What freed memory has to settle, before each reading. */
const SETTLE_MS = 1500;
const OPEN_TIMEOUT_MS = 60_000;

/** What the process that holds the connections is started with. */
export interface IdleClient {
  readonly port: number;
  readonly tls: boolean;
  /** Offered by ALPN. */
  readonly protocols: readonly string[];
}

/** KiB by which `readKb` grows for each of `connections` idle connections; throws when one is lost. */
export async function growthPerConnection(
  connections: number,
  idle: IdleClient,
  core: number | undefined,
  readKb: () => number,
): Promise<number> {
  const client = start({ file: process.execPath, args: [CLIENT, JSON.stringify(idle)] }, core);
  try {
    await open(client, WARM_CONNECTIONS);
    const before = readKb();
    await open(client, connections);
    return (readKb() - before) / connections;
  } finally {
    await stop(client);
  }
}

async function open(client: Child, connections: number): Promise<void> {
  const answered = once(client.process.stdout ?? client.process, 'data').then(() => true);
  client.process.stdin?.write(`${connections}\n`);
  const ok = await within(Promise.race([answered, client.ended.then(() => false)]), OPEN_TIMEOUT_MS);
  if (ok !== true) throw new Error(`idle connections: ${client.stderr().trim() || 'not open in time'}`);
  await delay(SETTLE_MS);
}
