import type { Buffer } from 'node:buffer';
import { readdirSync } from 'node:fs';
import { DEFAULT_LIMITS, type Http1Limits } from '../../protocols/http1/limits.ts';
import { Http1ClientRecorder } from './http1-client-recorder.ts';
import { Http1ServerRecorder } from './http1-server-recorder.ts';
import { readTranscript } from './markdown-transcript.ts';
import { parseWireNotation } from './wire-notation.ts';

/**
 * One case of test/transcripts/http1. In front of its bytes may stand what they meet:
 *
 *   @limits head=… line=… headers=…   other limits than the default ones
 *   @accept-upgrade                   the server answers an upgrade with 101
 *   @request METHOD                   the bytes answer this request (GET where nothing is said)
 *   @asked PROTOCOL                   which asked for this upgrade
 *   @end                              the backend ends its direction behind the bytes
 */
export interface Http1Case {
  readonly topic: string;
  readonly title: string;
  /** The bytes answer a request, where others are requests. */
  readonly isResponse: boolean;
  readonly directives: ReadonlyMap<string, string>;
  /** Wire notation of the bytes, on one line. */
  readonly notation: string;
  readonly bytes: Buffer;
  readonly events: readonly string[];
}

export function readHttp1Transcripts(): Http1Case[] {
  const folder = new URL('../transcripts/http1/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
  return files.flatMap((file) =>
    readTranscript(new URL(file, folder)).map(({ title, wire, events }) => {
      const lines = wire.trim().split('\n');
      const directives = lines
        .filter((line) => line.startsWith('@'))
        .map((line) => line.slice(1).split(/ (.*)/));
      const notation = lines.filter((line) => !line.startsWith('@')).join(' ');
      return {
        topic: file.slice(0, -'.md'.length),
        title,
        isResponse: RESPONSE_TOPICS.has(file),
        directives: new Map(directives.map(([name, value]) => [name!, value ?? ''])),
        // Neighbouring texts are one.
        notation: notation.replaceAll(/(?<!\*"[^"]*)" "/g, ''),
        bytes: parseWireNotation(notation),
        events: events.trim() === '' ? [] : events.trim().split('\n'),
      };
    }),
  );
}

const RESPONSE_TOPICS: ReadonlySet<string> = new Set([
  'status-line.md',
  'response-fields.md',
  'response-framing.md',
  'interim.md',
  'response-connection.md',
  'response-extra-bytes.md',
  'upgrade-response.md',
]);

/** What an engine makes of the case's bytes when they arrive in these pieces. */
export function playHttp1Case(
  { isResponse, directives }: Http1Case,
  pieces: readonly Buffer[],
): readonly string[] {
  const limits = readLimits(directives.get('limits'));
  if (!isResponse)
    return new Http1ServerRecorder(limits, directives.has('accept-upgrade')).receive(pieces).lines;
  const client = new Http1ClientRecorder(directives.get('request'), directives.get('asked'), limits);
  client.receive(pieces);
  return (directives.has('end') ? client.receiveEnd() : client).lines;
}

function readLimits(text: string | undefined): Http1Limits {
  if (text === undefined) return DEFAULT_LIMITS;
  const given = new Map(text.split(' ').map((part) => part.split('=') as [string, string]));
  const limit = (name: string, otherwise: number) => Number(given.get(name) ?? otherwise);
  return {
    headBytes: limit('head', DEFAULT_LIMITS.headBytes),
    lineBytes: limit('line', DEFAULT_LIMITS.lineBytes),
    headers: limit('headers', DEFAULT_LIMITS.headers),
  };
}
