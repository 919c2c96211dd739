import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readRecordedRequest } from '../../../src/explain/recorded-request.ts';

const NOW = Date.parse('2026-11-20T00:00:00Z');

function read(line: string) {
  return readRecordedRequest(line, NOW);
}

function logged(fields: object): string {
  return JSON.stringify({
    type: 'access',
    time: '2026-11-20T12:04:31.107Z',
    client: '192.0.2.7:51234',
    method: 'GET',
    host: 'shop.example:8080',
    path: '/cart?a=b',
    ...fields,
  });
}

describe('a line of a list', () => {
  const request = {
    scheme: 'http',
    authority: 'shop.example',
    method: 'GET',
    path: '/cart?a=b',
    headers: [],
    serverName: '',
    clientIp: undefined,
    vip: undefined,
    at: NOW,
  };

  it('is a URL, or a method and a URL', () => {
    assert.deepEqual(read('http://shop.example/cart?a=b\r'), request);
    assert.deepEqual(read('  PUT  https://Shop.example/cart?a=b'), {
      ...request,
      scheme: 'https',
      authority: 'Shop.example',
      method: 'PUT',
      serverName: 'shop.example',
    });
  });

  it('may be empty, or a comment', () => {
    for (const line of ['', '  \r', '# GET http://shop.example/']) assert.equal(read(line), undefined);
  });

  it('is complained of otherwise', () => {
    assert.match(String(read('GET /cart')), /a URL is needed/);
    assert.match(String(read('shop.example')), /not an http or https URL/);
    assert.match(String(read('GET http://a/ HTTP/1.1')), /a method and a URL or path, and nothing else/);
  });
});

describe('a line of the access log', () => {
  const request = {
    scheme: 'http',
    method: 'GET',
    authority: 'shop.example:8080',
    path: '/cart?a=b',
    headers: [],
    serverName: '',
    clientIp: '192.0.2.7',
    vip: undefined,
    at: Date.parse('2026-11-20T12:04:31.107Z'),
  };

  it('is the request that was made, at its time', () => {
    assert.deepEqual(read(logged({})), request);
    assert.deepEqual(
      read(
        logged({
          client: '[2001:db8::7]:1',
          tls: 'TLSv1.3',
          sni: 'M.shop.example',
          userAgent: 'u',
          referer: 'r',
        }),
      ),
      {
        ...request,
        scheme: 'https',
        serverName: 'm.shop.example',
        clientIp: '2001:db8::7',
        headers: [
          ['user-agent', 'u'],
          ['referer', 'r'],
        ],
      },
    );
  });

  it('has the host of the handshake where the client sent none', () => {
    assert.deepEqual(read(logged({ host: '', tls: 'TLSv1.3', sni: 'shop.example' })), {
      ...request,
      scheme: 'https',
      authority: 'shop.example',
      serverName: 'shop.example',
    });
    assert.deepEqual(read(logged({ host: '' })), { ...request, authority: '' });
  });

  it('is a connection to a name, where streams come by TLS', () => {
    const stream = { type: 'stream', method: undefined, host: undefined, path: undefined };
    const relayed = {
      ...request,
      scheme: 'https',
      authority: 'feed.example',
      path: '/',
      serverName: 'feed.example',
    };
    for (const way of ['terminated', 'passthrough'])
      assert.deepEqual(read(logged({ ...stream, way, sni: 'feed.example' })), relayed);
    assert.equal(read(logged({ ...stream, way: 'listener' })), undefined);
    assert.equal(read(logged({ ...stream, way: 'terminated', sni: '' })), undefined);
  });

  it('is passed over where no request was made, or none that routes see, or not all of it was logged', () => {
    for (const fields of [
      { type: 'refused' },
      { method: 'OPTIONS', path: '*' },
      { path: `/${'x'.repeat(2047)}…` },
      { host: `${'x'.repeat(2048)}…` },
      { method: undefined },
    ])
      assert.equal(read(logged(fields)), undefined, JSON.stringify(fields));
    const request = read(logged({ userAgent: 'Mozil…' }));
    assert.ok(typeof request === 'object' && request.headers.length === 0);
  });

  it('is complained of where it is none', () => {
    assert.match(String(read('{"type":"access"')), /begins like JSON and is none/);
    assert.match(String(read('{"level":"info"}')), /not a line of the access log/);
    assert.match(String(read('{"type":7}')), /not a line of the access log/);
  });

  it('never makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.object().map(logged)), (line) => {
        read(line);
      }),
    );
  });
});
