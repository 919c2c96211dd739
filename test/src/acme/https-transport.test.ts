import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { httpsTransport } from '../../../src/acme/https-transport.ts';
import { createAuthority } from '../../../src/tls/local-authority.ts';
import { testAuthority, testCertificate } from '../../support/certificates.ts';

const CA = testAuthority().cert;
const NEVER = new AbortController().signal;

test('what ACME wants of a request is there, and what it wants of an answer comes back', async (t) => {
  const asked: IncomingMessage[] = [];
  let body = '';
  const url = await serve(t, (request, response) => {
    asked.push(request);
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const headers = {
        'content-type': 'Application/JSON; charset=utf-8',
        'replay-nonce': 'n',
        location: 'l',
        'retry-after': '7',
      };
      response.writeHead(201, headers).end('{}');
    });
  });

  const answer = await httpsTransport(CA, 'portico/1')({ method: 'POST', url, body: '{"ä":1}' }, NEVER);

  assert.deepEqual(answer, {
    status: 201,
    contentType: 'application/json',
    location: 'l',
    replayNonce: 'n',
    retryAfter: '7',
    body: '{}',
  });
  const { headers, method } = asked[0]!;
  assert.equal(method, 'POST');
  assert.equal(headers['content-type'], 'application/jose+json');
  assert.equal(headers['user-agent'], 'portico/1');
  assert.equal(body, '{"ä":1}');
});

test('a redirect is an answer like any other', async (t) => {
  const url = await serve(t, (_, response) =>
    response.writeHead(302, { location: 'https://evil.example/' }).end(),
  );

  const { status } = await httpsTransport(CA, 'x')({ method: 'GET', url, body: undefined }, NEVER);

  assert.equal(status, 302);
});

test('an answer without end is not read to its end', async (t) => {
  const cut = Promise.withResolvers<void>();
  const url = await serve(t, (_, response) => {
    response.on('close', () => cut.resolve());
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  });

  await assert.rejects(ask(url), {
    name: 'AcmeFailure',
    message: /cannot be asked: its answer is longer than 262144 bytes/,
  });
  await cut.promise;
});

test('an answer that breaks off is none', async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  });

  await assert.rejects(ask(url), { name: 'AcmeFailure', message: /cannot be asked/ });
});

test('a CA whose own certificate is not trusted is not spoken to, and the advice says how it can be', async (t) => {
  let isAsked = false;
  const url = await serve(t, (_, response) => {
    isAsked = true;
    response.end();
  });
  const stranger = httpsTransport(createAuthority(Date.now()).cert, 'x');

  await assert.rejects(stranger({ method: 'GET', url, body: undefined }, NEVER), {
    name: 'AcmeFailure',
    advice: /acme\.ca/,
  });
  await assert.rejects(ask(url.replace('127.0.0.1', 'localhost')), {
    name: 'AcmeFailure',
    advice: /acme\.ca/,
  });
  assert.equal(isAsked, false);
});

test('a CA that is not there is a failure with its address', async (t) => {
  const url = await serve(t, () => {});
  const closed = new URL(url);
  closed.port = '1';

  await assert.rejects(ask(closed.href), {
    name: 'AcmeFailure',
    message: /^127\.0\.0\.1:1 cannot be asked: .*ECONNREFUSED/,
  });
});

test('a request ends with its signal', async (t) => {
  const stop = new AbortController();
  const url = await serve(t, () => stop.abort());

  await assert.rejects(httpsTransport(CA, 'x')({ method: 'GET', url, body: undefined }, stop.signal), {
    name: 'AcmeFailure',
  });
});

function ask(url: string): Promise<unknown> {
  return httpsTransport(CA, 'x')({ method: 'GET', url, body: undefined }, NEVER);
}

/** An HTTPS server for 127.0.0.1; resolves to its address. */
async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const { cert, key } = testCertificate(['127.0.0.1']);
  const server = createServer({ cert, key }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/directory`;
}
