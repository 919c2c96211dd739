import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseProtocol, confirmedName } from '../../../src/tls/alpn.ts';

describe('chooseProtocol', () => {
  it('follows the preference of the server', () => {
    assert.equal(chooseProtocol(['http/1.1', 'h2'], ['h2', 'http/1.1']), 'h2');
    assert.equal(chooseProtocol(['h2', 'http/1.1'], ['http/1.1', 'h2']), 'http/1.1');
  });

  it('takes a client without ALPN for HTTP/1.1', () => {
    assert.equal(chooseProtocol([], ['h2', 'http/1.1']), 'http/1.1');
    assert.equal(chooseProtocol([], ['h2']), undefined);
  });

  it('takes a client that offers HTTP/1.0 for one of HTTP/1.1', () => {
    assert.equal(chooseProtocol(['http/1.0'], ['h2', 'http/1.1']), 'http/1.1');
    assert.equal(chooseProtocol(['http/1.0'], ['h2']), undefined);
  });

  it('takes a client without ALPN for one of streams where there is nothing else', () => {
    assert.equal(chooseProtocol([], ['stream']), 'stream');
    assert.equal(chooseProtocol([], ['stream', 'http/1.1']), 'http/1.1');
    assert.equal(chooseProtocol([], ['stream', 'h2']), undefined);
    assert.equal(chooseProtocol(['stream'], ['h2', 'stream']), 'stream');
    assert.equal(chooseProtocol(['postgresql'], ['stream']), undefined);
  });

  it('finds nothing in common with a client that offers only strangers', () => {
    assert.equal(chooseProtocol(['spdy/3.1', 'HTTP/1.1'], ['h2', 'http/1.1']), undefined);
  });
});

describe('confirmedName', () => {
  it('is a name that the client offered', () => {
    assert.equal(confirmedName(['h2', 'http/1.1'], 'http/1.1'), 'http/1.1');
    assert.equal(confirmedName(['http/1.0'], 'http/1.1'), 'http/1.0');
    assert.equal(confirmedName([], 'http/1.1'), '');
  });
});
