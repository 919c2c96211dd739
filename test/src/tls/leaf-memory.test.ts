import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { summarizeCertificate } from '../../../src/tls/certificate-summary.ts';
import { LeafMemory } from '../../../src/tls/leaf-memory.ts';
import { PairMemory } from '../../../src/tls/pair-memory.ts';
import { testCertificate } from '../../support/certificates.ts';

const A = testCertificate(['a.example'], { intermediate: true });
const B = testCertificate(['b.example']);

test('says of a leaf what its text says, and of what is none nothing', () => {
  const leaves = new LeafMemory();

  assert.deepEqual(leaves.factsOf(A.cert), {
    summary: summarizeCertificate(A.cert),
    responder: undefined,
    mustStaple: false,
  });
  assert.equal(leaves.factsOf(A.cert).summary.fingerprint, new X509Certificate(A.cert).fingerprint256);
  assert.equal(leaves.factsOf('rubbish').summary.fingerprint, '');
});

test('asks a text once, until it is forgotten', () => {
  const leaves = new LeafMemory();
  const [a, b] = [leaves.factsOf(A.cert), leaves.factsOf(B.cert)];

  leaves.keep([A.cert, 'another']);

  assert.equal(leaves.factsOf(A.cert), a);
  assert.notEqual(leaves.factsOf(B.cert), b);
  assert.deepEqual(leaves.factsOf(B.cert), b);
});

test('a check of pairs leaves behind what their leaves say, and of no others', () => {
  const memory = new PairMemory();
  const other = memory.leaves.factsOf(B.cert);
  memory.examineAll([A, { cert: 'rubbish', key: 'rubbish' }]);
  const noted = memory.leaves.factsOf(A.cert);

  memory.examineAll([A]);

  assert.equal(memory.leaves.factsOf(A.cert), noted);
  assert.deepEqual(noted, new LeafMemory().factsOf(A.cert));
  assert.notEqual(memory.leaves.factsOf(B.cert), other);
});
