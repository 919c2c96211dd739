import { readdirSync } from 'node:fs';
import { type Http2Expectations, parseHttp2Expectations } from './http2-expectations.ts';
import { type Http2Script, parseHttp2Script } from './http2-script.ts';
import { readTranscript } from './markdown-transcript.ts';

/**
 * One case of test/transcripts/http2: what a client sends (http2-script.ts) and what must come of it
 * (http2-expectations.ts). Besides `@no-preface` its script may say what the backend does:
 *
 *   @origin answers       200 with the body "ok" once the request is whole; where nothing is said
 *   @origin early         the same, once it has the head
 *   @origin silent        nothing
 *   @origin sends N       200 with a body of N octets
 */
export interface Http2Case extends Http2Script, Http2Expectations {
  readonly topic: string;
  readonly title: string;
  /** The two blocks as they are written, for messages of failures. */
  readonly script: string;
  readonly expected: string;
}

/** What the cases take for granted about whoever is judged by them. */
export const ASSUMED = {
  maxConcurrentStreams: 100,
  /** Decoded, each field with 32 octets on top (RFC 9113, section 6.5.2). */
  headerListBytes: 65_536,
  fields: 200,
  frameBytes: 16_384,
  tableBytes: 4096,
} as const;

export function readHttp2Transcripts(): Http2Case[] {
  const folder = new URL('../transcripts/http2/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
  return files.toSorted().flatMap((file) => {
    const topic = file.slice(0, -'.md'.length);
    return readTranscript(new URL(file, folder)).map(({ title, wire, events }) => {
      try {
        return {
          topic,
          title,
          script: wire,
          expected: events,
          ...parseHttp2Script(wire),
          ...parseHttp2Expectations(events),
        };
      } catch (error) {
        throw new Error(`${file}: ${title}`, { cause: error });
      }
    });
  });
}
