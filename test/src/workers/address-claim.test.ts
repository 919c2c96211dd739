import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import type { ListenerSettings } from '../../../src/core/settings.ts';
import { claimAddresses, explainListenFailure } from '../../../src/workers/address-claim.ts';
import { findPortOwner } from '../../../src/workers/port-owner.ts';
import { emptySettings } from '../../support/fake-worker.ts';

test('port 0 becomes one concrete port, and the text stays', async () => {
  const outcome = await claimAddresses(emptySettings({ listeners: [listener(0)] }), undefined);

  assert.ok(outcome.ok);
  const [claimed] = outcome.settings.listeners;
  assert.ok(claimed!.port > 0);
  assert.equal(claimed!.text, '127.0.0.1:0');
});

test('a port found earlier is kept by a reload', async () => {
  const first = await claimAddresses(emptySettings({ listeners: [listener(0)] }), undefined);
  assert.ok(first.ok);

  const second = await claimAddresses(emptySettings({ listeners: [listener(0)] }), first.settings);

  assert.ok(second.ok);
  assert.equal(second.settings.listeners[0]!.port, first.settings.listeners[0]!.port);
});

test('ports found earlier are kept by a reload, each by its own listener', async () => {
  const settings = emptySettings({ listeners: [listener(0), { ...listener(0), tls: true }] });
  const first = await claimAddresses(settings, undefined);
  assert.ok(first.ok);

  const second = await claimAddresses(settings, first.settings);

  assert.ok(second.ok);
  assert.deepEqual(second.settings.listeners, first.settings.listeners);
  assert.notEqual(first.settings.listeners[0]!.port, first.settings.listeners[1]!.port);
});

test('an address that is ours already is not tried', async () => {
  const { server, port } = await listening();
  const settings = emptySettings({ listeners: [listener(port)] });

  const outcome = await claimAddresses(settings, settings);

  assert.ok(outcome.ok);
  server.close();
});

test('every address that cannot be had is told, with whom it belongs to', async () => {
  const { server, port } = await listening();

  const outcome = await claimAddresses(
    emptySettings({
      listeners: [
        listener(port),
        listener(0),
        { host: '192.0.2.1', port: 8080, text: '192.0.2.1:8080', tls: false },
      ],
    }),
    undefined,
  );
  server.close();

  assert.ok(!outcome.ok);
  assert.equal(outcome.reasons.length, 2);
  assert.match(
    outcome.reasons[0]!,
    new RegExp(`cannot listen on 127.0.0.1:${port}: port ${port} is taken by`),
  );
  assert.match(outcome.reasons[1]!, /this machine does not have that address/);
});

test('finds the process that listens on a port', { skip: process.platform !== 'linux' }, async () => {
  const { server, port } = await listening();

  const owner = findPortOwner(port);
  server.close();
  await once(server, 'close');

  assert.equal(owner?.pid, process.pid);
  assert.match(owner!.command, /node/);
  assert.equal(findPortOwner(port), undefined);
});

test('says what to do when a port needs a privilege', () => {
  const error = Object.assign(new Error('permission denied'), { code: 'EACCES' });

  assert.match(explainListenFailure(':80', 80, error), /may not open port 80\. Choose one above 1023/);
});

function listener(port: number): ListenerSettings {
  return { host: '127.0.0.1', port, text: `127.0.0.1:${port}`, tls: false };
}

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
