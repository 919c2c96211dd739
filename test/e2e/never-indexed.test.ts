import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders, sensitiveHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { plainConfig, startFront } from '../support/front.ts';
import { H2C } from '../support/http2-origin.ts';

// RFC 7541, section 6.2.3: what came as a never-indexed literal is forwarded as one. node:http2 tells of it, and lets mark it.

test('fields that client and instance mark as never to be indexed are forwarded so', async (t) => {
  const asked: IncomingHttpHeaders[] = [];
  const server = createServer();
  server.on('stream', (stream, headers) => {
    asked.push(headers);
    stream.respond({ ':status': 200, 'x-token': 'b', 'x-open': 'c', [sensitiveHeaders]: ['x-token'] });
    stream.end('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const front = await startFront(t, plainConfig([address], '', H2C));
  const session = connect(`http://127.0.0.1:${front.port()}`);
  t.after(() => session.destroy());

  const answers: IncomingHttpHeaders[] = [];
  for (const path of ['/one', '/two']) {
    const stream = session.request({
      ':path': path,
      'x-secret': 'a',
      'x-open': 'd',
      [sensitiveHeaders]: ['x-secret', ':path'],
    });
    stream.resume();
    const [[headers]] = await Promise.all([once(stream, 'response'), once(stream, 'end')]);
    answers.push(headers);
  }

  for (const headers of asked) assert.deepEqual(marked(headers), [':path', 'x-secret']);
  for (const headers of answers) assert.deepEqual(marked(headers), ['x-token']);
  assert.deepEqual([asked.length, answers.length], [2, 2]);
});

function marked(headers: IncomingHttpHeaders): unknown {
  return Reflect.get(headers, sensitiveHeaders);
}
