import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { createServer } from '../../src/index.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { PorticoProcess } from '../support/portico-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTlsFront } from '../support/tls-front.ts';

const HOST = 'shop.example';

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a session outlives one change of the ticket keys, and begins anew without an error after the next`, async (t) => {
    const front = await startTlsFront(t, {});
    const options = { port: front.port(), minVersion: version, maxVersion: version };
    const keys = [randomBytes(48), randomBytes(48), randomBytes(48)] as const;

    front.server.setTicketKeys([keys[0]]);
    const begun = await visit(options);
    const resumed = await visit({ ...options, session: begun.session });
    front.server.setTicketKeys([keys[1], keys[0]]);
    const afterOne = await visit({ ...options, session: begun.session });
    front.server.setTicketKeys([keys[2], keys[1]]);
    const afterTwo = await visit({ ...options, session: begun.session });
    const again = await visit({ ...options, session: afterTwo.session });

    assert.deepEqual(
      [begun, resumed, afterOne, afterTwo, again].map(({ isResumed }) => isResumed),
      [false, true, true, false, true],
    );
  });
}

test('keys of a stranger, and rubbish in place of a ticket, cost a full handshake and no more', async (t) => {
  const front = await startTlsFront(t, {});
  const other = await startTlsFront(t, {});
  const { session } = await visit({ port: other.port() });

  const { isResumed } = await visit({ port: front.port(), session });

  assert.equal(isResumed, false);
});

test('certificates and ticket keys change a hundred times under load, and no handshake fails', async (t) => {
  const certificates = [90, 80, 70].map((untilDays) => testCertificate([HOST], { untilDays }));
  const site = await startTlsFront(t, { certificates: { shop: certificates[0]! } });
  const settings = site.settingsFrom(YAML);
  const port = site.port();

  let isOver = false;
  let handshakes = 0;
  let resumptions = 0;
  const failures: string[] = [];
  const clients = Array.from({ length: 6 }, async (_, i) => {
    const version = i % 2 === 0 ? 'TLSv1.3' : 'TLSv1.2';
    let session: Buffer | undefined;
    while (!isOver) {
      try {
        const visited = await visit({
          port,
          maxVersion: version,
          ...(session === undefined ? {} : { session }),
        });
        handshakes += 1;
        if (visited.isResumed) resumptions += 1;
        session = visited.session;
      } catch (error) {
        failures.push(String(error));
      }
    }
  });
  let key = randomBytes(48);
  for (let i = 1; i <= 100; i++) {
    const next = randomBytes(48);
    site.server.setTicketKeys([next, key]);
    key = next;
    const { cert, key: privateKey } = certificates[i % 3]!;
    const [shop] = settings.certificates;
    await site.server.reload({ ...settings, certificates: [{ ...shop!, cert, key: privateKey }] });
    const before = handshakes;
    while (handshakes < before + 6 && failures.length === 0) await new Promise((done) => setImmediate(done));
  }
  isOver = true;
  await Promise.all(clients);

  assert.deepEqual(failures, []);
  assert.ok(handshakes >= 600, `${handshakes} handshakes`);
  assert.ok(resumptions > 0, 'some sessions were resumed');
  assert.ok(resumptions < handshakes, 'some began anew');
});

test('servers that share a file of keys resume the sessions of each other, and see it change', async (t) => {
  const directory = temporaryDirectory(t);
  const { cert, key } = testCertificate([HOST]);
  writeFileSync(join(directory, 'shop.pem'), cert);
  writeFileSync(join(directory, 'shop.key'), key);
  const [old, young] = [randomBytes(48), randomBytes(48)];
  writeFileSync(join(directory, 'tickets.key'), old);
  writeFileSync(
    join(directory, 'portico.yaml'),
    `workers: 2\nlog: { access: off }\nadmin: { address: "127.0.0.1:0" }\ntickets: { keys: tickets.key }\n${YAML}`,
  );
  const servers = [0, 1].map(() => new PorticoProcess(['run', '-c', join(directory, 'portico.yaml')]));
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  await Promise.all(servers.map((server) => server.ready()));
  const [first, second] = servers.map((server) => ({ port: server.port() })) as [Port, Port];

  const begun = await visit(first);
  const elsewhere = await visit({ ...second, session: begun.session });
  writeFileSync(join(directory, 'tickets.key'), Buffer.concat([young, old]));
  await Promise.all(servers.map((server) => server.line(/were taken/)));
  const afterwards = await visit({ ...second, session: begun.session });
  const fresh = await visit(first);
  writeFileSync(join(directory, 'tickets.key'), young);
  await Promise.all(servers.map((server) => server.line(/were taken/, server.lines.length)));
  const gone = await visit({ ...second, session: begun.session });
  const current = await visit({ ...second, session: fresh.session });

  assert.deepEqual(
    [begun, elsewhere, afterwards, gone, current].map(({ isResumed }) => isResumed),
    [false, true, true, false, true],
  );
  assert.match((await servers[0]!.admin('/metrics')).text, /^portico_ticket_key_changes_total 2$/m);
});

test('servers inside programs share a file of keys too, and follow it', async (t) => {
  const directory = temporaryDirectory(t);
  const { cert, key } = testCertificate([HOST]);
  writeFileSync(join(directory, 'shop.pem'), cert);
  writeFileSync(join(directory, 'shop.key'), key);
  const [old, young] = [randomBytes(48), randomBytes(48)];
  writeFileSync(join(directory, 'tickets.key'), old);
  writeFileSync(join(directory, 'portico.yaml'), `tickets: { keys: tickets.key }\n${YAML}`);
  const begin = async () => {
    const taken = Promise.withResolvers<void>();
    const info = (_: object, message: string): void => {
      if (/were taken/.test(message)) taken.resolve();
    };
    const logger = { debug() {}, info, warn() {}, error() {} };
    const server = createServer({ file: join(directory, 'portico.yaml') }, { logger });
    const [listener] = await server.start();
    t.after(() => server.close());
    return { port: listener!.port, taken: taken.promise };
  };
  const [first, second] = [await begin(), await begin()];

  const begun = await visit({ port: first.port });
  const elsewhere = await visit({ port: second.port, session: begun.session });
  writeFileSync(join(directory, 'tickets.key'), young);
  await Promise.all([first.taken, second.taken]);
  const gone = await visit({ port: second.port, session: begun.session });
  const fresh = await visit({ port: first.port, session: gone.session });

  assert.deepEqual(
    [begun, elsewhere, gone, fresh].map(({ isResumed }) => isResumed),
    [false, true, false, true],
  );
});

interface Port {
  readonly port: number;
}

const YAML = `
listen: [{ address: "127.0.0.1:0", tls: true }, { address: "localhost:0" }]
drain: 1s
certificates: [{ cert: shop.pem, key: shop.key, default: true }]
tenants: { shop: { hosts: [${HOST}], routes: [{ respond: { status: 200, body: "shop" } }] } }
`;

/** One connection with one answer, and the session that it leaves. */
async function visit(
  options: ConnectionOptions & { port: number },
): Promise<{ session: Buffer; isResumed: boolean }> {
  const socket = connect({ host: '127.0.0.1', servername: HOST, ca: testAuthority().cert, ...options });
  try {
    // On TLS 1.3 the tickets come after the handshake; a resumed session of 1.2 may bring no new one.
    const session = once(socket, 'session').then(([session]) => session as Buffer);
    session.catch(() => {});
    await once(socket, 'secureConnect');
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1.1 200/);
    const isResumed = socket.isSessionReused();
    return { session: isResumed ? (socket.getSession() ?? (await session)) : await session, isResumed };
  } finally {
    socket.destroy();
  }
}
