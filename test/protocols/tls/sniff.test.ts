import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { sniffFirstBytes } from '../../../protocols/tls/sniff.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('sniffFirstBytes', () => {
  it('waits on every proper prefix of the HTTP/2 preface', () => {
    for (let length = 0; length < PREFACE.length; length++) {
      assert.equal(sniff(PREFACE.slice(0, length)), 'need-more', `${length} bytes`);
    }
  });

  it('knows the preface, whatever follows it', () => {
    assert.equal(sniff(PREFACE), 'http2-preface');
    assert.equal(sniff(`${PREFACE}\0\0\0\x04`), 'http2-preface');
  });

  it('gives everything that leaves the preface to HTTP/1, at the byte where it does', () => {
    for (let at = 0; at < PREFACE.length; at++) {
      assert.equal(sniff(`${PREFACE.slice(0, at)}~`), 'http1', `byte ${at}`);
    }
    assert.equal(sniff('G'), 'http1');
    assert.equal(sniff('PRI * HTTP/1.1\r\n'), 'http1');
  });

  it('knows a TLS record by its first byte', () => {
    assert.equal(sniff('\x16'), 'tls');
    assert.equal(sniff('\x16\x03\x01'), 'tls');
  });
});

function sniff(text: string): string {
  return sniffFirstBytes(Buffer.from(text, 'latin1'));
}
