import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { readTranscript } from './markdown-transcript.ts';
import { parseWireNotation } from './wire-notation.ts';

/** ClientHellos as real clients sent them, each in one record, by the name of the client. All ask for shop.example.org. */
export function realHellos(): ReadonlyMap<string, Buffer> {
  const file = join(import.meta.dirname, '../transcripts/tls/real-clients.md');
  return new Map(readTranscript(file).map(({ title, wire }) => [title, parseWireNotation(wire)]));
}

/** Those of `realHellos` that speak TLS 1.2 or 1.3, as everybody does. */
export function currentHellos(): ReadonlyMap<string, Buffer> {
  return new Map([...realHellos()].filter(([title]) => !title.endsWith('for TLS 1.1 alone')));
}
