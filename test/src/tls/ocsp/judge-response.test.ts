import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { judgeOcspResponse } from '../../../../src/tls/ocsp/judge-response.ts';
import { encodeOcspRequest } from '../../../../src/tls/ocsp/ocsp-request.ts';
import { mustStaple, responderUrl } from '../../../../src/tls/ocsp/responder.ts';
import { OpensslAuthority, type OpensslPair } from '../../../support/openssl-authority.ts';
import { opensslMissing } from '../../../support/outside-judge.ts';

// The openssl command is the authority and the responder: nothing here is signed by our own code.

const options = { skip: opensslMissing };
const NOW = Date.now();
const MINUTE_MS = 60_000;

test('a good answer is believed, with its dates', options, (t) => {
  const { authority, leaf, judge } = site(t);

  const verdict = judge(authority.answer(leaf, { minutes: 90 }));

  assert(typeof verdict === 'object', String(verdict));
  assert.equal(verdict.status, 'good');
  assert.ok(Math.abs(verdict.thisUpdate - NOW) < MINUTE_MS);
  assert.equal(verdict.until - verdict.thisUpdate, 90 * MINUTE_MS);
});

test('an answer with ids of SHA-256 is understood too', options, (t) => {
  const { authority, leaf, judge } = site(t);
  const verdict = judge(authority.answer(leaf, { args: ['-sha256'] }));

  assert.equal(statusOf(verdict), 'good');
});

test('a revoked certificate is told as such, and one that the responder does not know', options, (t) => {
  const { authority, leaf, judge } = site(t);
  authority.revoke(leaf);

  assert.equal(statusOf(judge(authority.answer(leaf))), 'revoked');
  authority.forget(leaf);
  assert.equal(statusOf(judge(authority.answer(leaf))), 'unknown');
});

test('the word of a responder that the issuer has appointed is as good as its own', options, (t) => {
  const { authority, leaf, judge } = site(t);
  const responder = authority.issue('responder.example', ['extendedKeyUsage=OCSPSigning']);

  assert.equal(statusOf(judge(authority.answer(leaf, { signer: responder }))), 'good');
});

test(
  'nobody else is believed: not a site of the same issuer, not another authority, not a responder of another',
  options,
  (t) => {
    const { authority, leaf, judge } = site(t);
    const other = new OpensslAuthority(t);
    const impostors: OpensslPair[] = [
      authority.issue('site.example'),
      authority.issue('site.example', ['extendedKeyUsage=serverAuth']),
      other.ca,
      other.issue('responder.example', ['extendedKeyUsage=OCSPSigning']),
    ];

    for (const signer of impostors) {
      assert.match(String(judge(authority.answer(leaf, { signer }))), /signed neither by the issuer/);
    }
  },
);

test('an answer is used within its dates only', options, (t) => {
  const { authority, leaf, judge } = site(t);
  const answer = authority.answer(leaf, { minutes: 60 });

  assert.equal(statusOf(judge(answer, NOW + 59 * MINUTE_MS)), 'good');
  assert.equal(judge(answer, NOW + 61 * MINUTE_MS), 'it has expired');
  assert.match(String(judge(answer, NOW - 10 * MINUTE_MS)), /of the future/);
});

test('an answer about another certificate of the same issuer is none', options, (t) => {
  const { authority, judge } = site(t);
  const neighbour = authority.issue('neighbour.example');

  assert.match(String(judge(authority.answer(neighbour))), /about another certificate/);
});

test('a hash that is broken proves nothing', options, (t) => {
  const { authority, leaf, judge } = site(t);

  assert.match(String(judge(authority.answer(leaf, { args: ['-rmd', 'sha1'] }))), /not known or broken/);
});

test('no change of any octet makes another answer that is believed, and none throws', options, (t) => {
  const { authority, leaf, judge } = site(t);
  const answer = authority.answer(leaf);
  const believed: number[] = [];

  for (let at = 0; at < answer.length; at++) {
    const changed = Buffer.from(answer);
    changed[at]! ^= 0x01;
    const verdict = judge(changed);
    if (typeof verdict === 'object') believed.push(at);
    assert.equal(typeof judge(answer.subarray(0, at)), 'string', `cut at ${at}`);
  }

  // What is outside of the signature (the certificate that is sent along is the authority's own) may change nothing.
  for (const at of believed) {
    const changed = Buffer.from(answer);
    changed[at]! ^= 0x01;
    assert.deepEqual(judge(changed), judge(answer));
  }
});

test('errors of responders are told by name, and rubbish for what it is', options, (t) => {
  const { judge } = site(t);

  assert.match(String(judge(Buffer.from('30030a0106', 'hex'))), /unauthorized/);
  assert.match(String(judge(Buffer.from('30030a0103', 'hex'))), /tryLater/);
  assert.equal(judge(Buffer.from('<html>')), 'it is not an OCSP response');
  assert.equal(judge(Buffer.alloc(0)), 'it is not an OCSP response');
  assert.equal(judge(Buffer.alloc(60_000, '0')), 'it is not an OCSP response');
  assert.match(String(judge(Buffer.alloc(70_000))), /more than 65536 bytes/);
});

test('openssl reads our request, and finds the certificate in it that is meant', options, (t) => {
  const { authority, leaf, certificate, issuer } = site(t);
  const file = join(authority.directory, 'request.der');
  writeFileSync(file, encodeOcspRequest(certificate, issuer));

  const text = execFileSync('openssl', ['ocsp', '-reqin', file, '-req_text'], { encoding: 'utf8' });

  assert.match(text, /Hash Algorithm: sha1/);
  assert.match(text, new RegExp(`Serial Number: ${leaf.serial}`, 'i'));
});

test('the responder and the wish for a staple are read from the certificate', options, (t) => {
  const authority = new OpensslAuthority(t);
  const read = (...extensions: string[]) => {
    const certificate = new X509Certificate(authority.issue('a.example', extensions).cert);
    return [responderUrl(certificate), mustStaple(certificate)];
  };

  assert.deepEqual(read(), [undefined, false]);
  assert.deepEqual(read('authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/ocsp'), [
    'http://127.0.0.1:1/ocsp',
    false,
  ]);
  assert.deepEqual(read('authorityInfoAccess=OCSP;URI:https://127.0.0.1/'), [undefined, false]);
  assert.deepEqual(read('authorityInfoAccess=caIssuers;URI:http://127.0.0.1:1/ca'), [undefined, false]);
  assert.deepEqual(read('tlsfeature=status_request'), [undefined, true]);
  assert.deepEqual(read('tlsfeature=critical,status_request'), [undefined, true]);
  assert.deepEqual(read('tlsfeature=status_request_v2,status_request'), [undefined, true]);
  assert.deepEqual(read('tlsfeature=status_request_v2'), [undefined, false]);
});

function site(t: TestContext) {
  const authority = new OpensslAuthority(t);
  const leaf = authority.issue('shop.example');
  const certificate = new X509Certificate(leaf.cert);
  const issuer = new X509Certificate(authority.ca.cert);
  const judge = (der: Uint8Array, now = NOW) => judgeOcspResponse(der, certificate, issuer, now);
  return { authority, leaf, certificate, issuer, judge };
}

function statusOf(verdict: ReturnType<typeof judgeOcspResponse>): string {
  return typeof verdict === 'string' ? verdict : verdict.status;
}
