import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import type { MessageContext, PlainMessage } from '../support/http1-message.ts';
import { answering, eachRequest, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// Framing never passes through: each side gets the message framed anew, as that side can read it.

const CHUNKED = 'transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n';

interface Down {
  /** What the backend sends behind its status line; it then closes where that ends the body. */
  readonly fields: string;
  readonly closes?: boolean;
  /** Framing field that an HTTP/1.1 client gets, and one of HTTP/1.0; undefined: the end of the connection. */
  readonly to11: string;
  readonly to10: string | undefined;
}

const DOWN: Readonly<Record<string, Down>> = {
  'a sized response': {
    fields: 'content-length: 5\r\n\r\nhello',
    to11: 'content-length: 5',
    to10: 'content-length: 5',
  },
  'a chunked response': { fields: CHUNKED, to11: 'transfer-encoding: chunked', to10: undefined },
  'a response until close': {
    fields: '\r\nhello',
    closes: true,
    to11: 'transfer-encoding: chunked',
    to10: undefined,
  },
};

for (const [kind, { fields, closes, to11, to10 }] of Object.entries(DOWN)) {
  for (const backendVersion of fields === CHUNKED ? ['1.1'] : ['1.1', '1.0']) {
    test(`${kind} of an HTTP/${backendVersion} backend reaches clients of both versions whole`, async (t) => {
      const script = eachRequest((_request, connection) => {
        connection.send(`HTTP/${backendVersion} 200 OK\r\n${fields}`);
        if (closes === true) connection.socket.end();
      });
      const origin = await startOrigin(t, script);
      const front = await startFront(t, plainConfig([origin.address]));

      const modern = await ask(t, front.port(), requestText('GET /'));
      const old = await ask(t, front.port(), 'GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');

      assert.equal(modern.body, 'hello');
      assert.equal(framingOf(modern), to11);
      assert.equal(old.body, 'hello');
      assert.equal(framingOf(old), to10);
      assert.equal(old.headers.get('connection'), 'close');
      assert.equal(front.exchanges[0]?.bytesOut, 5);
    });
  }
}

test('an HTTP/1.0 client that asks for it keeps its connection over sized responses', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  for (let i = 0; i < 2; i++) {
    client.send('GET / HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n');
    const answer = await client.message();
    assert.equal(answer.headers.get('connection'), 'keep-alive');
    assert.equal(answer.body, 'hello');
  }
});

for (const [kind, request, framing] of [
  ['a sized request', `${requestText('POST /', ['Content-Length: 5'])}hello`, 'content-length: 5'],
  [
    'a chunked request',
    `${requestText('POST /', ['Transfer-Encoding: chunked'])}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
    'transfer-encoding: chunked',
  ],
  [
    'a chunked request with extensions',
    `${requestText('POST /', ['Transfer-Encoding: CHUNKED'])}3;a=b;c="d"\r\nhel\r\n2 ;x\r\nlo\r\n000;last\r\n\r\n`,
    'transfer-encoding: chunked',
  ],
  [
    'a sized HTTP/1.0 request',
    'POST / HTTP/1.0\r\nHost: shop.example\r\nContent-Length: 5\r\n\r\nhello',
    'content-length: 5',
  ],
] as const) {
  test(`${kind} reaches the backend whole, as HTTP/1.1`, async (t) => {
    const received = Promise.withResolvers<PlainMessage>();
    const script = eachRequest((message, connection) => {
      received.resolve(message);
      connection.send(ok('thanks'));
    });
    const origin = await startOrigin(t, script);
    const front = await startFront(t, plainConfig([origin.address]));

    const answer = await ask(t, front.port(), request);
    const message = await received.promise;

    assert.equal(answer.body, 'thanks');
    assert.equal(message.startLine, 'POST / HTTP/1.1');
    assert.equal(framingOf(message), framing);
    assert.equal(message.body, 'hello');
    assert.ok(!origin.text.includes('last'), 'chunk extensions concern one connection only');
    assert.equal(front.exchanges[0]?.bytesIn, 5);
  });
}

for (const [method, expected] of [
  ['POST', 'content-length: 0'],
  ['PUT', 'content-length: 0'],
  ['PATCH', 'content-length: 0'],
  ['GET', undefined],
  ['DELETE', undefined],
] as const) {
  test(`a ${method} without a body is forwarded ${expected === undefined ? 'without framing' : 'with its length 0'}`, async (t) => {
    const origin = await startOrigin(t, answering(ok('')));
    const front = await startFront(t, plainConfig([origin.address]));

    await ask(t, front.port(), requestText(`${method} /`));
    const head = origin.text.slice(0, origin.text.indexOf('\r\n\r\n'));

    assert.equal(/^(?:content-length|transfer-encoding):.*$/m.exec(head)?.[0], expected);
  });
}

for (const [what, status, fields, expected] of [
  ['an answer to HEAD with a length', 200, 'content-length: 1234\r\n', 'content-length: 1234'],
  ['an answer to HEAD that would be chunked', 200, 'transfer-encoding: chunked\r\n', undefined],
  ['an answer to HEAD without framing', 200, '', undefined],
  ['a 304 with a length', 304, 'content-length: 1234\r\netag: "x"\r\n', 'content-length: 1234'],
  ['a 204', 204, '', undefined],
  ['a 204 that declares a length', 204, 'content-length: 0\r\n', undefined],
] as const) {
  test(`${what} has no body, and both connections go on`, async (t) => {
    const origin = await startOrigin(t, answering(`HTTP/1.1 ${status} Test\r\n${fields}\r\n`));
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());
    const method = status === 200 ? 'HEAD' : 'GET';

    for (let i = 0; i < 2; i++) {
      client.send(requestText(`${method} /${i}`));
      const answer = await client.message({ isHeadAnswer: method === 'HEAD' });
      assert.equal(answer.status, status);
      assert.equal(framingOf(answer), expected);
    }

    assert.equal(client.rest, '');
    assert.equal(origin.connections.length, 1);
  });
}

test('a body that comes in pieces of one byte passes both ways', async (t) => {
  const body = 'the quick brown fox';
  const chunks = [...body].map((char) => `1\r\n${char}\r\n`).join('');
  const received = Promise.withResolvers<PlainMessage>();
  const script = eachRequest((message, connection) => {
    received.resolve(message);
    connection.send(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n`);
    void sendByteByByte(connection, `${chunks}0\r\n\r\n`);
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  await sendByteByByte(client, `${requestText('POST /', ['Transfer-Encoding: chunked'])}${chunks}0\r\n\r\n`);
  const answer = await client.message();

  assert.equal((await received.promise).body, body);
  assert.equal(answer.body, body);
});

test('trailers pass both ways, without those that would frame or route', async (t) => {
  const received = Promise.withResolvers<PlainMessage>();
  const script = eachRequest((message, connection) => {
    received.resolve(message);
    connection.send(
      'HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\nx-twice: a\r\nx-twice: b\r\n\r\n',
    );
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(
    `${requestText('POST /', ['Transfer-Encoding: chunked', 'TE: trailers', 'Trailer: x-digest'])}2\r\nhi\r\n0\r\nX-Digest: abc\r\n\r\n`,
  );
  const answer = await client.message();

  assert.equal((await received.promise).trailers, 'x-digest: abc');
  assert.equal(answer.trailers, 'x-sum: 42\r\nx-twice: a\r\nx-twice: b');
});

test('trailers of a request do not tell a backend who asks, or by what right', async (t) => {
  const received = Promise.withResolvers<PlainMessage>();
  const origin = await startOrigin(
    t,
    eachRequest((message, connection) => {
      received.resolve(message);
      connection.send(ok('thanks'));
    }),
  );
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const forged = [
    'x-forwarded-for',
    'X_Forwarded_Host',
    'x-request-id',
    'x-client-cert-verified',
    'Cookie',
    'authorization',
  ];

  client.send(
    `${requestText('POST /', ['Transfer-Encoding: chunked'])}2\r\nhi\r\n0\r\nx-digest: abc\r\n${forged.map((name) => `${name}: me\r\n`).join('')}x-sum: 42\r\n\r\n`,
  );
  await client.message();

  assert.equal((await received.promise).trailers, 'x-digest: abc\r\nx-sum: 42');
});

test('trailers of a chunked response are dropped for an HTTP/1.0 client', async (t) => {
  const origin = await startOrigin(
    t,
    answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 42\r\n\r\n'),
  );
  const front = await startFront(t, plainConfig([origin.address]));

  const answer = await ask(t, front.port(), 'GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');

  assert.equal(answer.body, 'ok');
});

test('a client that waits for 100 gets it when the backend is ready for its body', async (t) => {
  const origin = await startOrigin(t, answering(ok('thanks')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 5', 'Expect: 100-continue']));
  const interim = await client.message();
  client.send('hello');
  const answer = await client.message();

  assert.equal(interim.startLine, 'HTTP/1.1 100 Continue');
  assert.equal(answer.body, 'thanks');
  assert.match(origin.text, /hello$/);
});

test('a 100 of the backend is not given to the client a second time', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection.untilText('\r\n\r\n').then(() => connection.send('HTTP/1.1 100 Continue\r\n\r\n'));
    connection.untilText('hello').then(() => connection.send(ok('thanks')));
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 5', 'Expect: 100-continue']));
  await client.message();
  client.send('hello');
  const answer = await client.message();

  assert.equal(answer.status, 200);
  assert.equal(client.text.match(/100 Continue/g)?.length, 1);
});

test('a client that waits for 100 does not get it when there is nobody to take its body', async (t) => {
  const origin = await startOrigin(t);
  await origin.stop();
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 5', 'Expect: 100-continue']));
  const answer = await client.message();
  await client.untilEnded();

  assert.equal(answer.status, 502);
  assert.equal(answer.headers.get('connection'), 'close', 'whether the body will come is not known');
});

test('a backend that refuses a body before it was sent is heard, and the connection to it is not used again', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection
      .untilText('\r\n\r\n')
      .then(() => connection.send('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nno!'));
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 500000']));
  const answer = await client.message();
  const backend = await origin.next();
  await backend.untilEnded();

  assert.equal(answer.status, 413);
  assert.equal(answer.body, 'no!');
  assert.equal(front.exchanges[0]?.error, undefined);
});

test('early hints reach the client before the response, without hop-by-hop fields', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection
      .untilText('\r\n\r\n')
      .then(() =>
        connection.send(
          'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n',
        ),
      );
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const hints = await client.message();
  (await origin.next()).send(ok('at last'));
  const answer = await client.message();

  assert.equal(hints.startLine, 'HTTP/1.1 103 Early Hints');
  assert.deepEqual([...hints.headers], [['link', '</style.css>; rel=preload']]);
  assert.equal(answer.body, 'at last');
});

test('interim responses are kept from HTTP/1.0 clients', async (t) => {
  const origin = await startOrigin(
    t,
    answering(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok('hello')}`),
  );
  const front = await startFront(t, plainConfig([origin.address]));

  const answer = await ask(t, front.port(), 'GET / HTTP/1.0\r\nHost: shop.example\r\n\r\n');

  assert.equal(answer.status, 200);
  assert.equal(answer.body, 'hello');
});

/** One request on a connection of its own, and its response. */
async function ask(
  t: TestContext,
  port: number,
  request: string,
  context?: MessageContext,
): Promise<PlainMessage> {
  const client = await openClient(t, port);
  client.send(request);
  return client.message(context);
}

function framingOf({ headers }: PlainMessage): string | undefined {
  for (const name of ['content-length', 'transfer-encoding']) {
    const value = headers.get(name);
    if (value !== undefined) return `${name}: ${value}`;
  }
  return undefined;
}

/** Each byte in a packet of its own. */
async function sendByteByByte(peer: Peer, text: string): Promise<void> {
  for (const char of text) {
    peer.send(char);
    // Together in one turn they would leave together.
    await nextTurn();
  }
}
