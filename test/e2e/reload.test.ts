import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { CONTINUE, type Module } from '../../src/core/callback-points.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';

test('a hundred reloads under load lose no request', async (t) => {
  const origins = await Promise.all(['a', 'b', 'c'].map((name) => startOrigin(t, answering(ok(name)))));
  const [a, b, c] = origins.map(({ address }) => address) as [string, string, string];
  const front = await startFront(t, plainConfig([a, b]));
  const clients = await Promise.all(Array.from({ length: 8 }, () => openClient(t, front.port())));
  let isOver = false;
  const statuses = new Map<number, number>();
  const load = clients.map(async (client, i) => {
    while (!isOver) {
      // Half of them keep one body on its way at all times.
      client.send(
        i % 2 === 0 ? requestText('GET /') : `${requestText('POST /', ['Content-Length: 5'])}hello`,
      );
      const { status } = await client.message();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });

  const sets = [[a, b], [b, c], [c], [a, b, c]];
  for (let i = 1; i <= 100; i++) {
    await front.reload(plainConfig(sets[i % sets.length]!));
    // A request at least under each snapshot.
    const { length } = front.exchanges;
    await front.until(() => front.exchanges.length > length);
  }
  isOver = true;
  await Promise.all(load);

  assert.deepEqual([...statuses.keys()], [200]);
  assert.ok(statuses.get(200)! >= 100);
  assert.equal(front.server.status().generation, 101);
  assert.deepEqual(
    front.exchanges.filter(({ error }) => error !== undefined),
    [],
  );
  assert.equal(front.count('sessionOpened'), 8, 'connections of clients survive');
  front.assertNothingInFlight();
});

test('an exchange in flight ends under the snapshot that it began with', async (t) => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const note = (name: string): Module => {
    return {
      name,
      handlers: { requestFinish: (exchange) => void seen.push(`${name} ${exchange.cluster?.name}`) },
    };
  };
  const old = await startOrigin(
    t,
    eachRequest((_request, connection) => void gate.promise.then(() => connection.send(ok('old')))),
  );
  const young = await startOrigin(t, answering(ok('young')));
  const front = await startFront(t, plainConfig([old.address]), { modules: [note('module')] });
  const [first, second] = [await openClient(t, front.port()), await openClient(t, front.port())];

  first.send(requestText('GET /'));
  await (await old.next()).untilText('\r\n\r\n');
  await front.reload(plainConfig([young.address]).replaceAll('web', 'fresh'));
  second.send(requestText('GET /'));
  const after = await second.message();
  gate.resolve();
  const before = await first.message();
  first.send(requestText('GET /'));
  const next = await first.message();

  assert.deepEqual([before.body, after.body, next.body], ['old', 'young', 'young']);
  assert.deepEqual(seen, ['module fresh', 'module web', 'module fresh']);
});

test('idle connections to a removed instance are closed, busy ones when they are done', async (t) => {
  const gate = Promise.withResolvers<void>();
  const gone = await startOrigin(
    t,
    eachRequest(({ startLine }, connection) => {
      if (startLine.includes('/held')) void gate.promise.then(() => connection.send(ok('late')));
      else connection.send(ok('soon'));
    }),
  );
  const stays = await startOrigin(t, answering(ok('stays')));
  const front = await startFront(t, plainConfig([gone.address]));
  const [quick, held] = [await openClient(t, front.port()), await openClient(t, front.port())];
  held.send(requestText('GET /held'));
  const busy = await gone.next();
  await busy.untilText('/held');
  quick.send(requestText('GET /'));
  await quick.message();
  const idle = await gone.next();

  await front.reload(plainConfig([stays.address]));
  await idle.untilEnded();
  const wasEnded = busy.hasEnded;
  gate.resolve();
  const late = await held.message();
  await busy.untilEnded();

  assert.equal(wasEnded, false);
  assert.equal(late.body, 'late');
  await front.until(() => front.count('upstreamClosed') === 2);
});

test('connections to an instance that stays are kept', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 3; i++) {
    client.send(requestText('GET /'));
    await client.message();
    await front.reload(plainConfig([origin.address], '', `retry: { attempts: ${i + 1} }`));
  }

  assert.equal(origin.connections.length, 1);
  assert.equal(front.instances()[0]?.openConnections, 1);
});

test('listeners are opened and closed as the configuration says, and connections on closed ones go on', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const [one, two] = await freePorts(t, 2);
  const yaml = (ports: readonly number[]): string =>
    plainConfig([origin.address]).replace(
      /^listen: .*$/m,
      `listen: [${ports.map((port) => `{ address: "127.0.0.1:${port}" }`).join(', ')}]`,
    );
  const front = await startFront(t, yaml([one!]));
  const client = await openClient(t, one!);

  await front.reload(yaml([one!, two!]));
  assert.deepEqual(
    front.listeners.map(({ port }) => port),
    [one, two],
  );
  await openClient(t, two!);
  await front.reload(yaml([two!]));

  await assert.rejects(openClient(t, one!), { code: 'ECONNREFUSED' });
  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'well');
  await front.reload(yaml([one!]));
  await openClient(t, one!);
});

test('several listeners may leave the choice of their port to the system', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const yaml = plainConfig([origin.address]).replace(
    /^listen: .*$/m,
    'listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0" }]',
  );
  const front = await startFront(t, yaml);
  const ports = front.listeners.map(({ port }) => port);

  await front.reload(yaml);

  assert.equal(new Set(ports).size, 2);
  assert.deepEqual(
    front.listeners.map(({ port }) => port),
    ports,
  );
  for (const port of ports) await openClient(t, port);
});

test('a listener goes over to TLS and back without being closed', async (t) => {
  const { front, yaml } = await startWithCertificate(t);
  const plain = await openClient(t, front.port());
  plain.send(requestText('GET /'));
  await plain.message();

  await front.reload(yaml({ tls: true }));
  const secured = await openTlsClient(t, front.port(), { servername: 'shop.example' });
  secured.send(requestText('GET /'));
  assert.equal((await secured.message()).body, 'well');
  assert.equal(front.listeners[0]?.tls, true);
  plain.send(requestText('GET /'));
  assert.equal((await plain.message()).body, 'well', 'a connection keeps what it began with');

  await front.reload(yaml({ tls: false }));
  const again = await openClient(t, front.port());
  again.send(requestText('GET /'));
  assert.equal((await again.message()).body, 'well');
});

test('a connection whose ClientHello comes after a reload without certificates is still served', async (t) => {
  const { front, yaml } = await startWithCertificate(t, true);
  const socket = connect({ host: '127.0.0.1', port: front.port() });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  await front.until(() => front.count('sessionOpened') === 1);

  await front.reload(yaml({ tls: false, certificate: undefined }));
  const secured = await openTlsClient(t, front.port(), { servername: 'shop.example', socket });
  secured.send(requestText('GET /'));

  assert.equal((await secured.message()).body, 'well');
});

test('new certificates are served from the next connection on', async (t) => {
  const { front, yaml } = await startWithCertificate(t, true);
  const before = await openTlsClient(t, front.port(), { servername: 'shop.example' });

  await front.reload(yaml({ tls: true, certificate: 'other' }));
  const after = await openTlsClient(t, front.port(), { servername: 'shop.example' });

  assert.notEqual(
    after.socket.getPeerCertificate().serialNumber,
    before.socket.getPeerCertificate().serialNumber,
  );
  before.send(requestText('GET /'));
  assert.equal((await before.message()).body, 'well');
});

test('a configuration that cannot be had changes nothing', async (t) => {
  const { front, yaml, origin } = await startWithCertificate(t, true);
  const taken = await startOrigin(t);
  const elsewhere = await startOrigin(t, answering(ok('elsewhere')));
  const listeners = front.listeners;
  const before = JSON.stringify(front.server.status());
  const swapped = (text: string): string => text.replace(origin.address, elsewhere.address);

  // A certificate that is none, and an address that is taken behind one that is free.
  const settings = front.settingsFrom(swapped(yaml({ tls: true })));
  const certificates = settings.certificates.map((certificate) => ({
    ...certificate,
    hosts: [],
    cert: 'none',
  }));
  await assert.rejects(front.server.reload({ ...settings, certificates }));
  const [free] = await freePorts(t, 1);
  const wanted = `listen: [{ address: "127.0.0.1:0", tls: true }, { address: "127.0.0.1:${free}" }, { address: "${taken.address}" }]`;
  await assert.rejects(front.reload(swapped(yaml({ tls: true })).replace(/^listen: .*$/m, wanted)), {
    code: 'EADDRINUSE',
  });

  assert.equal(JSON.stringify(front.server.status()), before);
  assert.equal(front.listeners, listeners);
  await assert.rejects(openClient(t, free!), { code: 'ECONNREFUSED' }, 'what was opened is closed again');
  const client = await openTlsClient(t, front.port(), { servername: 'shop.example' });
  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'well');
});

test('a certificate that OpenSSL refuses costs its own connections, and nothing else', async (t) => {
  const { front, yaml } = await startWithCertificate(t, true);
  const before = await openTlsClient(t, front.port(), { servername: 'shop.example' });

  // Nothing of it is looked at before it is asked for; finding it out is the configuration's affair.
  await front.reload(yaml({ tls: true, certificate: 'mismatched' }));
  await assert.rejects(openTlsClient(t, front.port(), { servername: 'shop.example' }));
  before.send(requestText('GET /'));

  assert.equal((await before.message()).body, 'well');
  assert.equal(front.faults.length, 1);
  front.faults.length = 0;
});

test('reloads that are asked for at once happen one after the other, and the last one stays', async (t) => {
  const origins = await Promise.all(['a', 'b', 'c'].map((name) => startOrigin(t, answering(ok(name)))));
  const front = await startFront(t, plainConfig([origins[0]!.address]));
  const [port] = await freePorts(t, 1);
  const withListener = plainConfig([origins[1]!.address]).replace(
    /^listen: .*$/m,
    `listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:${port}" }]`,
  );

  await Promise.all([front.reload(withListener), front.reload(plainConfig([origins[2]!.address]))]);
  const client = await openClient(t, front.server.status().listeners[0]!.port);
  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'c');
  assert.equal(front.server.status().listeners.length, 1);
  assert.equal(front.server.status().generation, 3);
});

test('a reload that is overtaken by the stop leaves nothing open', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address], '', 'health: { path: /, interval: 10ms }'));
  const [port] = await freePorts(t, 1);
  const yaml = plainConfig([origin.address], '', 'health: { path: /, interval: 10ms }').replace(
    /^listen: .*$/m,
    `listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:${port}" }]`,
  );

  const reload = front.reload(yaml);
  const stop = front.server.stop();
  await assert.rejects(reload, /cannot reload while/);
  await stop;

  await assert.rejects(openClient(t, port!), { code: 'ECONNREFUSED' });
  assert.equal(front.server.status().state, 'stopped');
  await assert.rejects(front.reload(yaml), /cannot reload while stopped/);
});

test('new timeouts and limits hold for connections that come after the reload', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]));

  await front.reload(plainConfig([origin.address], 'limits: { head: 1KiB, line: 1KiB, maxBody: 10 }'));
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', ['Content-Length: 11']));

  assert.equal((await client.message()).status, 413);
});

test('modules of the program stay over reloads', async (t) => {
  let calls = 0;
  const module: Module = {
    name: 'counting',
    handlers: {
      beforeLocation() {
        calls += 1;
        return CONTINUE;
      },
    },
  };
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]), { modules: [module] });
  const client = await openClient(t, front.port());

  await front.reload(plainConfig([origin.address]));
  client.send(requestText('GET /'));
  await client.message();

  assert.equal(calls, 1);
});

interface Wanted {
  readonly tls: boolean;
  readonly certificate?: 'first' | 'other' | 'mismatched' | undefined;
}

interface Started {
  readonly front: TestFront;
  readonly origin: Origin;
  readonly yaml: (wanted: Wanted) => string;
}

/** A front end whose configuration may name several certificates, good and bad. */
async function startWithCertificate(t: TestContext, tls = false): Promise<Started> {
  const origin = await startOrigin(t, answering(ok('well')));
  const first = testCertificate(['shop.example']);
  const other = testCertificate(['shop.example'], { untilDays: 30 });
  const files = {
    'first.pem': first.cert,
    'first.key': first.key,
    'other.pem': other.cert,
    'other.key': other.key,
    'mismatched.pem': first.cert,
    'mismatched.key': other.key,
  };
  const yaml = (wanted: Wanted): string => {
    const certificate = 'certificate' in wanted ? wanted.certificate : 'first';
    const entry = `{ cert: ${certificate}.pem, key: ${certificate}.key, hosts: ["shop.example"], default: true }`;
    return (
      plainConfig([origin.address], certificate === undefined ? '' : `certificates: [${entry}]`)
        // The port the system chose at first is kept by its address: port 0 of this host.
        .replace('"127.0.0.1:0"', `"127.0.0.1:0", tls: ${wanted.tls}`)
    );
  };
  const front = await startFront(t, yaml({ tls }), { files });
  return { front, origin, yaml };
}

/** Ports that were free a moment ago. */
async function freePorts(t: TestContext, count: number): Promise<number[]> {
  const origins = await Promise.all(Array.from({ length: count }, () => startOrigin(t)));
  await Promise.all(origins.map((origin) => origin.stop()));
  return origins.map(({ port }) => port);
}
