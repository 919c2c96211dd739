import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http1Fault } from '../../../protocols/http1/errors.ts';
import { http2Fault } from '../../../protocols/http2/errors.ts';
import { refusedRequestError } from '../../../src/downstream/http2-error.ts';
import { requestError } from '../../../src/downstream/request-error.ts';

test('the detail of an error names the rule that was broken, unless the error has its name', () => {
  assert.equal(requestError(http1Fault('bad-method')).detail, 'bad-method: the method is not a token');
  assert.equal(requestError(http1Fault('method-not-implemented')).detail, 'CONNECT is not offered');
  assert.equal(
    refusedRequestError(http2Fault('field-too-long')).detail,
    'field-too-long: a field line is too long',
  );
  assert.equal(refusedRequestError(http2Fault('head-too-large')).detail, 'the header section is too large');
});
