import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBlocks } from '../../../src/core/address-blocks.ts';
import type { TlsClient } from '../../../src/core/session.ts';
import { forwardedFor } from '../../../src/route/client-address.ts';
import { addressText } from '../../../src/route/condition/address-key.ts';
import type { SeenBody } from '../../../src/route/json-body.ts';
import { type RequestOrigin, RequestSubject } from '../../../src/route/request-subject.ts';

const TRUSTED = new AddressBlocks(['10.0.0.0/8', '2001:db8::/32']);

interface Said {
  readonly remoteAddress?: string;
  readonly serverName?: string;
  readonly client?: TlsClient;
  readonly authority?: string;
  readonly version?: '1.0' | '1.1' | '2';
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly bodyLength?: number;
  readonly body?: SeenBody;
}

function subjectOf(said: Said = {}): RequestSubject {
  const { remoteAddress = '192.0.2.1', serverName, client, authority = 'h', version = '1.1' } = said;
  const tls = serverName === undefined ? undefined : { serverName, client };
  const origin: RequestOrigin = {
    session: { remoteAddress, localAddress: '192.0.2.9', tls },
    head: { method: 'GET', authority, version, bodyLength: said.bodyLength ?? 0, upgrade: '' },
    path: said.path ?? '/',
    requestHeaders: said.headers ?? [],
    body: said.body,
  };
  return new RequestSubject(origin, 'h', TRUSTED, { wall: () => 42 });
}

test('the port is the one of the host, or what the scheme implies', () => {
  assert.equal(subjectOf({ authority: 'h:8080' }).port, 8080);
  assert.equal(subjectOf({ authority: '[::1]:8080' }).port, 8080);
  assert.equal(subjectOf().port, 80);
  assert.equal(subjectOf({ authority: '' }).port, 80);
  assert.equal(subjectOf({ serverName: '' }).port, 443);
});

test('a body is asked for only where one of JSON may come', () => {
  const headers = ['content-type', 'application/json'];
  const asked = (said: Said): [string | undefined, wants: boolean] => {
    const subject = subjectOf(said);
    return [subject.bodyValue('a'), subject.wantsBody];
  };

  assert.deepEqual(asked({ headers }), [undefined, false]);
  assert.deepEqual(asked({ bodyLength: 7 }), [undefined, false]);
  assert.deepEqual(asked({ headers, bodyLength: 7 }), [undefined, true]);
  assert.deepEqual(asked({ headers, bodyLength: 7, body: { whole: Buffer.from('{"a":1}') } }), ['1', false]);
  assert.deepEqual(asked({ headers, bodyLength: 7, body: { whole: undefined } }), [undefined, false]);
});

test('the protocol tells versions apart, and plain from TLS', () => {
  assert.equal(subjectOf({ version: '1.0' }).protocol, 'HTTP/1.0');
  assert.equal(subjectOf({ version: '1.1' }).protocol, 'HTTP/1.1');
  assert.equal(subjectOf({ version: '2' }).protocol, 'h2c');
  assert.equal(subjectOf({ version: '1.0', serverName: 'h' }).protocol, 'https');
  assert.equal(subjectOf({ version: '1.1', serverName: 'h' }).protocol, 'https');
  assert.equal(subjectOf({ version: '2', serverName: 'h' }).protocol, 'h2');
});

test('the path is decoded, and no dot-segment is left to hide behind', () => {
  assert.equal(subjectOf({ path: '/a%20b?c=%20' }).path, '/a b');
  assert.equal(subjectOf({ path: '/x/%2e%2e/admin' }).path, '/admin');
  assert.equal(subjectOf({ path: '/admin%2Fx' }).path, '/admin/x');
  assert.equal(subjectOf({ path: '/caf%C3%A9' }).path, '/caf\xc3\xa9');
  assert.equal(subjectOf({ path: '/a%2541' }).path, '/a%41');
  assert.equal(subjectOf({ path: '/a%zz' }).path, '/a%zz');
  assert.equal(subjectOf({ path: '/a%20b?c=%20' }).url, '/a%20b?c=%20');
});

test('query, cookies and headers are read from what was sent', () => {
  const subject = subjectOf({ path: '/?a=1', headers: ['x-a', '1', 'x-a', '2', 'cookie', 'c=1'] });

  assert.equal(subject.query.get('a'), '1');
  assert.equal(subject.query, subject.query);
  assert.equal(subject.cookies.get('c'), '1');
  assert.equal(subject.cookies, subject.cookies);
  assert.equal(subject.header('x-a'), '1');
  assert.equal(subjectOf().query.size, 0);
});

test('only asking for the time makes an answer that must not be remembered', () => {
  const subject = subjectOf({ serverName: 'h', headers: ['cookie', 'a=1', 'x-forwarded-for', '192.0.2.7'] });
  for (const key of [
    'method',
    'protocol',
    'isSecure',
    'host',
    'port',
    'url',
    'path',
    'query',
    'cookies',
  ] as const)
    assert.notEqual(subject[key], undefined);
  for (const key of [
    'clientAddress',
    'peerAddress',
    'virtualAddress',
    'serverName',
    'isFromTrusted',
  ] as const)
    assert.notEqual(subject[key], undefined);
  subject.header('x-a');
  assert.equal(subject.isRepeatable, true);

  assert.equal(subject.now, 42);
  assert.equal(subject.isRepeatable, false);
});

test('the client is the peer, or whom a trusted peer names', () => {
  const client = (remoteAddress: string, ...forwarded: string[]) => {
    const headers = forwarded.flatMap((value) => ['x-forwarded-for', value]);
    const { clientAddress, isFromTrusted } = subjectOf({ remoteAddress, headers });
    return [clientAddress && addressText(clientAddress), isFromTrusted];
  };

  assert.deepEqual(client('192.0.2.1'), ['192.0.2.1', false]);
  assert.deepEqual(client('::ffff:192.0.2.1', '10.0.0.1'), ['192.0.2.1', false]);
  assert.deepEqual(client('10.0.0.1', '192.0.2.7'), ['192.0.2.7', true]);
  assert.deepEqual(client('::ffff:10.0.0.1', '192.0.2.7'), ['192.0.2.7', true]);
  assert.deepEqual(client('2001:db8::1', '2001:DB9::0:7'), ['2001:db9::7', true]);
  assert.deepEqual(client('10.0.0.1'), [undefined, true]);
  assert.deepEqual(client(''), [undefined, false]);
});

test('of forwarded addresses the last that is not trusted counts, whatever stands before it', () => {
  const forwarded = (...values: string[]) => {
    const address = forwardedFor(
      values.flatMap((value) => ['x-forwarded-for', value, 'x-other', '192.0.2.200']),
      TRUSTED,
    );
    return address && addressText(address);
  };

  assert.equal(forwarded('192.0.2.1, 192.0.2.2'), '192.0.2.2');
  assert.equal(forwarded('192.0.2.1,192.0.2.2 ,\t10.1.1.1,10.2.2.2'), '192.0.2.2');
  assert.equal(forwarded('192.0.2.1', '192.0.2.2, 10.0.0.1', '10.0.0.2'), '192.0.2.2');
  assert.equal(forwarded('10.0.0.3, 10.0.0.2', '10.0.0.1'), '10.0.0.3');
  assert.equal(forwarded('nonsense, 192.0.2.2'), '192.0.2.2');
  for (const unreadable of [
    '192.0.2.1, nonsense',
    '192.0.2.1, ',
    '',
    ',',
    '192.0.2.1, unknown, 10.0.0.1',
    '192.0.2.1:80',
  ])
    assert.equal(forwarded(unreadable), undefined, unreadable);
});

test('the authority of a client is that of a verified certificate', () => {
  const certificate = {
    subject: 'CN=till 7',
    issuer: 'CN=CA,O=X',
    issuerName: 'CA',
    serial: '0A',
    fingerprint: 'ab',
  };
  const asked = { mode: 'request', ca: '', crls: [], headers: false } as const;
  const client = { asked, isVerified: true, reason: '', certificate };
  const authorityOf = (changes: Partial<TlsClient>) =>
    subjectOf({ serverName: 'h', client: { ...client, ...changes } }).clientAuthority;

  assert.equal(authorityOf({}), 'CA');
  assert.equal(authorityOf({ isVerified: false }), undefined);
  assert.equal(authorityOf({ isVerified: false, certificate: undefined }), undefined);
  assert.equal(subjectOf({ serverName: 'h' }).clientAuthority, undefined);
  assert.equal(subjectOf({}).clientAuthority, undefined);
});
