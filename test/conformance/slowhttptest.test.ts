import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startHttpOrigin } from '../support/origin.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { PorticoProcess, smallConfig, writeConfig } from '../support/portico-process.ts';

// Connections that are kept open by as little as possible: slowhttptest opens hundreds that never finish their head, their
// body, or the reading of a response. All three attacks run at once; a well-behaved client asks all the while.

const TIMEOUTS = 'timeouts: { clientHeader: 2s, clientIdle: 2s, clientBody: 2s, clientWrite: 2s }';

/** Longer than any attack may last if the front end ends what is slow. */
const ATTACK_SECONDS = 30;

/** More than the buffers of two sockets swallow, so that there is something left to send to who does not read. */
const BIG = Buffer.alloc(8 * 1024 * 1024, 'x');

test('hundreds of slow connections neither keep others waiting nor stay', {
  skip: commandMissing('slowhttptest'),
}, async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => {
    if (request.url === '/big') response.end(BIG);
    else request.resume().on('end', () => response.end('well'));
  });
  const portico = new PorticoProcess(['run', '-c', writeConfig(smallConfig(origin.port, TIMEOUTS))]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  const url = `http://127.0.0.1:${portico.port()}`;

  const slowHead = new Attack('-H', '-c', '200', '-r', '200', '-i', '1', '-u', `${url}/head`);
  const slowBody = new Attack('-B', '-c', '200', '-r', '200', '-i', '4', '-s', '100000', '-u', `${url}/body`);
  // Each of these costs the kernel ten megabytes on the way from the origin to the client.
  const slowRead = new Attack(
    '-X',
    '-c',
    '80',
    '-r',
    '80',
    '-i',
    '1',
    '-n',
    '4',
    '-z',
    '32',
    '-u',
    `${url}/big`,
  );
  t.after(() => {
    for (const { process } of [slowHead, slowBody, slowRead]) process.kill('SIGKILL');
  });
  const neighbour = new Neighbour(url);
  const peak = await sessionsWhenMost(portico);
  await Promise.all([slowHead.ended, slowBody.ended]);
  await neighbour.stop();
  await noSessionLeft(portico);
  const readersLeft = slowRead.process.exitCode === null;
  slowRead.process.kill('SIGKILL');

  assert.ok(peak >= 300, `${peak} connections at once`);
  assert.deepEqual(neighbour.failures, []);
  assert.ok(neighbour.answers > 0);
  for (const attack of [slowHead, slowBody]) assert.match(attack.report, /No open connections left/);
  for (const attack of [slowHead, slowBody, slowRead]) assert.doesNotMatch(attack.report, /available: +NO/);
  assert.ok(readersLeft || /No open connections left/.test(slowRead.report), slowRead.report);
  const { exchanges, clusters } = (await portico.admin('/status')).json() as unknown as Status;
  assert.equal(exchanges, 0);
  assert.equal(clusters[0]?.instances[0]?.inFlight, 0);
  assert.equal(await portico.stop(), 0);
});

/** One run of slowhttptest. */
class Attack {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  /** What it printed. */
  report = '';

  constructor(...args: readonly string[]) {
    this.process = spawn('slowhttptest', [...args, '-l', `${ATTACK_SECONDS}`, '-p', '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => {
      // It colours its words.
      this.report += text.replaceAll(/\x1b\[[0-9;]*m/g, '');
    });
    this.ended = once(this.process, 'close');
  }
}

/** A client that asks one thing after the other, each on a connection of its own, and notes every answer that is not good. */
class Neighbour {
  answers = 0;
  readonly failures: string[] = [];
  #stopping = false;
  readonly #work: Promise<void>;

  constructor(url: string) {
    this.#work = this.#ask(url);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#work;
  }

  async #ask(url: string): Promise<void> {
    while (!this.#stopping) {
      try {
        const response = await fetch(url, {
          headers: { connection: 'close' },
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        const text = await response.text();
        if (response.status === 200 && text === 'well') this.answers += 1;
        else this.failures.push(`${response.status} ${text}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      await delay(20);
    }
  }
}

/** Watches the number of sessions until it falls. */
async function sessionsWhenMost(portico: PorticoProcess): Promise<number> {
  let most = 0;
  for (;;) {
    const sessions = await sessionsOf(portico);
    if (sessions < most / 2 && most > 100) return most;
    most = Math.max(most, sessions);
    await delay(100);
  }
}

async function noSessionLeft(portico: PorticoProcess): Promise<void> {
  while ((await sessionsOf(portico)) > 0) await delay(100);
}

async function sessionsOf(portico: PorticoProcess): Promise<number> {
  return ((await portico.admin('/status')).json() as unknown as Status).sessions;
}

interface Status {
  readonly sessions: number;
  readonly exchanges: number;
  readonly clusters: readonly { readonly instances: readonly { readonly inFlight: number }[] }[];
}

/** An answer that takes longer than this is as good as none. */
const PATIENCE_MS = 5000;
