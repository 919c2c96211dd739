/**
 * A flood of HTTP/2 in a process of its own, `flood-client.ts PORT FLOOD`: four connections at full speed, each replaced as soon as it
 * is ended, until standard input ends. Then it prints how much it sent: `{"units":N,"connections":N}`.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { HTTP2_FLOODS, type Http2Flood } from '../../test/support/http2-flood.ts';
import { PREFACE, settings } from '../../test/support/http2-wire.ts';

const CONNECTIONS = 4;
const UNITS_PER_WRITE = 100;

const [port, name] = process.argv.slice(2);
const unit: Http2Flood = HTTP2_FLOODS[name as keyof typeof HTTP2_FLOODS];
let units = 0;
let connections = 0;
let stopping = false;

process.stdin.resume().once('end', () => {
  stopping = true;
});
await Promise.all(Array.from({ length: CONNECTIONS }, attack));
process.stdout.write(`${JSON.stringify({ units, connections })}\n`);

async function attack(): Promise<void> {
  while (!stopping) await floodOne();
}

async function floodOne(): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    for (const event of ['end', 'error', 'close']) {
      socket.on(event, () => {
        isOver = true;
        resolve();
      });
    }
  });
  socket.resume();
  connections += 1;
  socket.write(Buffer.concat([PREFACE, settings()]));
  for (let index = 0; !isOver && !stopping; index += UNITS_PER_WRITE) {
    const batch = Array.from({ length: UNITS_PER_WRITE }, (_, i) => unit(index + i));
    units += UNITS_PER_WRITE;
    const isTaken = socket.write(Buffer.concat(batch));
    if (!isTaken && !isOver) await Promise.race([once(socket, 'drain').catch(() => {}), over]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.destroy();
}
