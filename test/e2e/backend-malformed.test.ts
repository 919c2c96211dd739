import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

// A backend that does not speak HTTP/1 exactly is answered for with 502; none of what it sent reaches the client.

const HEAD = 'HTTP/1.1 200 OK\r\n';

const MALFORMED: Readonly<Record<string, string>> = {
  'is not HTTP at all': '220 mail.example ESMTP\r\n',
  'has a status line without status': 'HTTP/1.1 OK\r\ncontent-length: 0\r\n\r\n',
  'has a status of two digits': 'HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n',
  'has a status of four digits': 'HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n',
  'has a status below 100': 'HTTP/1.1 099 Early\r\ncontent-length: 0\r\n\r\n',
  'has a status above 599': 'HTTP/1.1 600 Late\r\ncontent-length: 0\r\n\r\n',
  'has a control character in its reason': 'HTTP/1.1 200 O\x00K\r\ncontent-length: 0\r\n\r\n',
  'speaks another major version': 'HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n',
  'begins with an empty line': `\r\n${HEAD}content-length: 0\r\n\r\n`,
  'ends a line in LF alone': `${HEAD}content-length: 0\n\r\n`,
  'ends its status line in LF alone': 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n',
  'has a CR inside a value': `${HEAD}x: a\rb\r\ncontent-length: 0\r\n\r\n`,
  'has NUL inside a value': `${HEAD}x: a\x00b\r\ncontent-length: 0\r\n\r\n`,
  'has a space before a colon': `${HEAD}content-length : 0\r\n\r\n`,
  'has a field line without a colon': `${HEAD}nonsense\r\ncontent-length: 0\r\n\r\n`,
  'folds a field line': `${HEAD}x: a\r\n b\r\ncontent-length: 0\r\n\r\n`,
  'has both framings': `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'declares two lengths': `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
  'declares a list of lengths': `${HEAD}content-length: 5, 5\r\n\r\nhello`,
  'declares a negative length': `${HEAD}content-length: -5\r\n\r\nhello`,
  'declares a hexadecimal length': `${HEAD}content-length: 0x5\r\n\r\nhello`,
  'has an unknown transfer coding': `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'names chunked twice': `${HEAD}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  'is HTTP/1.0 with a transfer coding': 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'has a chunked 204': 'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'switches protocols unasked':
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  'has a field line that is too long': `${HEAD}x: ${'a'.repeat(17_000)}\r\ncontent-length: 0\r\n\r\n`,
  'has too many fields': `${HEAD}${'x: y\r\n'.repeat(201)}\r\n`,
  'has a head that is too large': `${HEAD}${`x: ${'a'.repeat(8000)}\r\n`.repeat(9)}\r\n`,
  'has interim responses without end': 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17),
};

for (const [kind, bytes] of Object.entries(MALFORMED)) {
  test(`a response that ${kind} is answered with 502, and its connection is not used again`, async (t) => {
    let isBad = true;
    const origin = await startOrigin(t, (connection) => {
      if (isBad) connection.untilText('\r\n\r\n').then(() => connection.send(bytes));
      else answering(ok('well'))(connection);
    });
    const front = await startFront(t, plainConfig([origin.address]));
    const client = await openClient(t, front.port());

    client.send(requestText('GET /'));
    let answer = await client.message();
    while (answer.status < 200) answer = await client.message();
    const [first] = origin.connections;
    await first!.untilEnded();
    isBad = false;
    client.send(requestText('GET /again'));
    const again = await client.message();

    assert.equal(answer.status, 502);
    assert.match(answer.body, /malformed-response/);
    assert.equal(answer.headers.get('x-request-id'), front.exchanges[0]?.id);
    assert.equal(front.exchanges[0]?.error?.name, 'malformed-response');
    assert.equal(front.exchanges[0]?.error?.side, 'upstream');
    assert.equal(again.body, 'well');
    assert.equal(origin.connections.length, 2);
    front.assertNothingInFlight();
  });
}

test('a response that ends inside its head is answered with 502', async (t) => {
  const origin = await startOrigin(t, (connection) => {
    connection.message().then(() => connection.end(`${HEAD}content-le`));
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(front.exchanges[0]?.error?.name, 'connection-lost');
});

test('interim responses within the bound are relayed, and the final one with them', async (t) => {
  const interims = 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(16);
  const origin = await startOrigin(t, answering(interims + ok('at last')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const statuses: number[] = [];
  let answer = await client.message();
  for (; answer.status < 200; answer = await client.message()) statuses.push(answer.status);

  assert.deepEqual(
    statuses,
    Array.from({ length: 16 }, () => 102),
  );
  assert.equal(answer.body, 'at last');
});
