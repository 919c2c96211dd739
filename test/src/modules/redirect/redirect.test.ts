import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestHeadFields } from '../../../../protocols/http/message.ts';
import type { RedirectTarget } from '../../../../src/core/module-settings.ts';
import type { RequestFacts } from '../../../../src/core/request-facts.ts';
import { createRedirect } from '../../../../src/modules/redirect/redirect.ts';
import { requestFacts } from '../../../support/finished-exchange.ts';

const PIECES = {
  kind: 'pieces',
  scheme: undefined,
  host: undefined,
  port: undefined,
  path: undefined,
  query: undefined,
} as const;

/** Undefined: it goes on. */
function location(
  to: RedirectTarget,
  head: Partial<RequestHeadFields>,
  facts: Partial<RequestFacts> = {},
): string | undefined {
  const answer = createRedirect({ kind: 'redirect', status: 308, to }).decide!(requestFacts(head, facts));
  if (answer.kind === 'continue') return undefined;
  assert.ok(answer.kind === 'redirect' && answer.status === 308);
  return answer.url;
}

const HEAD = { authority: 'a.example:8080', path: '/x/y?z=1' };

for (const [pieces, expected] of [
  [{ scheme: 'https' }, 'https://a.example/x/y?z=1'],
  [{ scheme: 'https', port: 8443 }, 'https://a.example:8443/x/y?z=1'],
  [{ scheme: 'http' }, undefined],
  [{ host: 'b.example' }, 'http://b.example/x/y?z=1'],
  [{ port: 81 }, 'http://a.example:81/x/y?z=1'],
  [{ path: '/new%{path}' }, 'http://a.example:8080/new/x/y?z=1'],
  [{ query: '' }, 'http://a.example:8080/x/y'],
  [{ query: 'from=%{host}&%{query}' }, 'http://a.example:8080/x/y?from=a.example&z=1'],
] as const) {
  test(`with ${JSON.stringify(pieces)} http://a.example:8080/x/y?z=1 leads to ${expected}`, () => {
    assert.equal(location({ ...PIECES, ...pieces }, HEAD), expected);
  });
}

for (const host of ['', 'a b', 'evil.example%2f', '//evil.example', '@evil.example', 'a?b', '\xe9']) {
  test(`nobody is sent to the host ${JSON.stringify(host)}, which a client has chosen`, () => {
    const to = { ...PIECES, host: '%{header:x}' };

    assert.equal(location(to, { ...HEAD, headers: ['x', host] }), undefined);
    assert.equal(location(to, { ...HEAD, headers: ['x', '[::1]'] }), 'http://[::1]/x/y?z=1');
  });
}

test('nobody is sent to a host in which what stands for a variable is missing', () => {
  const host = '%{query:shop}.shop.example';
  const to = { ...PIECES, host };

  for (const path of ['/', '/?shop=', '/?shop=a.']) {
    assert.equal(location(to, { ...HEAD, path }), undefined, path);
    assert.equal(location({ kind: 'url', url: `https://${host}/` }, { ...HEAD, path }), undefined, path);
  }
  assert.equal(location(to, { ...HEAD, path: '/?shop=a' }), 'http://a.shop.example/?shop=a');
});

test('what is asked for by IPv6 address keeps its brackets', () => {
  assert.equal(
    location({ ...PIECES, scheme: 'https' }, { authority: '[::1]:8080', path: '/' }),
    'https://[::1]/',
  );
});

for (const [url, head, expected] of [
  ['https://www.example.org%{uri}', HEAD, 'https://www.example.org/x/y?z=1'],
  ['https://%{host}%{uri}', HEAD, 'https://a.example/x/y?z=1'],
  ['/new', HEAD, 'http://a.example:8080/new'],
  ['%{path}', { ...HEAD, path: '//evil.example/?q' }, 'http://a.example:8080//evil.example/'],
  ['http://a.example:8080%{uri}', HEAD, undefined],
  ['https://%{host}%{uri}', { authority: '[0::1]:8080', path: '/x' }, 'https://[::1]/x'],
  ['https://%{host}%{uri}', { authority: '', path: '/x' }, undefined],
  ['/?q=%{header:x}', { ...HEAD, headers: ['x', 'a b\xe9#'] }, 'http://a.example:8080/?q=a%20b%E9#'],
] as const) {
  test(`${url} leads from ${head.path} to ${expected}`, () => {
    assert.equal(location({ kind: 'url', url }, head), expected);
  });
}

test('a request without a host goes on where the target has none either', () => {
  const head = { authority: '', path: '/', version: '1.0' } as const;

  assert.equal(location({ ...PIECES, scheme: 'https' }, head), undefined);
  assert.equal(location({ kind: 'url', url: '/new' }, head), undefined);
  assert.equal(location({ ...PIECES, host: 'b.example' }, head), 'http://b.example/');
});

test('https by the word of a load balancer is https', () => {
  assert.equal(location({ ...PIECES, scheme: 'https' }, HEAD, { scheme: 'https' }), undefined);
});

test('whatever a client sends, it is sent to a URL, on the host it has asked for', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(visible, visible, (path, value) => {
      const head = { authority: 'a.example', path: `/${path}`, headers: ['x', value] };
      for (const to of [
        { kind: 'url', url: '%{uri}' },
        { kind: 'url', url: '/%{header:x}' },
        { ...PIECES, scheme: 'https' },
        { ...PIECES, path: '/%{header:x}', query: '%{header:x}' },
      ] as const) {
        const url = location(to, head);
        if (url === undefined) continue;
        assert.match(url, /^https?:\/\/a\.example\/[\x21-\x7e]*$/);
        assert.equal(new URL(url).host, 'a.example');
      }
    }),
  );
});
