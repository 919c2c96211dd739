import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Server } from '../../src/core/server.ts';
import type { Settings } from '../../src/core/settings.ts';
import { noTelemetry } from '../../src/core/telemetry.ts';
import { createServerFromSettings } from '../../src/server.ts';
import { openClient } from '../support/client.ts';
import { settingsOf } from '../support/configuration.ts';
import { plainConfig } from '../support/front.ts';
import { startOrigin } from '../support/origin.ts';

test('a server says in its status what it is doing', async (t) => {
  const server = create(t, settingsOf(plainConfig(['127.0.0.1:9'])));

  assert.equal(server.status().state, 'starting');
  const [listener] = await server.start();
  const running = server.status();
  await server.stop();

  assert.deepEqual(JSON.parse(JSON.stringify(running)), {
    state: 'running',
    generation: 1,
    sessions: 0,
    exchanges: 0,
    streams: 0,
    listeners: [{ text: '127.0.0.1:0', host: '127.0.0.1', port: listener!.port, tls: false }],
    clusters: [
      {
        name: 'web',
        panic: false,
        waiting: 0,
        instances: [
          {
            address: '127.0.0.1:9',
            weight: 1,
            effectiveWeight: 1,
            state: 'healthy',
            inFlight: 0,
            openConnections: 0,
          },
        ],
      },
    ],
  });
  assert.equal(server.status().state, 'stopped');
  assert.deepEqual(server.status().listeners, []);
});

test('a server that cannot have one of its addresses opens none', async (t) => {
  const taken = await startOrigin(t);
  const free = await startOrigin(t);
  await free.stop();
  const yaml = plainConfig(['127.0.0.1:9']).replace(
    /^listen: .*$/m,
    `listen: [{ address: "${free.address}" }, { address: "${taken.address}" }]`,
  );
  const server = create(t, settingsOf(yaml));

  await assert.rejects(server.start(), { code: 'EADDRINUSE' });

  await assert.rejects(openClient(t, free.port), { code: 'ECONNREFUSED' });
  assert.deepEqual(server.status().listeners, []);
});

test('a server is stopped once, however often it is asked to', async (t) => {
  const server = create(t, settingsOf(plainConfig(['127.0.0.1:9'])));
  const [listener] = await server.start();

  const [first, second] = [server.stop(), server.stop()];
  await first;

  assert.equal(first, second);
  await assert.rejects(openClient(t, listener!.port), { code: 'ECONNREFUSED' });
});

test('a server that is stopped before it has started does not start', async (t) => {
  const server = create(t, settingsOf(plainConfig(['127.0.0.1:9'])));

  const start = server.start();
  await server.stop();

  await assert.rejects(start, { name: 'ServerClosed' });
  assert.equal(server.status().state, 'stopped');
  assert.deepEqual(server.status().listeners, []);
});

test('a server is not made with a certificate that is none', (t) => {
  const settings = settingsOf(
    `${plainConfig(['127.0.0.1:9'])}\ncertificates: [{ cert: c, key: k, default: true }]`,
    { readFile: () => 'none' },
  );

  assert.throws(() => create(t, settings));
});

function create(t: TestContext, settings: Settings): Server {
  const server = createServerFromSettings(settings, {
    logger: silentLogger,
    telemetry: noTelemetry,
    clock: systemClock,
    reusePort: false,
  });
  t.after(() => server.stop());
  return server;
}
