import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ERROR_CODE,
  errorCodeName,
  HTTP2_RULES,
  http2Fault,
  peerReset,
} from '../../../protocols/http2/errors.ts';
import { ERROR_CODES } from '../../support/http2-names.ts';

describe('faults', () => {
  it('have the codes of the RFC', () => {
    assert.deepEqual({ ...ERROR_CODE }, { ...ERROR_CODES });
    for (const [name, code] of Object.entries(ERROR_CODES)) assert.equal(errorCodeName(code), name);
    assert.equal(errorCodeName(14), '0xe');
    assert.equal(errorCodeName(0xffffffff), '0xffffffff');
  });

  it('are one shared value for each rule, which nobody can change', () => {
    for (const rule of HTTP2_RULES) {
      const fault = http2Fault(rule);
      assert.equal(fault.rule, rule);
      assert.equal(http2Fault(rule), fault);
      assert.ok(Object.isFrozen(fault));
    }
  });

  it('that are answered cost a stream and no error', () => {
    for (const { status, scope, code } of HTTP2_RULES.map(http2Fault))
      if (status !== 0) assert.deepEqual([scope, code], ['stream', ERROR_CODE.NO_ERROR]);
  });

  it('of a peer that resets tell its code', () => {
    const fault = peerReset(ERROR_CODE.REFUSED_STREAM);
    assert.equal(fault.rule, 'reset-by-peer');
    assert.equal(fault.code, 7);
    assert.equal(fault.detail, 'the peer has reset the stream: REFUSED_STREAM');
    assert.equal(http2Fault('reset-by-peer').code, ERROR_CODE.CANCEL);
  });
});
