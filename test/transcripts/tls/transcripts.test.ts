/**
 * Runs the Markdown files beside it: each wire block is given to a ClientHelloReader whole, byte by byte, and cut
 * once at every place, and must give the events block each time.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ClientHelloReader, type ClientHelloResult } from '../../../protocols/tls/client-hello.ts';
import { readTranscript } from '../../support/markdown-transcript.ts';
import { parseWireNotation } from '../../support/wire-notation.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.md'));

it('there are transcripts', () => {
  assert.ok(files.length >= 3);
});

for (const file of files) {
  describe(`transcript ${file}`, () => {
    for (const { title, wire, events } of readTranscript(`${import.meta.dirname}/${file}`)) {
      it(title, () => {
        const bytes = parseWireNotation(wire);
        const expected = events.trim();

        assert.equal(describeResult(new ClientHelloReader().receive(bytes)), expected);
        for (let cut = 0; cut <= bytes.length; cut++) {
          assert.equal(feed([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
        }
        assert.equal(feed([...bytes].map((byte) => Uint8Array.of(byte))), expected, 'byte by byte');
      });
    }
  });
}

function feed(chunks: readonly Uint8Array[]): string {
  const reader = new ClientHelloReader();
  let result: ClientHelloResult = { kind: 'need-more' };
  for (const chunk of chunks) {
    result = reader.receive(chunk);
    if (result.kind !== 'need-more') break;
  }
  return describeResult(result);
}

function describeResult(result: ClientHelloResult): string {
  switch (result.kind) {
    case 'need-more':
      return 'need-more';
    case 'not-tls':
      return result.looksLikeHttp ? 'not-tls, looks like HTTP' : 'not-tls';
    case 'malformed':
      return `malformed ${result.fault.rule}, alert ${result.fault.alert}`;
    case 'hello': {
      const { serverName, serverNameKind, alpn, versions, cipherSuites, extensions } = result.hello;
      return [
        'hello',
        `server name: ${serverNameKind === 'dns' ? serverName : serverNameKind}`,
        `alpn: ${alpn.join(' ') || 'none'}`,
        `versions: ${versions.map(hex).join(' ')}`,
        `cipher suites: ${cipherSuites.map(hex).join(' ')}`,
        `extensions: ${extensions.join(' ') || 'none'}`,
      ].join('\n');
    }
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0');
}
