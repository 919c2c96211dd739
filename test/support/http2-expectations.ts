import { valueText } from './http2-field-lines.ts';
import { type FrameText, parseFrameText } from './http2-frame-text.ts';
import { ERROR_CODES, type ErrorName } from './http2-names.ts';

/** One thing that the client must see. Codes and statuses: one of these. */
export type Clause =
  | { readonly kind: 'connection error'; readonly codes: readonly ErrorName[] }
  | { readonly kind: 'connection closes' }
  | { readonly kind: 'connection may close' }
  | { readonly kind: 'connection waits' }
  | { readonly kind: 'stream error'; readonly stream: number; readonly codes: readonly ErrorName[] }
  | { readonly kind: 'status'; readonly stream: number; readonly statuses: readonly string[] }
  | { readonly kind: 'refused'; readonly stream: number }
  | { readonly kind: 'frame'; readonly frame: FrameText }
  | { readonly kind: 'no frame'; readonly frame: FrameText };

/** What may reach the backend. `need`: it must, whole; `may`: whole or not at all; `begin`: perhaps, but never to its end. */
export interface Forward {
  readonly kind: 'need' | 'may' | 'begin';
  readonly method: string;
  readonly target: string;
  /** Values by lower-case name; undefined where the field must be absent. */
  readonly fields: readonly (readonly [name: string, value: string | undefined])[];
  readonly body: string | undefined;
}

export interface Http2Expectations {
  /** All of them must come true; of each, one of the alternatives. */
  readonly clauses: readonly (readonly Clause[])[];
  /** Nothing else reaches the backend. */
  readonly forwards: readonly Forward[];
}

/**
 * Reads what must come of a script, a line each:
 *
 *   connection error PROTOCOL_ERROR|FRAME_SIZE_ERROR   GOAWAY with such a code, and the end of the connection
 *   connection closes                                  its end, whatever is said before
 *   connection may close
 *   connection waits                                   neither an end nor an answer: more is needed
 *   stream 1 error PROTOCOL_ERROR                      RST_STREAM; the connection goes on
 *   stream 1 status 200|404
 *   stream 1 refused                                   status 4xx, 501 or 505, or RST_STREAM with PROTOCOL_ERROR
 *   frame PING ACK "12345678"                          such a frame comes; `no frame …`: does not come
 *   … or …                                             either will do
 *   forwards POST /path                                what the backend gets; `may forward`: is allowed to get;
 *     host: a.example                                  `may begin`: may get a part of, never the end. `3*forwards` says it
 *     absent te                                        three times
 *     body hello
 *
 * Where no line speaks of the end of the connection, it must still answer a PING afterwards.
 */
export function parseHttp2Expectations(text: string): Http2Expectations {
  const clauses: Clause[][] = [];
  const forwards: Forward[] = [];
  for (const { line, details } of blocks(text)) {
    const [, count = '1', verb, method, target] =
      /^(?:(\d+)\*)?(forwards|may forward|may begin) (\S+) (\S+)$/.exec(line) ?? [];
    if (verb === undefined) clauses.push(line.split(' or ').map(parseClause));
    else {
      const kind = FORWARD_KINDS[verb as keyof typeof FORWARD_KINDS];
      const forward = parseForward(kind, method!, target!, details);
      forwards.push(...new Array<Forward>(Number(count)).fill(forward));
    }
  }
  return { clauses, forwards };
}

const FORWARD_KINDS = { forwards: 'need', 'may forward': 'may', 'may begin': 'begin' } as const;

function blocks(text: string): { readonly line: string; readonly details: readonly string[] }[] {
  const found: { line: string; details: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith('  ')) found.at(-1)!.details.push(line.trim());
    else found.push({ line: line.trim(), details: [] });
  }
  return found;
}

function parseClause(text: string): Clause {
  const [, about, rest] = /^(connection|stream \d+|no frame|frame) (.+)$/.exec(text) ?? [];
  if (about === 'frame' || about === 'no frame') return { kind: about, frame: parseFrameText(rest!) };
  if (rest === 'closes' || rest === 'may close' || rest === 'waits') return { kind: `connection ${rest}` };
  const [, verb, list = ''] = /^(error|status|refused)(?: (\S+))?$/.exec(rest ?? '') ?? [];
  if (about === 'connection' && verb === 'error') return { kind: 'connection error', codes: codesIn(list) };
  const stream = Number(about?.split(' ')[1]);
  if (verb === 'error') return { kind: 'stream error', stream, codes: codesIn(list) };
  if (verb === 'status') return { kind: 'status', stream, statuses: list.split('|') };
  if (verb === 'refused') return { kind: 'refused', stream };
  throw new Error(`not an expectation: ${text}`);
}

function codesIn(list: string): ErrorName[] {
  return list.split('|').map((name) => {
    if (!Object.hasOwn(ERROR_CODES, name)) throw new Error(`not an error code: ${name}`);
    return name as ErrorName;
  });
}

function parseForward(
  kind: Forward['kind'],
  method: string,
  target: string,
  details: readonly string[],
): Forward {
  const fields: [string, string | undefined][] = [];
  let body: string | undefined;
  for (const detail of details) {
    const [, absent, content, name, value] =
      /^(?:absent (\S+)|body ?(.*)|([^\s:]+): ?(.*))$/.exec(detail) ?? [];
    if (absent !== undefined) fields.push([absent, undefined]);
    else if (content !== undefined) body = valueText(content);
    else if (name !== undefined) fields.push([name, valueText(value!)]);
    else throw new Error(`not a detail of a request: ${detail}`);
  }
  return { kind, method, target, fields, body };
}
