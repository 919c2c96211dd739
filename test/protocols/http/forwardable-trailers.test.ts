import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardableTrailers } from '../../../protocols/http/forwardable-trailers.ts';

test('a list of which all may go on is the same list', () => {
  const trailers = ['grpc-status', '0', 'x-digest', 'abc'];

  assert.equal(forwardableTrailers(trailers), trailers);
});

test('what a header section decides is withheld, its neighbours are not', () => {
  const forged = [
    'x-forwarded-for',
    'forwarded',
    'x-client-cert-subject',
    'x_client_cert_subject',
    'content-type',
  ];
  const trailers = ['a', '1', ...forged.flatMap((name) => [name, 'x']), 'cookie', 'x', 'b', '2'];

  assert.deepEqual(forwardableTrailers(trailers), ['a', '1', 'b', '2']);
});
