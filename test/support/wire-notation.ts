import { Buffer } from 'node:buffer';

/**
 * Bytes as a reviewer can read them:
 *
 *   16 03 01        hexadecimal bytes
 *   32*5a           one byte repeated
 *   "text"          ASCII, with \r \n \t \0 \xHH \\ and \"
 *   100*"text"      a text repeated
 *   [2 … ]          its content behind a 1-, 2- or 3-byte length
 *   # …             a comment to the end of the line
 */
export function parseWireNotation(text: string): Buffer {
  const open: { lengthBytes: number; parts: Buffer[] }[] = [{ lengthBytes: 0, parts: [] }];
  for (const token of tokens(text)) {
    const group = open.at(-1)!;
    const opening = /^\[([123])$/.exec(token);
    if (opening !== null) {
      open.push({ lengthBytes: Number(opening[1]), parts: [] });
    } else if (token === ']') {
      if (open.length === 1) throw new Error('] without [');
      open.pop();
      const content = Buffer.concat(group.parts);
      const length = Buffer.alloc(group.lengthBytes);
      length.writeUIntBE(content.length, 0, group.lengthBytes);
      open.at(-1)!.parts.push(length, content);
    } else {
      group.parts.push(parseToken(token));
    }
  }
  if (open.length > 1) throw new Error('[ without ]');
  return Buffer.concat(open[0]!.parts);
}

const TOKEN = /(?:\d+\*)?"(?:[^"\\]|\\.)*"|#[^\n]*|\S+/g;

function* tokens(text: string): Generator<string> {
  for (const [token] of text.matchAll(TOKEN)) if (!token.startsWith('#')) yield token;
}

function parseToken(token: string): Buffer {
  const quoted = /^(?:(\d+)\*)?"(.*)"$/s.exec(token);
  if (quoted !== null) return Buffer.from(unescapeText(quoted[2]!).repeat(Number(quoted[1] ?? 1)), 'latin1');
  const repeated = /^(\d+)\*([0-9a-f]{2})$/.exec(token);
  if (repeated !== null) return Buffer.alloc(Number(repeated[1]), Number.parseInt(repeated[2]!, 16));
  if (!/^[0-9a-f]{2}$/.test(token)) throw new Error(`not wire notation: ${token}`);
  return Buffer.from(token, 'hex');
}

function unescapeText(text: string): string {
  const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0' };
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex: string | undefined, character: string) =>
    hex === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The notation of some bytes: text where they are printable, runs of one octet shortened. */
export function formatWireNotation(bytes: Buffer): string {
  const parts = bytes.toString('latin1').match(/(.)\1{31,}|(?:(.)(?!\2{31,}))+/gs) ?? [];
  return parts.length === 0 ? '""' : parts.map(formatPart).join(' ');
}

function formatPart(part: string): string {
  const isRun = part.length >= 32 && part === part[0]!.repeat(part.length);
  const escaped = (isRun ? part[0]! : part).replace(/[^ !#-[\]-~]/g, (octet) => {
    const named = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\' }[octet];
    return named ?? `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return isRun ? `${part.length}*"${escaped}"` : `"${escaped}"`;
}
