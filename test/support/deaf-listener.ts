import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

/**
 * A loopback port to which connections neither come about nor are refused: the listener's thread sleeps, and its queue of
 * accepts is full, so that the kernel drops what else comes. Undefined where the system does not let that happen.
 */
export async function startDeafListener(test: TestContext): Promise<number | undefined> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true });
  test.after(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  for (let count = 0; count < MORE_THAN_A_BACKLOG; count++) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    test.after(() => void socket.destroy());
    if (!(await connectsSoon(socket))) return port;
  }
  return undefined;
}

const LISTEN_AND_SLEEP = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

const MORE_THAN_A_BACKLOG = 16;

/** On loopback a connection stands at once or, when its SYN was dropped, after a second at the earliest. */
async function connectsSoon(socket: Socket): Promise<boolean> {
  const signal = AbortSignal.timeout(300);
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch {
    return false;
  }
}
