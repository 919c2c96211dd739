import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RequestHead, ResponseHead, UNKNOWN_LENGTH } from '../../protocols/http/message.ts';
import { ClientEngine, type ClientEvents } from '../../protocols/http1/client-engine.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import { ServerEngine, type ServerEvents } from '../../protocols/http1/server-engine.ts';
import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import { eachOctet } from '../support/cuts.ts';
import {
  content,
  cutAnywhere,
  fieldList,
  mutated,
  type PlainRequest,
  request,
} from '../support/http1-arbitraries.ts';
import { Http1ClientRecorder } from '../support/http1-client-recorder.ts';
import { Http1ServerRecorder } from '../support/http1-server-recorder.ts';
import { readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { octets, RecordingOutput } from '../support/recording-output.ts';

const cases = readHttp1Transcripts().filter(({ bytes }) => bytes.length < 2000);
const requestTexts = cases.filter((one) => !one.isResponse).map(({ bytes }) => bytes.toString('latin1'));
const responseTexts = cases.filter((one) => one.isResponse).map(({ bytes }) => bytes.toString('latin1'));

const silent: ClientEvents = {
  interimHead() {},
  responseHead() {},
  bodyData() {},
  responseEnd() {},
  fault() {},
};

/** Octets of a request as our client writes it. */
function writeRequest(plain: PlainRequest): string {
  const output = new RecordingOutput();
  const client = new ClientEngine(silent, output, DEFAULT_LIMITS);
  const pieces = plain.framing === 'none' ? [] : plain.pieces;
  const bodyLength = plain.framing === 'chunked' ? UNKNOWN_LENGTH : pieces.join('').length;
  client.sendHead(
    plain.method,
    encodeRequestBlock(plain.method, plain.path, plain.authority, plain.headers),
    '',
    bodyLength,
    '',
  );
  for (const piece of pieces) client.sendData(octets(piece), 0, piece.length, undefined);
  client.sendEnd(plain.framing === 'chunked' ? plain.trailers : []);
  return output.take();
}

interface ReadRequest {
  readonly head: RequestHead;
  body: string;
  trailers: readonly string[];
}

/** Reads whole requests and answers each with nothing. */
function readRequests(pieces: readonly Buffer[]): ReadRequest[] {
  const read: ReadRequest[] = [];
  const answer = () => {
    engine.sendHead(new ResponseHead(204, '', [], 0));
    engine.sendEnd([]);
  };
  const events: ServerEvents = {
    requestHead({ head }) {
      read.push({ head, body: '', trailers: [] });
      if (head.bodyLength === 0) answer();
      else engine.readBody();
    },
    bodyData(bytes, start, end) {
      read.at(-1)!.body += bytes.toString('latin1', start, end);
    },
    bodyEnd(trailers) {
      read.at(-1)!.trailers = trailers;
      answer();
    },
    fault(fault) {
      assert.fail(fault.rule);
    },
    exchangeDone() {},
  };
  const engine = new ServerEngine(events, new RecordingOutput(), DEFAULT_LIMITS);
  for (const piece of pieces) engine.receive(piece, 0, piece.length, undefined);
  return read;
}

test('requests that our client writes are read by our server as they were meant', () => {
  const pipelines = fc
    .array(request, { minLength: 1, maxLength: 4 })
    // Some heads come again: they take the other way through the engine.
    .map((plains) => [...plains, ...plains])
    .chain((plains) => {
      const bytes = octets(plains.map(writeRequest).join(''));
      return fc.tuple(fc.constant(plains), cutAnywhere(bytes));
    });

  fc.assert(
    fc.property(pipelines, ([plains, pieces]) => {
      const read = readRequests(pieces);

      assert.equal(read.length, plains.length);
      for (const [i, { head, body, trailers }] of read.entries()) {
        const plain = plains[i]!;
        assert.deepEqual(
          [head.method, head.path, head.authority, head.headers],
          [plain.method, plain.path, plain.authority, plain.headers],
        );
        assert.equal(body, plain.framing === 'none' ? '' : plain.pieces.join(''));
        assert.deepEqual(trailers, plain.framing === 'chunked' ? plain.trailers : []);
      }
    }),
    { numRuns: 300 },
  );
});

test('responses that our server writes are read by our client as they were meant', () => {
  const response = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    headers: fieldList,
    method: fc.constantFrom('GET', 'HEAD', 'POST'),
    isChunked: fc.boolean(),
    body: content,
    trailers: fieldList,
  });
  const cut = response.chain((plain) => {
    const bytes = octets(writeResponse(plain));
    return fc.tuple(fc.constant(plain), cutAnywhere(bytes));
  });

  fc.assert(
    fc.property(cut, ([{ status, headers, method, isChunked, body, trailers }, pieces]) => {
      const client = new Http1ClientRecorder(method).receive(pieces);

      const isBodiless = method === 'HEAD' || status === 204 || status === 304;
      const { lines } = client;
      assert.equal(lines[0]!.startsWith(`head ${status} `), true);
      assert.equal(lines.filter((line) => line.startsWith('field ')).length, headers.length / 2);
      assert.equal(
        lines.filter((line) => line.startsWith('trailer ')).length,
        isBodiless || !isChunked ? 0 : trailers.length / 2,
      );
      assert.equal(
        lines.some((line) => line.startsWith('data ')),
        !isBodiless && body !== '',
      );
      assert.deepEqual(lines.slice(-2), ['end', 'reusable']);
    }),
    { numRuns: 300 },
  );

  function writeResponse(plain: {
    status: number;
    headers: readonly string[];
    method: string;
    isChunked: boolean;
    body: string;
    trailers: readonly string[];
  }): string {
    const output = new RecordingOutput();
    const nothing: ServerEvents = {
      requestHead() {},
      bodyData() {},
      bodyEnd() {},
      fault() {},
      exchangeDone() {},
    };
    const server = new ServerEngine(nothing, output, DEFAULT_LIMITS);
    const head = octets(`${plain.method} / HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    server.receive(head, 0, head.length, undefined);
    const length = plain.isChunked ? UNKNOWN_LENGTH : plain.body.length;
    server.sendHead(new ResponseHead(plain.status, '', plain.headers, length));
    server.sendData(octets(plain.body), 0, plain.body.length, undefined);
    server.sendEnd(plain.trailers);
    return output.take();
  }
});

test('what a server engine reports depends on the bytes, not on how they were cut', () => {
  // Repeated heads and empty lines between them take the short ways through the engine.
  const get = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
  const part = fc.oneof(
    mutated(requestTexts),
    fc.constantFrom('\r\n', get, `\r\n${get}`, get.replace('/', '/a')),
  );
  const input = fc.array(part, { minLength: 1, maxLength: 6 }).chain((texts) => {
    const bytes = octets(texts.join(''));
    const pieces = fc.oneof(cutAnywhere(bytes), fc.constant(texts.map(octets)));
    return fc.tuple(fc.constant(bytes), pieces);
  });

  fc.assert(
    fc.property(input, ([bytes, pieces]) => {
      const whole = new Http1ServerRecorder().receive([bytes]).lines;

      assert.deepEqual(new Http1ServerRecorder().receive(pieces).lines, whole);
      assert.deepEqual(new Http1ServerRecorder().receive(eachOctet(bytes)).lines, whole);
    }),
    { numRuns: 3000 },
  );
});

test('what a client engine reports depends on the bytes, not on how they were cut', () => {
  const input = fc.tuple(mutated(responseTexts), fc.constantFrom('GET', 'HEAD')).chain(([text, method]) => {
    const bytes = octets(text);
    return fc.tuple(fc.constant(bytes), fc.constant(method), cutAnywhere(bytes));
  });

  fc.assert(
    fc.property(input, ([bytes, method, pieces]) => {
      const whole = new Http1ClientRecorder(method).receive([bytes]).lines;

      assert.deepEqual(new Http1ClientRecorder(method).receive(pieces).lines, whole);
      assert.deepEqual(new Http1ClientRecorder(method).receive(eachOctet(bytes)).lines, whole);
    }),
    { numRuns: 2000 },
  );
});

test('no octets make an engine throw, and nothing is reported behind a fault', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

  fc.assert(
    fc.property(bytes, (input) => {
      for (const lines of [
        new Http1ServerRecorder().receive([input, input]).lines,
        new Http1ClientRecorder().receive([input, input]).lines,
      ]) {
        const fault = lines.findIndex((line) => line.startsWith('fault'));
        assert.ok(fault < 0 || fault === lines.length - 1);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a mutated request is refused or framed: never is there a length and chunks, nor a field that ends a line', () => {
  fc.assert(
    fc.property(mutated(requestTexts), (text) => {
      const lines = new Http1ServerRecorder().receive([octets(text)]).lines;

      for (const line of lines) {
        assert.doesNotMatch(line, /^field (?:content-length|transfer-encoding|host):/);
        if (line.startsWith('field ')) assert.doesNotMatch(line, /\\r|\\n|\\x00/);
      }
    }),
    { numRuns: 2000 },
  );
});
