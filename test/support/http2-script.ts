import { Buffer } from 'node:buffer';
import { encodeFrameText } from './http2-encode-frame.ts';
import { fieldBlock } from './http2-field-lines.ts';
import { type FrameText, parseFrameText } from './http2-frame-text.ts';
import { PREFACE, settings } from './http2-wire.ts';
import { parseWireNotation } from './wire-notation.ts';

/** What a client does, in order: send octets, or wait for a frame from the other side that matches. */
type ScriptStep =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'await'; readonly frame: FrameText };

export interface Http2Script {
  readonly steps: readonly ScriptStep[];
  /** Lines `@name value`. */
  readonly directives: ReadonlyMap<string, string>;
}

/**
 * Reads a script, one step a line:
 *
 *   HEADERS stream=1 END_STREAM END_HEADERS    a frame in the notation of FrameText,
 *     (GET /)                                  with the lines of its field block indented below
 *   3*HEADERS stream=5+2 …                     three frames, on streams 5, 7 and 9
 *   raw 00 00 "text"                           octets
 *   preface                                    the 24 octets of the client's preface
 *   await HEADERS stream=1                     go on when such a frame has come
 *   @no-preface                                a directive
 *   # …                                        a comment
 *
 * In front of it all the preface and an empty SETTINGS are sent, unless `@no-preface` is there.
 */
export function parseHttp2Script(text: string): Http2Script {
  const directives = new Map<string, string>();
  const steps: ScriptStep[] = [];
  const pieces: Buffer[] = [];
  const send = () => {
    if (pieces.length > 0) steps.push({ kind: 'send', bytes: Buffer.concat(pieces.splice(0)) });
  };
  for (const { line, fields } of blocks(text)) {
    if (line.startsWith('@')) {
      const [name, value = ''] = line.slice(1).split(/ (.*)/);
      directives.set(name!, value);
    } else if (line.startsWith('await ')) {
      send();
      steps.push({ kind: 'await', frame: parseFrameText(line.slice('await '.length)) });
    } else pieces.push(octetsOf(line, fields));
  }
  send();
  if (!directives.has('no-preface')) addPreface(steps);
  return { steps, directives };
}

/** Lines that stand at the margin, each with those indented below it. */
function blocks(text: string): { readonly line: string; readonly fields: readonly string[] }[] {
  const found: { line: string; fields: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    if (!line.startsWith(' ')) found.push({ line: line.trim(), fields: [] });
    else if (found.length === 0) throw new Error(`${line}: a field of which frame?`);
    else found.at(-1)!.fields.push(line);
  }
  return found;
}

function octetsOf(line: string, fields: readonly string[]): Buffer {
  if (line === 'preface') return PREFACE;
  if (line.startsWith('raw ')) return parseWireNotation(line.slice('raw '.length));
  const [, count = '1', rest] = /^(?:(\d+)\*)?(.*)$/.exec(line)!;
  const block = fields.length === 0 ? undefined : fieldBlock(fields);
  const frames = Array.from({ length: Number(count) }, (_, i) => {
    const text = parseFrameText(
      rest!.replace(/(?<=stream=)(\d+)\+(\d+)/, (_, from, by) => `${+from + i * by}`),
    );
    if (block !== undefined && text.content !== undefined) throw new Error(`${line}: two contents`);
    return encodeFrameText({ ...text, content: text.content ?? block });
  });
  return Buffer.concat(frames);
}

function addPreface(steps: ScriptStep[]): void {
  const opening = [PREFACE, settings()];
  const first = steps[0];
  if (first?.kind === 'send') steps[0] = { kind: 'send', bytes: Buffer.concat([...opening, first.bytes]) };
  else steps.unshift({ kind: 'send', bytes: Buffer.concat(opening) });
}
