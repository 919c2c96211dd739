/**
 * Requests at a steady rate, whether or not the ones before were answered; started by the benchmark as a process of its own. It takes an
 * OpenLoopOrder as JSON on standard input and prints an OpenLoopResult. Each request goes out at once, on a connection of its own if none
 * is free, so what one of them suffers delays no other. Under way it asks for a change of what it measures.
 */
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

export interface OpenLoopOrder {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly requestsPerSecond: number;
  /** Before the change, and behind it. */
  readonly seconds: readonly [before: number, behind: number];
  /** Asked for once, when the first part is over. */
  readonly change: string | undefined;
}

/** What the client saw of the requests that were settled before the change, and of those that were behind it. */
export interface OpenLoopResult {
  readonly sent: number;
  readonly before: OpenLoopPart;
  readonly behind: OpenLoopPart;
}

export interface OpenLoopPart {
  readonly settled: number;
  readonly failed: {
    /** Answered, but not with 200. */
    readonly status: number;
    /** The connection ended or could not be had. */
    readonly cut: number;
    /** Not answered within the client's patience. */
    readonly late: number;
  };
  /** Milliseconds from sending to the end of the answer, of answers that were good. */
  readonly p50: number;
  readonly p99: number;
}

/** Longer than any retry of a proxy may take. */
const PATIENCE_MS = 5000;
/** What it sees at first is of no account: its own code is compiled meanwhile. */
const OPENING_SECONDS = 1;

const order = JSON.parse(await text(process.stdin)) as OpenLoopOrder;
const request = `GET ${order.path} HTTP/1.1\r\nHost: ${order.host}\r\n\r\n`;
const free: Connection[] = [];
let underWay = 0;

class Part {
  readonly failed = { status: 0, cut: 0, late: 0 };
  readonly latencies: number[] = [];

  get result(): OpenLoopPart {
    const { failed, latencies } = this;
    const settled = latencies.length + failed.status + failed.cut + failed.late;
    const sorted = latencies.toSorted((a, b) => a - b);
    // Nearest rank: the least value that so many are not above.
    const percentile = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    return { settled, failed, p50: percentile(0.5), p99: percentile(0.99) };
  }
}

/** One at a time. */
class Connection {
  readonly #socket: Socket;
  #answer = '';
  #sentAt = 0;
  #patience: NodeJS.Timeout | undefined = undefined;

  constructor() {
    this.#socket = connect({ host: '127.0.0.1', port: order.port, noDelay: true });
    this.#socket.setEncoding('latin1').on('data', (part: string) => this.#receive(part));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#fail('cut'));
  }

  ask(): void {
    underWay += 1;
    this.#answer = '';
    this.#sentAt = performance.now();
    this.#patience = setTimeout(() => this.#fail('late'), PATIENCE_MS);
    this.#socket.write(request);
  }

  end(): void {
    this.#socket.destroy();
  }

  #receive(part: string): void {
    this.#answer += part;
    const bodyStart = this.#answer.indexOf('\r\n\r\n') + 4;
    if (bodyStart < 4) return;
    const length = /^content-length: (\d+)\r$/im.exec(this.#answer)?.[1] ?? 0;
    if (this.#answer.length < bodyStart + Number(length)) return;
    const took = performance.now() - this.#sentAt;
    const isGood = this.#answer.startsWith('HTTP/1.1 200 ');
    if (!this.#settle()) return;
    if (isGood) current.latencies.push(took);
    else current.failed.status += 1;
    if (/^connection: close\r$/im.test(this.#answer)) this.#socket.destroy();
    else free.push(this);
  }

  #fail(how: 'cut' | 'late'): void {
    const index = free.indexOf(this);
    if (index >= 0) free.splice(index, 1);
    if (this.#settle()) current.failed[how] += 1;
    this.#socket.destroy();
  }

  /** False: nothing was asked, or it is over. */
  #settle(): boolean {
    if (this.#patience === undefined) return false;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    underWay -= 1;
    return true;
  }
}

const [before, behind] = [new Part(), new Part()];
let current = new Part();
const beginsAt = order.requestsPerSecond * OPENING_SECONDS;
const changesAt = beginsAt + order.requestsPerSecond * order.seconds[0];
const total = changesAt + order.requestsPerSecond * order.seconds[1];
const startedAt = performance.now();
for (let sent = 0; sent < total; ) {
  const due = Math.min(total, Math.ceil(((performance.now() - startedAt) / 1000) * order.requestsPerSecond));
  for (; sent < due; sent++) {
    if (sent === beginsAt) current = before;
    if (sent === changesAt) await change();
    (free.pop() ?? new Connection()).ask();
  }
  await delay(1);
}
while (underWay > 0) await delay(1);
for (const connection of free) connection.end();
const result: OpenLoopResult = { sent: total, before: before.result, behind: behind.result };
console.log(JSON.stringify(result));

async function change(): Promise<void> {
  if (order.change !== undefined) await fetch(order.change);
  current = behind;
}
