import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerValue } from '../../../../protocols/http/header-list.ts';
import type { TlsClient } from '../../../../src/core/session.ts';
import { createHeaderRules } from '../../../../src/modules/header-rules/header-rules.ts';
import { requestFacts, requestHead, session } from '../../../support/finished-exchange.ts';

const CLAIM = ['x-forwarded-for', '192.0.2.1'];

/** x-forwarded-for as a backend gets it when a sender with this address claims another one. */
function forwardedFor(trusted: readonly string[], remoteAddress: string): string | undefined {
  const head = requestHead({ headers: CLAIM });
  const headers = createHeaderRules(trusted).rewriteRequest!(
    session({ remoteAddress }),
    head,
    head.headers,
    requestFacts(),
  );
  return headerValue(headers, 'x-forwarded-for');
}

for (const [trusted, address, isTrusted] of [
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.4', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['0.0.0.0/0', '::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['fe80::/10', 'fec0::1%eth0', false],
] as const) {
  test(`${address} is ${isTrusted ? '' : 'not '}trusted where ${trusted} is`, () => {
    assert.equal(forwardedFor([trusted], address), isTrusted ? `192.0.2.1, ${address}` : address);
  });
}

test('a sender whose address is not known any more is not trusted', () => {
  assert.equal(forwardedFor(['0.0.0.0/0', '::/0'], ''), '');
});

test('the same arguments give the same headers: the result may be kept', () => {
  const { rewriteRequest } = createHeaderRules([]);
  const head = requestHead({ headers: ['accept', '*/*', 'connection', 'x', 'x', '1'] });

  const first = rewriteRequest!(session(), head, head.headers, requestFacts());
  const second = rewriteRequest!(session(), head, head.headers, requestFacts());

  assert.deepEqual(first, second);
  assert.deepEqual(head.headers, ['accept', '*/*', 'connection', 'x', 'x', '1'], 'and they are left alone');
});

test('what only underscores tell from a field that is decided here is taken out', () => {
  const forged = [
    'x_forwarded_for',
    'x_request_id',
    'content_length',
    'transfer_encoding',
    'x_mirrored-from',
  ];
  const head = requestHead({ headers: [...forged, 'x_other'].flatMap((name) => [name, '1']) });

  const sent = createHeaderRules(['10.0.0.0/8']).rewriteRequest!(
    session({ remoteAddress: '10.1.2.3' }),
    head,
    head.headers,
    requestFacts(),
  );

  const names = sent.filter((_, i) => i % 2 === 0);
  assert.deepEqual(
    names.filter((name) => name.includes('_')),
    ['x_other'],
  );
});

for (const name of ['forwarded', 'x-mirrored-from']) {
  test(`${name} is passed on for trusted senders alone`, () => {
    const head = requestHead({ headers: [name, 'web'] });
    const sent = (trusted: readonly string[]): string | undefined => {
      const { rewriteRequest } = createHeaderRules(trusted);
      const from = session({ remoteAddress: '10.1.2.3' });
      return headerValue(rewriteRequest!(from, head, head.headers, requestFacts()), name);
    };

    assert.equal(sent([]), undefined);
    assert.equal(sent(['10.0.0.0/8']), 'web');
  });
}

test('over TLS the scheme is https', () => {
  const head = requestHead({ headers: [] });

  const headers = createHeaderRules([]).rewriteRequest!(session({}, {}), head, head.headers, requestFacts());

  assert.equal(headerValue(headers, 'x-forwarded-proto'), 'https');
});

test('a request without Host is forwarded without x-forwarded-host', () => {
  const head = requestHead({ headers: [], authority: '', version: '1.0' });

  const headers = createHeaderRules([]).rewriteRequest!(session(), head, head.headers, requestFacts());

  assert.equal(headerValue(headers, 'x-forwarded-host'), undefined);
  assert.equal(headerValue(headers, 'via'), '1.0 portico');
});

test('without trusted senders nothing is asked of a request before it is forwarded', () => {
  assert.deepEqual(createHeaderRules([]).handlers, {});
});

const TILL = {
  asked: { mode: 'require', ca: '', crls: [], headers: true },
  isVerified: true,
  reason: '',
  certificate: { subject: 'CN=till 7', issuer: 'CN=CA', issuerName: 'CA', serial: '0A', fingerprint: 'ab' },
} as const;

/** The x-client-* fields that a backend gets. */
function clientFields(client: TlsClient | undefined, sent: readonly string[], asksClients = true): string[] {
  const head = requestHead({ headers: sent });
  const headers = createHeaderRules([], asksClients).rewriteRequest!(
    session({}, { client }),
    head,
    head.headers,
    requestFacts(),
  );
  return headers.flatMap((name, i) =>
    i % 2 === 0 && /^x[-_]client/.test(name) ? [`${name}: ${headers[i + 1]}`] : [],
  );
}

test('a verified client is described, one that is not only denied', () => {
  assert.deepEqual(clientFields(TILL, []), [
    'x-client-cert-verified: yes',
    'x-client-cert-subject: CN=till 7',
    'x-client-cert-issuer: CN=CA',
    'x-client-cert-serial: 0A',
    'x-client-cert-fingerprint: ab',
  ]);
  assert.deepEqual(clientFields({ ...TILL, isVerified: false }, []), ['x-client-cert-verified: no']);
  assert.deepEqual(clientFields({ ...TILL, certificate: undefined }, []), ['x-client-cert-verified: no']);
  assert.deepEqual(clientFields({ ...TILL, asked: { ...TILL.asked, headers: false } }, []), []);
});

test('what a client says of its certificate is taken out where any tenant asks for one, however it is written', () => {
  const lies = [
    'x-client-cert-subject',
    'a',
    'x_client_cert_verified',
    'yes',
    'x-client_cert-',
    '1',
    'x-client-cert-new',
    'b',
  ];

  assert.deepEqual(clientFields(undefined, [...lies, 'x-client-certs', 'c']), [
    'x-client_cert-: 1',
    'x-client-certs: c',
  ]);
  assert.equal(clientFields(undefined, lies, false).length, 4);
  // Connection cannot take out what is written here.
  assert.equal(clientFields(TILL, ['connection', 'x-client-cert-subject']).length, 5);
});
