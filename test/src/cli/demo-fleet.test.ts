import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FleetAnswer, FleetRequest } from '../../../src/cli/demo-fleet.ts';

const ENTRY = fileURLToPath(new URL('../../../src/cli/demo-fleet.ts', import.meta.url));
let fleet: ChildProcess;
let first = 0;
let second = 0;

before(async () => {
  [first, second] = (await freePorts(2)) as [number, number];
  fleet = fork(ENTRY);
  const answer = await order(fleet, { addresses: [address(first), address(second)] });
  assert.deepEqual(answer, { refusals: [] });
});

after(() => fleet.disconnect());

test('each backend names itself', async () => {
  for (const port of [first, second]) {
    const response = await fetch(`http://127.0.0.1:${port}/anything`);

    assert.equal(response.headers.get('x-backend'), `127.0.0.1:${port}`);
    assert.match(await response.text(), new RegExp(`^Hello from backend 127\\.0\\.0\\.1:${port}\n`));
  }
});

test('is healthy, echoes bodies and streams in chunks', async () => {
  const base = `http://127.0.0.1:${first}`;

  assert.equal((await fetch(`${base}/healthz`)).status, 200);
  assert.equal(await (await fetch(`${base}/echo`, { method: 'POST', body: 'abc' })).text(), 'abc');
  const stream = await fetch(`${base}/stream`);
  const { value } = await stream.body!.getReader().read();
  assert.match(Buffer.from(value!).toString(), /^1 of 10 from/);
  assert.equal(stream.headers.get('transfer-encoding'), 'chunked');
});

test('tells which ports are taken', async () => {
  const other = fork(ENTRY);

  const answer = await order(other, { addresses: [address(first), address(second)] });
  other.disconnect();
  await once(other, 'exit');

  assert.equal(answer.refusals.length, 2);
  assert.match(answer.refusals[0]!, new RegExp(`port ${first} is taken by`));
});

test('ends with whoever started it', async () => {
  const other = fork(ENTRY);
  await once(other, 'spawn');

  other.disconnect();

  const [code] = await once(other, 'exit');
  assert.equal(code, 0);
});

async function order(child: ChildProcess, request: FleetRequest): Promise<FleetAnswer> {
  child.send(request);
  const [answer] = await once(child, 'message');
  return answer as FleetAnswer;
}

function address(port: number): { host: string; port: number; text: string } {
  return { host: '127.0.0.1', port, text: `127.0.0.1:${port}` };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
