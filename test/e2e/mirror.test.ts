import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { startHttp2Origin } from '../support/http2-origin.ts';
import { answering, eachRequest, type OriginScript, ok, startOrigin } from '../support/origin.ts';

const BODY = randomBytes(40_000).toString('latin1');

/** What the second cluster gets of a request, whatever protocol it speaks. */
interface Copy {
  readonly line: string;
  readonly id: string;
  readonly from: string;
  readonly host: string;
  readonly body: string;
}

interface Shadow {
  readonly address: string;
  readonly cluster: string;
  readonly copies: Copy[];
  readonly connections: () => number;
}

const SHADOWS: Readonly<Record<string, (t: TestContext) => Promise<Shadow>>> = {
  'HTTP/1.1': async (t) => {
    const copies: Copy[] = [];
    const origin = await startOrigin(
      t,
      eachRequest(({ startLine, headers, body }, connection) => {
        const value = (name: string): string => headers.get(name) ?? '';
        const [id, from, host] = [value('x-request-id'), value('x-mirrored-from'), value('host')];
        copies.push({ line: startLine.replace(' HTTP/1.1', ''), id, from, host, body });
        connection.send(ok('nobody reads this'));
      }),
    );
    return { address: origin.address, cluster: '', copies, connections: () => origin.connections.length };
  },
  'HTTP/2': async (t) => {
    const copies: Copy[] = [];
    const origin = await startHttp2Origin(t, {
      script: (backend) => {
        backend.onWhole = (request) => {
          const value = (name: string): string => request.values(name).join();
          const [id, from, host] = [value('x-request-id'), value('x-mirrored-from'), value(':authority')];
          copies.push({ line: `${value(':method')} ${request.path}`, id, from, host, body: request.body });
          backend.respond(request, 200, 'nobody reads this');
        };
      },
    });
    const connections = (): number => origin.raw.connections.length;
    return { address: origin.address, cluster: 'protocol: h2c', copies, connections };
  },
};

/** Asks for GET / and then posts; gives both answers. */
const CLIENTS: Readonly<Record<string, (t: TestContext, port: number) => Promise<string[]>>> = {
  'HTTP/1.1': async (t, port) => {
    const client = await openClient(t, port);
    const first = await client.send(requestText('GET /a?b=c')).message();
    client.send(requestText('POST /post', [`content-length: ${BODY.length}`])).send(BODY);
    return [first.body, (await client.message()).body];
  },
  'HTTP/2': async (t, port) => {
    const client = await openHttp2Client(t, port);
    const first = await client.get('/a?b=c');
    return [first.body, (await client.post('/post', Buffer.from(BODY, 'latin1'))).body];
  },
};

for (const [version, ask] of Object.entries(CLIENTS)) {
  for (const [shadowVersion, startShadow] of Object.entries(SHADOWS)) {
    test(`${version} is copied to a cluster of ${shadowVersion}, on kept connections, with one line in the log`, async (t) => {
      const web = await startOrigin(t, answering(ok('from web')));
      const shadow = await startShadow(t);
      const front = await startFront(t, mirrored(web.address, shadow.address, '', shadow.cluster));

      assert.deepEqual(await ask(t, front.port()), ['from web', 'from web']);
      await front.until(() => front.mirrored.length === 4);

      assert.deepEqual(
        shadow.copies.map(({ line, from, host, body }) => ({ line, from, host, isWhole: body === BODY })),
        [
          { line: 'GET /a?b=c', from: 'web', host: 'shop.example', isWhole: false },
          { line: 'POST /post', from: 'web', host: 'shop.example', isWhole: true },
        ],
      );
      assert.deepEqual(
        front.exchanges.map(({ id }) => id),
        shadow.copies.map(({ id }) => id),
      );
      assert.equal(shadow.connections(), 1);
      assert.equal(web.text.includes('x-mirrored-from'), false);
      front.assertNothingInFlight();
    });
  }
}

/** What a second cluster can do to a copy, and what becomes of that. */
const TROUBLE: Readonly<Record<string, { script?: OriginScript; result: string }>> = {
  'ends each connection': { script: (peer) => peer.socket.destroy(), result: 'failed' },
  'resets in the middle of the request': {
    // A connection that no copy has waited for any more ends without a request.
    script: (peer) =>
      void peer.untilText('\r\n\r\n').then(
        () => peer.reset(),
        () => {},
      ),
    result: 'failed',
  },
  'resets in the middle of its answer': {
    script: eachRequest((_, peer) => {
      peer.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome');
      setImmediate(() => peer.reset());
    }),
    result: 'failed',
  },
  'sends what is no HTTP': {
    script: eachRequest((_, peer) => peer.send('nonsense\r\n\r\n')),
    result: 'failed',
  },
  'answers at once and with more than anybody reads': {
    script: (peer) => {
      peer.send(`HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 40}\r\n\r\n`);
      // What waits is told of a failed write before the socket is destroyed: who wrote on then would never end.
      const more = (error?: Error | null): void => {
        if (error == null && !peer.socket.destroyed) peer.socket.write(Buffer.alloc(65_536), more);
      };
      more();
    },
    result: 'answered',
  },
  'never answers': { result: 'failed' },
};

for (const [what, { script, result }] of Object.entries(TROUBLE)) {
  for (const [version, ask] of Object.entries(CLIENTS)) {
    test(`a second cluster that ${what} changes nothing for a client of ${version}`, async (t) => {
      const web = await startOrigin(t, answering(ok('from web')));
      const shadow = await startOrigin(t, script);
      const front = await startFront(
        t,
        mirrored(web.address, shadow.address, '', 'timeouts: { responseHeader: 200ms }'),
      );

      assert.deepEqual(await ask(t, front.port()), ['from web', 'from web']);
      await ends(front, 2);

      assert.deepEqual(outcomes(front), [result, result]);
      assert.deepEqual(
        front.exchanges.map(({ error, attempts, instance }) => [error, attempts, instance?.address.text]),
        [
          [undefined, 1, web.address],
          [undefined, 1, web.address],
        ],
      );
      front.assertNothingInFlight();
      assert.equal(front.instances('shadow')[0]!.openConnections, 0);
      assert.equal(front.instances('web')[0]!.state, 'healthy');
    });
  }
}

test('nobody there ejects the instance of the second cluster, and of no other', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  await shadow.stop();
  const front = await startFront(t, mirrored(web.address, shadow.address, '', 'health: { fail: 2 }'));
  const client = await openClient(t, front.port());

  for (let i = 1; i <= 3; i++) {
    assert.equal((await client.send(requestText('GET /')).message()).body, 'from web');
    await ends(front, i);
  }

  assert.deepEqual(outcomes(front), ['failed', 'failed', 'skipped']);
  assert.equal(front.instances('shadow')[0]!.state, 'ejected');
  assert.equal(front.instances('web')[0]!.state, 'healthy');
});

test('a copy whose answer falls silent is cut off after the idle time, and counts as answered', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const watch = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n';
  const shadow = await startOrigin(t, answering(watch));
  const cluster = 'timeouts: { idle: 50ms }, health: { fail: 1, interval: 1h }';
  const front = await startFront(t, mirrored(web.address, shadow.address, '', cluster));
  const client = await openClient(t, front.port());

  await client.send(requestText('GET /')).message();
  await ends(front, 1);

  assert.deepEqual(outcomes(front), ['answered']);
  assert.equal(front.instances('shadow')[0]!.state, 'healthy');
  assert.equal(front.instances('shadow')[0]!.openConnections, 0);
});

test('the answer is there while the copy has none', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  const front = await startFront(t, mirrored(web.address, shadow.address));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 3; i++)
    assert.equal((await client.send(requestText('GET /')).message()).body, 'from web');
  await front.until(() => front.mirrored.length === 3);

  assert.deepEqual(front.mirrored, ['sent shadow', 'sent shadow', 'sent shadow']);
  assert.equal(front.instances('shadow')[0]!.inFlight, 3);
  const copies = await Promise.all([0, 1, 2].map((i) => shadow.connection(i)));
  for (const copy of copies) copy.send(ok('late'));
  await ends(front, 3);
  front.assertNothingInFlight();
  assert.equal(front.instances('shadow')[0]!.openConnections, 3);
});

test('the copy outlives its client', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  const front = await startFront(t, mirrored(web.address, shadow.address));
  const client = await openClient(t, front.port());
  await client.send(requestText('GET /')).message();
  const copy = await shadow.next();
  client.reset();
  await front.until(() => front.closedSessions.length === 1);

  await copy.untilText('\r\n\r\n');
  copy.send(ok('late'));
  await ends(front, 1);

  assert.deepEqual(outcomes(front), ['answered']);
});

for (const [version, begin] of [
  [
    'HTTP/1.1',
    async (t: TestContext, port: number): Promise<() => void> => {
      const client = await openClient(t, port);
      client.send(requestText('POST /', ['content-length: 9'])).send('some');
      return () => client.reset();
    },
  ],
  [
    'HTTP/2',
    async (t: TestContext, port: number): Promise<() => void> => {
      const client = await openHttp2Client(t, port);
      const exchange = client.request('/', { method: 'POST', endStream: false });
      await client.sendBody(exchange, Buffer.from('some'), false);
      return () => client.peer.reset();
    },
  ],
] as const) {
  test(`a client of ${version} that goes in the middle of its body is not copied`, async (t) => {
    const web = await startOrigin(t);
    const shadow = await startOrigin(t);
    const front = await startFront(t, mirrored(web.address, shadow.address));
    const leave = await begin(t, front.port());
    await (await web.next()).untilText('some');
    leave();
    await ends(front, 1);

    assert.deepEqual(front.mirrored, ['skipped shadow']);
    assert.equal(shadow.connections.length, 0);
  });
}

test('a body above maxBody is for the first cluster alone', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  const front = await startFront(t, mirrored(web.address, shadow.address, 'maxBody: 39999'));

  assert.deepEqual(await CLIENTS['HTTP/2']!(t, front.port()), ['from web', 'from web']);
  await front.until(() => front.mirrored.length === 2);

  assert.deepEqual(front.mirrored.toSorted(), ['sent shadow', 'skipped shadow']);
  assert.equal((await web.connection(0)).text.includes(BODY.slice(-100)), true);
});

test('who waits for 100 is asked for the body once, and copied when it is there', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t, answering(ok('nobody reads this')));
  const front = await startFront(t, mirrored(web.address, shadow.address));
  const client = await openClient(t, front.port());
  client.send(requestText('POST /', ['Expect: 100-continue', 'transfer-encoding: chunked']));
  assert.match((await client.message()).startLine, / 100 /);
  client.send('4\r\nbody\r\n0\r\nx-sum: 1\r\n\r\n');

  assert.equal((await client.message()).body, 'from web');
  await ends(front, 1);

  assert.doesNotMatch(shadow.text, /expect/i);
  assert.match(shadow.text, /\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 1\r\n\r\n$/);
});

test('a WebSocket is not copied, and what comes before it is', async (t) => {
  const web = await startOrigin(
    t,
    eachRequest(({ headers }, connection) => {
      connection.send(
        headers.has('upgrade')
          ? 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
          : ok('from web'),
      );
    }),
  );
  const shadow = await startOrigin(t, answering(ok('nobody reads this')));
  const front = await startFront(t, mirrored(web.address, shadow.address));
  const client = await openClient(t, front.port());
  assert.equal((await client.send(requestText('GET /page')).message()).body, 'from web');
  const upgrade = ['Connection: upgrade', 'Upgrade: websocket'];
  assert.match((await client.send(requestText('GET /socket', upgrade)).message()).startLine, / 101 /);
  client.socket.destroy();
  await front.until(() => front.exchanges.length === 2 && outcomes(front).length === 1);

  assert.match(shadow.text, /^GET \/page /);
  assert.doesNotMatch(shadow.text, /socket/);
});

test('of a tenth of the requests there are copies', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t, answering(ok('nobody reads this')));
  const front = await startFront(t, mirrored(web.address, shadow.address, 'percent: 10'));
  const client = await openHttp2Client(t, front.port());
  for (let i = 0; i < 100; i++) await client.get('/');
  await front.until(() => front.mirrored.length >= 18);

  assert.ok(Math.abs(outcomes(front).length - 10) <= 2);
});

test('of a route that splits, each copy names the cluster that its original has gone to', async (t) => {
  const [web, next] = [
    await startOrigin(t, answering(ok('web'))),
    await startOrigin(t, answering(ok('next'))),
  ];
  const shadow = await startOrigin(t, answering(ok('nobody reads this')));
  const yaml = mirrored(web.address, shadow.address)
    .replace('cluster: web,', 'split: [{ cluster: web, weight: 1 }, { cluster: next, weight: 1 }],')
    .replace('clusters:', `clusters:\n  next: { instances: [{ address: "${next.address}" }] }`);
  const front = await startFront(t, yaml);
  const client = await openClient(t, front.port());
  const answers: string[] = [];
  for (let i = 0; i < 4; i++) {
    answers.push((await client.send(requestText('GET /')).message()).body);
    await ends(front, i + 1);
  }

  assert.deepEqual(answers.toSorted(), ['next', 'next', 'web', 'web']);
  assert.deepEqual(
    Array.from(shadow.text.matchAll(/x-mirrored-from: (\w+)/g), ([, name]) => name),
    answers,
  );
});

test('a reload that takes the second cluster away leaves its copies time to end', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  const yaml = mirrored(web.address, shadow.address);
  const front = await startFront(t, yaml);
  const client = await openClient(t, front.port());
  await client.send(requestText('GET /')).message();
  const copy = await shadow.next();

  await front.reload(yaml.replace(/, mirror: {.*?}/, '').replace(/ {2}shadow:.*\n.*\n/, ''));
  assert.deepEqual(front.instances('shadow'), []);
  await client.send(requestText('GET /')).message();
  copy.send(ok('late'));
  await ends(front, 1);

  assert.deepEqual(front.mirrored, ['sent shadow', 'answered shadow']);
  // Nobody will use its connection again.
  await copy.untilEnded();
});

test('a stop does not wait for copies', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const shadow = await startOrigin(t);
  const front = await startFront(t, mirrored(web.address, shadow.address).replace('50ms', '300h'));
  const client = await openClient(t, front.port());
  await client.send(requestText('GET /', ['Connection: close'])).message();
  const copy = await shadow.next();
  await copy.untilText('\r\n\r\n');

  await front.server.stop();

  assert.deepEqual(front.mirrored, ['sent shadow', 'failed shadow']);
  await copy.untilEnded();
});

test('a hundred copies of everything that can go wrong leave nothing behind', async (t) => {
  const web = await startOrigin(t, answering(ok('from web')));
  const scripts = Object.values(TROUBLE).map(({ script }) => script);
  let next = 0;
  const shadow = await startOrigin(t, (peer) => scripts[next++ % scripts.length]?.(peer));
  const front = await startFront(
    t,
    mirrored(web.address, shadow.address, '', 'health: { fail: 1000 }, timeouts: { responseHeader: 200ms }'),
  );
  const client = await openHttp2Client(t, front.port());

  const answers = await Promise.all(Array.from({ length: 100 }, () => client.post('/', Buffer.from(BODY))));
  assert.ok(answers.every(({ body, isWhole }) => isWhole && body === 'from web'));
  await ends(front, 100);

  front.assertNothingInFlight();
  await front.until(() => front.instances('shadow')[0]!.openConnections === 0);
});

test('conf/examples/mirror.yaml copies the half of what is searched for, all of the rest, and no payment', async (t) => {
  const [web, shadow] = [
    await startOrigin(t, answering(ok('web'))),
    await startOrigin(t, answering(ok('next'))),
  ];
  const example = readFileSync(join(import.meta.dirname, '../../conf/examples/mirror.yaml'), 'utf8');
  const front = await startFront(
    t,
    example
      .replace(':8080', '127.0.0.1:0')
      .replace('127.0.0.1:9001', web.address)
      .replace('127.0.0.1:9002', shadow.address),
  );
  const client = await openClient(t, front.port());
  const ask = async (path: string): Promise<void> => {
    assert.equal((await client.send(requestText(`GET ${path}`, [], 'localhost')).message()).body, 'web');
  };
  for (let i = 0; i < 10; i++) {
    await ask('/search/shoes');
    await ask('/checkout/pay');
    await ask('/');
  }
  await ends(front, 15);

  const count = (line: string): number => shadow.text.split(line).length - 1;
  assert.deepEqual([count('GET /search/shoes'), count('GET / '), count('GET /checkout')], [5, 10, 0]);
});

/** Waits until so many copies are over. */
function ends(front: TestFront, copies: number): Promise<void> {
  return front.until(() => outcomes(front).length === copies, `the end of ${copies} copies`);
}

function outcomes({ mirrored }: TestFront): string[] {
  return mirrored.map((text) => text.split(' ')[0]!).filter((result) => result !== 'sent');
}

/** Cluster `web`, mirrored to `shadow`; further keys of the mirror and of the second cluster. */
function mirrored(web: string, shadow: string, mirror = '', cluster = ''): string {
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
defaultTenant: shop
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web, mirror: { cluster: shadow, ${mirror} } }] }
clusters:
  web: { instances: [{ address: "${web}" }] }
  shadow:
    { instances: [{ address: "${shadow}" }], ${cluster} }
`;
}
