import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type Located, LocatedMapping } from './located.ts';

/** What is wrong with a text, and on which line. */
export class TextFault {
  readonly line: number;
  readonly message: string;

  constructor(line: number, message: string) {
    this.line = line;
    this.message = message;
  }
}

/** BFE's files go five deep. */
const MAX_DEPTH = 32;

/**
 * Reads JSON with the line of every value. The platform's parser decides what is JSON; the yaml library, which reads more than that,
 * tells the lines. It takes a quarter of a second for a megabyte.
 */
export function readJson(text: string, file: string): Located | TextFault {
  const deep = tooDeepAt(text);
  if (deep >= 0) return new TextFault(lineAt(text, deep), `nested more than ${MAX_DEPTH} deep`);
  try {
    JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return describeFault(text, error.message);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    schema: 'json',
    uniqueKeys: false,
  });
  const [fault] = document.errors;
  if (fault !== undefined) return new TextFault(lines.linePos(fault.pos[0]).line, fault.message);
  const lineOf = (node: unknown): number => {
    const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
    return range == null ? 1 : lines.linePos(range[0]).line;
  };
  const locate = (node: unknown): Located => {
    const place = { file, line: lineOf(node) };
    if (isSeq(node)) return { place, value: node.items.map(locate) };
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }) => ({
        name: isScalar(key) ? String(key.value) : '',
        place: { file, line: lineOf(key) },
        value: locate(value),
      }));
      return { place, value: new LocatedMapping(entries) };
    }
    const value = isScalar(node) ? node.value : null;
    return { place, value: isWord(value) ? value : null };
  };
  return locate(document.contents);
}

function isWord(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The offset at which a bracket goes too deep, or -1. What is no JSON is somebody else's business. */
function tooDeepAt(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > MAX_DEPTH) return index;
  }
  return -1;
}

/** V8 says `… in JSON at position 17 (line 2 column 3)`, or `Unexpected token 'C', "Config: {}" is not valid JSON`, without a position. */
function describeFault(text: string, message: string): TextFault {
  const placed = /^(.*?)(?: in JSON)? at position (\d+)/s.exec(message);
  const offset = placed === null ? faultOffset(text) : Number(placed[2]);
  if (offset >= text.trimEnd().length)
    return new TextFault(lineAt(text, text.trimEnd().length), 'the text ends too early');
  const what = placed?.[1] ?? `Unexpected ${JSON.stringify(text[offset])}`;
  return new TextFault(lineAt(text, offset), `this is not JSON: ${what}`);
}

/** The character that ends all hope: a text up to it may still become JSON, one that holds it may not. */
function faultOffset(text: string): number {
  let [hopeful, hopeless] = [0, text.length + 1];
  while (hopeless - hopeful > 1) {
    const middle = (hopeful + hopeless) >> 1;
    if (mayGoOn(text.slice(0, middle))) hopeful = middle;
    else hopeless = middle;
  }
  return hopeful;
}

function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as SyntaxError;
    return message === 'Unexpected end of JSON input' || message.includes(` at position ${text.length} `);
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
