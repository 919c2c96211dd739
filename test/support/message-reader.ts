import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';

/** A message as a test sees it. */
export class Message {
  /** Request line or status line. */
  readonly startLine: string;
  /** Name (as sent) and value of each line, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Start line and fields as they came, without the empty line. */
  readonly headText: string;
  trailers: readonly (readonly [name: string, value: string])[] = [];
  /** 1xx responses that came before this one. */
  interims: readonly Message[] = [];
  /** Not complete, and never will be when the connection has closed. */
  isComplete = false;
  /** Sizes of the chunks of a chunked body. */
  readonly chunkSizes: number[] = [];
  readonly #pieces: Buffer[] = [];

  constructor(headText: string) {
    const [startLine, ...lines] = headText.split('\r\n');
    this.headText = headText;
    this.startLine = startLine!;
    this.fields = lines.map(fieldOf);
  }

  /** Of a response; 0 for a request. */
  get status(): number {
    return this.startLine.startsWith('HTTP/') ? Number(this.startLine.split(' ')[1]) : 0;
  }

  /** Values of a field, in order; `name` in lower case. */
  values(name: string): string[] {
    return this.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
  }

  /** The value of a field that stands once at most. */
  value(name: string): string | undefined {
    const values = this.values(name);
    assert.ok(values.length <= 1, `${name} stands ${values.length} times`);
    return values[0];
  }

  get body(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** The body as latin-1. */
  get text(): string {
    return this.body.toString('latin1');
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece);
  }
}

/**
 * Cuts a byte stream into HTTP/1 messages. Made for tests: knows nothing of the product's parsers, and fails the test at the
 * first thing that it does not expect.
 */
export class MessageReader {
  /** The message whose head is complete and whose end is not. */
  current: Message | undefined = undefined;
  readonly #kind: 'request' | 'response';
  /** Methods of the requests whose responses are to come; GET when there is none. */
  readonly #methods: string[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #interims: Message[] = [];
  #framing: 'sized' | 'chunk-size' | 'chunk-data' | 'trailers' | 'until-close' = 'sized';
  #remaining = 0;
  #isRaw = false;

  constructor(kind: 'request' | 'response') {
    this.#kind = kind;
  }

  /** What came after 101. */
  readonly raw: Buffer[] = [];

  expectResponseTo(method: string): void {
    this.#methods.push(method);
  }

  /** Bytes that belong to no message yet. */
  get rest(): string {
    return this.#rest.toString('latin1');
  }

  /** The messages that these bytes complete. */
  receive(bytes: Buffer): Message[] {
    if (this.#isRaw) {
      this.raw.push(bytes);
      return [];
    }
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const complete: Message[] = [];
    while (this.#step()) {
      if (this.current?.isComplete !== true) continue;
      complete.push(this.current);
      this.current = undefined;
    }
    return complete;
  }

  /** The stream has ended: completes a body that is framed by it. */
  end(): Message | undefined {
    const { current } = this;
    if (current === undefined || this.#framing !== 'until-close') return undefined;
    current.isComplete = true;
    this.current = undefined;
    return current;
  }

  /** Whether there was something to be done. */
  #step(): boolean {
    if (this.#isRaw) return false;
    if (this.current === undefined) return this.#head();
    switch (this.#framing) {
      case 'until-close':
      case 'sized':
      case 'chunk-data':
        return this.#data();
      case 'chunk-size': {
        const line = this.#take('\r\n');
        if (line === undefined) return false;
        this.#remaining = Number.parseInt(line, 16);
        assert.ok(/^[0-9a-f]+$/i.test(line), `chunk size line ${JSON.stringify(line)}`);
        if (this.#remaining > 0) this.current.chunkSizes.push(this.#remaining);
        this.#framing = this.#remaining > 0 ? 'chunk-data' : 'trailers';
        return true;
      }
      case 'trailers': {
        if (this.#rest.subarray(0, 2).equals(CRLF)) {
          this.#rest = this.#rest.subarray(2);
        } else {
          const text = this.#take('\r\n\r\n');
          if (text === undefined) return false;
          this.current.trailers = text.split('\r\n').map(fieldOf);
        }
        this.current.isComplete = true;
        return true;
      }
    }
  }

  #head(): boolean {
    const text = this.#take('\r\n\r\n');
    if (text === undefined) return false;
    const message = new Message(text);
    if (this.#kind === 'response' && message.status < 200 && message.status !== 101) {
      this.#interims.push(message);
      return true;
    }
    message.interims = this.#interims;
    this.#interims = [];
    this.current = message;
    const method = this.#kind === 'response' ? (this.#methods.shift() ?? 'GET') : '';
    this.#frame(message, method === 'HEAD');
    return true;
  }

  #frame(message: Message, isHead: boolean): void {
    const length = message.value('content-length');
    const bodiless = isHead || [101, 204, 304].includes(message.status);
    this.#framing = 'sized';
    this.#remaining = 0;
    if (message.status === 101) {
      this.#isRaw = true;
      if (this.#rest.length > 0) this.raw.push(this.#rest);
    }
    if (!bodiless && message.value('transfer-encoding') !== undefined) {
      assert.equal(length, undefined, 'both framings');
      assert.equal(message.value('transfer-encoding'), 'chunked');
      this.#framing = 'chunk-size';
    } else if (!bodiless && length !== undefined) this.#remaining = Number(length);
    else if (!bodiless && this.#kind === 'response') this.#framing = 'until-close';
    message.isComplete = this.#framing === 'sized' && this.#remaining === 0;
  }

  #data(): boolean {
    if (this.#rest.length === 0) return false;
    const message = this.current!;
    if (this.#framing === 'until-close') {
      message.add(this.#rest);
      this.#rest = Buffer.alloc(0);
      return true;
    }
    if (this.#remaining > 0) {
      const piece = this.#rest.subarray(0, this.#remaining);
      message.add(piece);
      this.#remaining -= piece.length;
      this.#rest = this.#rest.subarray(piece.length);
      if (this.#remaining === 0 && this.#framing === 'sized') message.isComplete = true;
      return true;
    }
    if (this.#rest.length < 2) return false;
    assert.equal(this.#rest.toString('latin1', 0, 2), '\r\n', 'what ends a chunk');
    this.#rest = this.#rest.subarray(2);
    this.#framing = 'chunk-size';
    return true;
  }

  /** Text up to `mark`, which is taken too. */
  #take(mark: string): string | undefined {
    const at = this.#rest.indexOf(mark, 0, 'latin1');
    if (at < 0) return undefined;
    const text = this.#rest.toString('latin1', 0, at);
    this.#rest = this.#rest.subarray(at + mark.length);
    return text;
  }
}

const CRLF = Buffer.from('\r\n');

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  assert.ok(colon > 0, `field line ${JSON.stringify(line)}`);
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
