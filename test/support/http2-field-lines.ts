import { Buffer } from 'node:buffer';
import { indexed, literal, sizeUpdate } from './http2-hpack.ts';
import { parseWireNotation } from './wire-notation.ts';

/**
 * The field block that lines describe:
 *
 *   (GET /path)                 :method, :scheme http, :path, and :authority a.example
 *   name: value                 a literal that leaves the table alone; the value is what stands there
 *   "na me": 100*"v" "\r\n"     both in wire notation
 *   incremental name: value     a literal that enters the table; likewise `never`, and `huffman` in front of either or alone
 *   300*name: value             as many of them
 *   indexed 2                   an entry of the tables
 *   size-update 4096
 *   octets 40 "\x01a"           anything, in wire notation
 */
export function fieldBlock(lines: readonly string[]): Buffer {
  return Buffer.concat(lines.map((line) => representation(line.trim())));
}

/** A value as lines have it: in wire notation when it begins like that, else as it stands there. */
export function valueText(value: string): string {
  return /^(?:\d+\*)?"/.test(value) ? latin1(value) : value;
}

function representation(line: string): Buffer {
  const [, method, path] = /^\((\S+) (\S+)\)$/.exec(line) ?? [];
  if (method !== undefined) return requestFields(method, path!);
  const [, instruction, argument] = /^(indexed|size-update|octets) (.+)$/.exec(line) ?? [];
  if (instruction === 'indexed') return indexed(Number(argument));
  if (instruction === 'size-update') return sizeUpdate(Number(argument));
  if (instruction === 'octets') return parseWireNotation(argument!);
  return field(line);
}

const FIELD =
  /^(?:(\d+)\*(?!"))?(huffman )?(?:(incremental|never) )?(?:((?:\d+\*"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*")(?: *(?:\d+\*)?"(?:[^"\\]|\\.)*")*)|(:?[^\s":]+)): ?(.*)$/;

function field(line: string): Buffer {
  const [, count = '1', huffman, kind, quoted, name, value] = FIELD.exec(line) ?? [];
  if (value === undefined) throw new Error(`not a field line: ${line}`);
  const bytes = literal(quoted === undefined ? name! : latin1(quoted), valueText(value), {
    huffman: huffman !== undefined,
    kind: (kind as 'incremental' | 'never' | undefined) ?? 'plain',
  });
  return Buffer.concat(new Array<Buffer>(Number(count)).fill(bytes));
}

function requestFields(method: string, path: string): Buffer {
  return Buffer.concat([
    literal(':method', method),
    literal(':scheme', 'http'),
    literal(':path', path),
    literal(':authority', 'a.example'),
  ]);
}

function latin1(notation: string): string {
  return parseWireNotation(notation).toString('latin1');
}
