import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { it } from 'node:test';
import { ALERT } from '../../../protocols/tls/errors.ts';
import { encodeAlert } from '../../../protocols/tls/record.ts';

it('encodes an alert as one fatal plaintext record', () => {
  assert.deepEqual(encodeAlert(ALERT.decodeError), Buffer.from('15030100020232', 'hex'));
});
