import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMisdirected, namesHost } from '../../../src/route/misdirected.ts';

const tls = (serverName: string, ...certificateHosts: string[]) => ({ serverName, certificateHosts });

test('serves every host on a plain connection and on one without SNI', () => {
  assert.equal(isMisdirected(undefined, 'a.example'), false);
  assert.equal(isMisdirected(tls('', 'b.example'), 'a.example'), false);
});

test('serves the name asked for by SNI whatever the certificate says', () => {
  assert.equal(isMisdirected(tls('a.example', 'default.example'), 'a.example'), false);
});

test('serves every other name of the certificate that was shown', () => {
  assert.equal(isMisdirected(tls('a.example', 'a.example', 'b.example'), 'b.example'), false);
  assert.equal(isMisdirected(tls('a.example', '*.example'), 'b.example'), false);
});

test('finds requests for all other hosts misdirected', () => {
  for (const host of ['b.example', 'x.a.example', '', 'example', '127.0.0.1']) {
    assert.equal(isMisdirected(tls('a.example', 'a.example', '*.c.example'), host), true, host);
  }
});

test('lets a wildcard stand for exactly one label', () => {
  assert.equal(namesHost(['*.a.example'], 'x.a.example'), true);
  assert.equal(namesHost(['*.a.example'], 'x.y.a.example'), false);
  assert.equal(namesHost(['*.a.example'], 'a.example'), false);
  assert.equal(namesHost(['*.a.example'], '.a.example'), false);
});
