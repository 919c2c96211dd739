import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import { MAX_ANSWER_BYTES } from '../../../src/upstream/grpc-health-message.ts';
import { GrpcQuestion } from '../../../src/upstream/grpc-question.ts';

function question(host?: string): GrpcQuestion {
  return new GrpcQuestion({ kind: 'grpc', host, service: '' }, '10.0.0.1:50051');
}

test('keeps no more of an answer than its bound, however it is cut', () => {
  const whole = question();
  assert.equal(whole.data(Buffer.alloc(MAX_ANSWER_BYTES + 1), 0, MAX_ANSWER_BYTES), true);
  assert.equal(whole.data(Buffer.alloc(1), 0, 1), false);

  const cut = question();
  let taken = 0;
  while (cut.data(Buffer.alloc(100), 0, 100)) taken += 100;
  assert.equal(taken, 1000);
});

test('copies what it is shown, because the next read overwrites it', () => {
  const asked = question();
  const shared = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
  for (let i = 0; i < shared.length; i++) {
    const octet = Buffer.from([shared[i]!]);
    assert.equal(asked.data(octet, 0, 1), true);
    octet.fill(0xff);
  }

  assert.equal(asked.end(['grpc-status', '0']), true);
});

test('does not wait for the rest of what is no answer of gRPC, or has ended with its head', () => {
  const head = (status: number, ...fields: string[]): boolean | undefined =>
    question().head(new ResponseHead(status, '', fields, -1));

  assert.equal(head(200, 'content-type', 'application/grpc+proto'), undefined);
  assert.equal(head(200, 'content-type', 'text/html'), false);
  assert.equal(head(200), false);
  assert.equal(head(503, 'content-type', 'application/grpc'), false);
  assert.equal(head(200, 'content-type', 'application/grpc', 'grpc-status', '12'), false);
});

test('names the host it was told, or the address', () => {
  assert.equal(question('health.internal').request.authority, 'health.internal');
  assert.equal(question().request.authority, '10.0.0.1:50051');
});
