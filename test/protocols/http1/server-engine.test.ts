import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import type { HeaderList } from '../../../protocols/http/header-list.ts';
import { type RequestHead, ResponseHead, UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import type { BytesOwner } from '../../../protocols/http/output.ts';
import type { Http1Fault } from '../../../protocols/http1/errors.ts';
import {
  DEFAULT_LIMITS,
  MAX_PENDING_OUTPUT_BYTES,
  MAX_REMEMBERED_HEAD_BYTES,
} from '../../../protocols/http1/limits.ts';
import type { ParsedRequest } from '../../../protocols/http1/request-parser.ts';
import { ServerEngine, type ServerEvents } from '../../../protocols/http1/server-engine.ts';
import { octets, RecordingOutput } from '../../support/recording-output.ts';

/** Keeps what happened and lets each test be its own handler. */
class Server implements ServerEvents {
  readonly output: RecordingOutput = new RecordingOutput();
  readonly engine: ServerEngine = new ServerEngine(this, this.output, DEFAULT_LIMITS);
  readonly events: string[] = [];
  readonly heads: RequestHead[] = [];
  /** Of the bytes that were shown last. */
  owner: BytesOwner | undefined = undefined;
  onHead: (() => void) | undefined = undefined;
  onData: (() => void) | undefined = undefined;
  onEnd: (() => void) | undefined = undefined;

  receive(text: string): boolean {
    const bytes = octets(text);
    return this.engine.receive(bytes, 0, bytes.length, undefined);
  }

  /** Events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }

  answer(head: ResponseHead = EMPTY): void {
    this.engine.sendHead(head);
    this.engine.sendEnd([]);
  }

  requestHead({ head }: ParsedRequest): void {
    this.heads.push(head);
    this.events.push(`head ${head.method} ${head.path}`);
    this.onHead?.();
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.owner = owner;
    this.events.push(`data ${bytes.toString('latin1', start, end)}`);
    this.onData?.();
  }

  bodyEnd(trailers: HeaderList): void {
    this.events.push(['end', ...trailers].join(' '));
    this.onEnd?.();
  }

  fault(fault: Http1Fault): void {
    this.events.push(`fault ${fault.rule}`);
  }

  exchangeDone(keepAlive: boolean): void {
    this.events.push(keepAlive ? 'keep-alive' : 'close');
  }
}

const EMPTY = response(200, 0);

function response(status: number, bodyLength: number, headers: HeaderList = []): ResponseHead {
  return new ResponseHead(status, '', headers, bodyLength);
}

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`;
}

function post(fields: string, body = ''): string {
  return `POST / HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n${body}`;
}

describe('sequencing', () => {
  test('holds a pipelined request until the one before is answered, and tells the driver to stop reading', () => {
    const server = new Server();

    assert.equal(server.receive(get('/1') + get('/2')), false);
    assert.equal(server.engine.holding, true);
    assert.deepEqual(server.take(), ['head GET /1']);

    server.answer();
    assert.deepEqual(server.take(), ['keep-alive']);
    assert.equal(server.engine.resume(), true);
    assert.deepEqual(server.take(), ['head GET /2']);
    assert.equal(server.engine.holding, false);
  });

  test('answers pipelined requests in the order of their arrival', () => {
    const server = new Server();
    server.onHead = () => server.answer(response(200, 0, ['x-path', server.heads.at(-1)!.path]));

    server.receive(get('/1') + get('/2') + get('/3'));

    const paths = server.output.take().match(/x-path: \S+/g);
    assert.deepEqual(paths, ['x-path: /1', 'x-path: /2', 'x-path: /3']);
    assert.equal(server.engine.idle, true);
  });

  test('keeps a read that was on its way when the driver was told to stop', () => {
    const server = new Server();
    const second = get('/2');

    server.receive(get('/1') + second.slice(0, 10));
    server.receive(second.slice(10));
    server.answer();

    assert.equal(server.engine.resume(), true);
    assert.deepEqual(server.take(), ['head GET /1', 'keep-alive', 'head GET /2']);
  });

  test('ignores resume from within an event', () => {
    const server = new Server();
    let resumed: boolean | undefined;
    server.onHead = () => {
      resumed = server.engine.resume();
    };

    server.receive(get('/1') + get('/2'));

    assert.equal(resumed, false);
    assert.deepEqual(server.take(), ['head GET /1']);
  });

  test('begins no request while too much output waits for the client', () => {
    const server = new Server();
    server.output.pendingBytes = MAX_PENDING_OUTPUT_BYTES + 1;

    assert.equal(server.receive(get('/1')), false);
    assert.deepEqual(server.take(), []);
    assert.equal(server.engine.resume(), false);

    server.output.pendingBytes = MAX_PENDING_OUTPUT_BYTES;
    assert.equal(server.engine.resume(), true);
    assert.deepEqual(server.take(), ['head GET /1']);
  });

  test('stops in the middle of a pipeline when the output fills up', () => {
    const server = new Server();
    server.onHead = () => {
      server.answer();
      server.output.pendingBytes += MAX_PENDING_OUTPUT_BYTES / 2 + 1;
    };

    assert.equal(server.receive(get('/1') + get('/2') + get('/3')), false);

    assert.deepEqual(
      server.heads.map((head) => head.path),
      ['/1', '/2'],
    );
  });

  test('says where it is: idle, in a head, in a wanted body, responding', () => {
    const server = new Server();
    const state = () => {
      const { idle, inHead, inBody, responding } = server.engine;
      return Object.entries({ idle, inHead, inBody, responding })
        .filter(([, on]) => on)
        .map(([name]) => name)
        .join(' ');
    };

    assert.equal(state(), 'idle');
    server.receive('\r\n');
    assert.equal(state(), 'idle');
    server.receive('POST');
    assert.equal(state(), 'inHead');
    server.receive(post('Content-Length: 2\r\n', '1').slice(4));
    assert.equal(state(), '');
    server.engine.readBody();
    server.engine.resume();
    assert.equal(state(), 'inBody');
    server.engine.sendHead(EMPTY);
    assert.equal(state(), 'inBody responding');
    server.receive('2');
    assert.equal(state(), 'responding');
    server.engine.sendEnd([]);
    assert.equal(state(), 'idle');
  });

  test('says when the rest of a body is being skipped', () => {
    const server = new Server();
    server.receive(post('Content-Length: 2\r\n'));
    assert.equal(server.engine.skipping, false);
    server.answer();
    assert.equal(server.engine.skipping, true);
    server.receive('hi');
    assert.equal(server.engine.skipping, false);
  });

  test('says when nothing but the end of the connection ends the response', () => {
    const states = [UNKNOWN_LENGTH, 5].map((length) => {
      const server = new Server();
      server.receive('GET / HTTP/1.0\r\n\r\n');
      server.engine.sendHead(response(200, length));
      return server.engine.endsWithConnection;
    });

    assert.deepEqual(states, [true, false]);
  });

  const farewells: readonly (readonly [what: string, text: string, isDone: boolean])[] = [
    ['asked for one answer and got it', get('/', 'Connection: close\r\n'), true],
    ['of HTTP/1.0 got its one answer', 'GET / HTTP/1.0\r\n\r\n', true],
    ['would have gone on', get('/'), false],
    ['has sent more behind its last request', get('/', 'Connection: close\r\n') + get('/'), false],
    ['still owes a body', post('Connection: close\r\nContent-Length: 5\r\n'), false],
  ];
  for (const [what, text, isDone] of farewells) {
    test(`a client that ${what} is ${isDone ? 'done' : 'not done'}`, () => {
      const server = new Server();
      server.receive(text);

      server.engine.closeAfter();
      server.answer();

      assert.equal(server.engine.clientIsDone, isDone);
    });
  }

  test('does nothing more after stop, whatever arrives or is held', () => {
    const server = new Server();
    server.receive(get('/1') + get('/2'));

    server.engine.stop();

    assert.equal(server.engine.resume(), true);
    assert.equal(server.receive(get('/3')), true);
    assert.deepEqual(server.take(), ['head GET /1']);
  });

  test('reports nothing more of a body when it is stopped while showing it', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.onData = () => server.engine.stop();

    server.receive(post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n1\r\nb\r\nbroken\r\n'));

    assert.deepEqual(server.take(), ['head POST /', 'data a']);
  });
});

describe('request bodies', () => {
  test('shows nothing of a body before it is asked for', () => {
    const server = new Server();

    assert.equal(server.receive(post('Content-Length: 5\r\n', 'hello')), false);
    assert.deepEqual(server.take(), ['head POST /']);

    server.engine.readBody();
    assert.equal(server.engine.resume(), true);
    assert.deepEqual(server.take(), ['data hello', 'end']);
  });

  test('hands over the owner of the bytes it was given, and none for bytes it has copied', () => {
    const owner = { retain() {}, release() {} };
    const owners: unknown[] = [];
    const server = new Server();
    server.onData = () => owners.push(server.owner);
    const head = octets(post('Content-Length: 4\r\n', 'ab'));
    const rest = octets('cd');

    server.engine.receive(head, 0, head.length, owner);
    server.engine.readBody();
    server.engine.resume();
    server.engine.receive(rest, 0, rest.length, owner);

    assert.deepEqual(owners, [undefined, owner]);
  });

  test('passes trailers on', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();

    server.receive(post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n'));

    assert.deepEqual(server.take(), ['head POST /', 'data a', 'end x-sum 1']);
  });

  test('throws away the rest of an unread body and keeps the connection', () => {
    const server = new Server();
    server.receive(post('Content-Length: 262144\r\n', 'x'.repeat(1000)));

    server.answer();
    assert.equal(server.engine.holding, false);
    assert.deepEqual(server.take(), ['head POST /']);
    server.receive('x'.repeat(261_144) + get('/next'));

    assert.deepEqual(server.take(), ['keep-alive', 'head GET /next']);
    assert.doesNotMatch(server.output.take(), /connection: close/);
  });

  test('closes instead of reading an unread body of more than 256 KiB', () => {
    const server = new Server();
    server.receive(post('Content-Length: 262145\r\n'));

    server.answer();

    assert.deepEqual(server.take(), ['head POST /', 'close']);
    assert.match(server.output.take(), /connection: close/);
  });

  for (const [size, outcome] of [
    [262_144, 'keep-alive'],
    [262_145, 'close'],
  ] as const) {
    test(`ends with ${outcome} after an unread chunked body of ${size} bytes`, () => {
      const server = new Server();
      server.onHead = () => server.answer();

      server.receive(
        post(
          'Transfer-Encoding: chunked\r\n',
          `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\nX: y\r\n\r\n`,
        ),
      );

      assert.deepEqual(server.take(), ['head POST /', outcome]);
    });
  }

  test('counts as unread only what comes after the response', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.receive(post('Transfer-Encoding: chunked\r\n', `40000\r\n${'x'.repeat(0x40000)}\r\n`));
    server.take();

    server.answer();
    server.receive('1\r\nx\r\n0\r\n\r\n');

    assert.deepEqual(server.take(), ['keep-alive']);
  });

  test('closes when the rest of an unread body turns out malformed: there is nothing left to answer', () => {
    const server = new Server();
    server.onHead = () => server.answer();

    server.receive(post('Transfer-Encoding: chunked\r\n', '1\r\nx\r\nzz\r\n'));

    assert.deepEqual(server.take(), ['head POST /', 'close']);
  });

  test('ends an exchange once when the response that closes is complete in the middle of the body', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.onData = () => {
      server.engine.closeAfter();
      server.onData = undefined;
      server.answer();
    };

    const big = `50000\r\n${'x'.repeat(0x50000)}\r\n`;
    server.receive(post('Transfer-Encoding: chunked\r\n', `1\r\na\r\n${big}broken\r\n`));

    assert.deepEqual(server.take(), ['head POST /', 'data a', 'close']);
  });

  test('throws the rest away when the response is complete in the middle of the body', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.onData = () => server.answer();

    server.receive(post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n1\r\nb\r\n0\r\n\r\n') + get('/next'));

    assert.deepEqual(server.take(), ['head POST /', 'data a', 'keep-alive', 'head GET /next']);
  });
});

describe('100 (Continue)', () => {
  const EXPECTING = post('Content-Length: 2\r\nExpect: 100-continue\r\n');

  test('is sent when the body is first wanted, and once', () => {
    const server = new Server();
    server.receive(EXPECTING);
    assert.equal(server.output.take(), '');

    server.engine.readBody();
    server.engine.readBody();

    assert.equal(server.output.take(), 'HTTP/1.1 100 Continue\r\n\r\n');
  });

  test('is not sent when the client sent the body with its head', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();

    server.receive(`${EXPECTING}hi`);

    assert.equal(server.output.take(), '');
    assert.deepEqual(server.take(), ['head POST /', 'data hi', 'end']);
  });

  test('is not sent when the client did not wait for it', () => {
    const server = new Server();
    server.receive(EXPECTING);
    server.receive('h');

    server.engine.readBody();

    assert.equal(server.output.take(), '');
  });

  test('is not sent behind a final head', () => {
    const server = new Server();
    server.receive(EXPECTING);
    server.engine.sendHead(EMPTY);
    server.output.take();

    server.engine.readBody();

    assert.equal(server.output.take(), '');
  });

  test('closes when the answer is final and the client still waits: its body may never come', () => {
    const server = new Server();
    server.receive(EXPECTING);

    server.answer(response(403, 0));

    assert.deepEqual(server.take(), ['head POST /', 'close']);
    assert.match(server.output.take(), /^HTTP\/1\.1 403 Forbidden\r\n.*connection: close\r\n/s);
  });

  test('keeps the connection when the answer is final but the client did not wait', () => {
    const server = new Server();
    server.receive(`${EXPECTING}h`);

    server.answer(response(403, 0));
    server.receive('i');

    assert.deepEqual(server.take(), ['head POST /', 'keep-alive']);
  });
});

describe('responses', () => {
  const cases: readonly (readonly [
    what: string,
    request: string,
    head: ResponseHead,
    body: string,
    expected: string,
    outcome: 'keep-alive' | 'close',
  ])[] = [
    [
      'declares a known length',
      get('/'),
      response(200, 2, ['x', 'y']),
      'hi',
      'HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 2\r\n\r\nhi',
      'keep-alive',
    ],
    [
      'chunks a body of unknown length',
      get('/'),
      response(200, UNKNOWN_LENGTH),
      'hi',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
      'keep-alive',
    ],
    [
      'ends a body of unknown length with the connection for HTTP/1.0',
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      response(200, UNKNOWN_LENGTH),
      'hi',
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi',
      'close',
    ],
    [
      'tells an HTTP/1.0 client that its keep-alive was heard',
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      response(200, 2),
      'hi',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nhi',
      'keep-alive',
    ],
    [
      'closes after an HTTP/1.0 request by default',
      'GET / HTTP/1.0\r\n\r\n',
      response(200, 0),
      '',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      'close',
    ],
    [
      'closes when the client asked for it',
      get('/', 'Connection: close\r\n'),
      response(200, 0),
      '',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      'close',
    ],
    [
      'declares to HEAD what GET would get, and sends nothing of it',
      'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
      response(200, 5),
      'hello',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
      'keep-alive',
    ],
    [
      'declares nothing to HEAD when the length is unknown',
      'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
      response(200, UNKNOWN_LENGTH),
      'hello',
      'HTTP/1.1 200 OK\r\n\r\n',
      'keep-alive',
    ],
    [
      'sends 204 without framing',
      get('/'),
      response(204, 0),
      '',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'keep-alive',
    ],
    [
      'declares in 304 the length of what was not sent',
      get('/'),
      response(304, 7),
      '',
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n',
      'keep-alive',
    ],
    [
      'leaves the length out of a 304 that did not have one',
      get('/'),
      response(304, UNKNOWN_LENGTH),
      '',
      'HTTP/1.1 304 Not Modified\r\n\r\n',
      'keep-alive',
    ],
    [
      'keeps the reason it was given and leaves an unregistered one empty',
      get('/'),
      response(299, 0),
      '',
      'HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n',
      'keep-alive',
    ],
  ];

  for (const [what, request, head, body, expected, outcome] of cases) {
    test(what, () => {
      const server = new Server();
      server.receive(request);
      server.take();

      const bytes = octets(body);
      server.engine.sendHead(head);
      server.engine.sendData(bytes, 0, bytes.length, undefined);
      server.engine.sendEnd([]);

      assert.equal(server.output.take(), expected);
      assert.deepEqual(server.take(), [outcome]);
    });
  }

  for (const [version, fields, expected] of [
    ['1.1', '', 'upgrade'],
    ['1.1', 'Connection: close\r\n', 'upgrade, close'],
    ['1.0', 'Connection: keep-alive\r\n', 'upgrade, keep-alive'],
  ] as const) {
    test(`names Upgrade of 426 in its one Connection field: ${expected}`, () => {
      const server = new Server();
      server.receive(`GET / HTTP/${version}\r\nHost: a\r\n${fields}\r\n`);

      server.engine.sendHead(response(426, 0, ['upgrade', 'websocket']));

      assert.equal(
        server.output.take(),
        `HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\ncontent-length: 0\r\nconnection: ${expected}\r\n\r\n`,
      );
    });
  }

  test('sends trailers behind a chunked body', () => {
    const server = new Server();
    server.receive(get('/'));

    server.engine.sendHead(response(200, UNKNOWN_LENGTH));
    server.engine.sendEnd(['x-sum', '1']);

    assert.match(server.output.take(), /\r\n\r\n0\r\nx-sum: 1\r\n\r\n$/);
  });

  test('never writes an empty chunk, which would end the body', () => {
    const server = new Server();
    server.receive(get('/'));
    server.engine.sendHead(response(200, UNKNOWN_LENGTH));
    server.output.take();

    server.engine.sendData(Buffer.alloc(0), 0, 0, undefined);

    assert.equal(server.output.take(), '');
  });

  test('sends interim responses to HTTP/1.1 clients only', () => {
    const hints = response(103, 0, ['link', '</a.css>']);
    const server = new Server();
    server.receive(get('/'));
    server.engine.sendInterim(hints);
    assert.equal(server.output.take(), 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n');

    const old = new Server();
    old.receive('GET / HTTP/1.0\r\n\r\n');
    old.engine.sendInterim(hints);
    assert.equal(old.output.take(), '');
  });

  test('closes after the current response when asked to, and drops what was pipelined behind it', () => {
    const server = new Server();
    server.receive(get('/1') + get('/2'));

    server.engine.closeAfter();
    server.answer();

    assert.match(server.output.take(), /connection: close/);
    assert.equal(server.engine.holding, false);
    assert.deepEqual(server.take(), ['head GET /1', 'close']);
    assert.equal(server.receive(get('/3')), true);
    assert.deepEqual(server.take(), []);
  });

  test('lets a response go on when the request behind it turns out malformed, then closes', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.receive(post('Transfer-Encoding: chunked\r\n', '1\r\na\r\n'));
    server.engine.sendHead(response(200, UNKNOWN_LENGTH));
    server.receive('zz\r\n');

    assert.equal(server.engine.responding, true);
    server.engine.sendEnd([]);

    assert.deepEqual(server.take(), ['head POST /', 'data a', 'fault bad-chunk-size', 'close']);
  });

  test('answers a malformed body with a response that closes', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.receive(post('Transfer-Encoding: chunked\r\n', 'zz\r\n'));

    server.answer(response(400, 0));

    assert.match(server.output.take(), /^HTTP\/1\.1 400 Bad Request\r\n.*connection: close\r\n/s);
    assert.deepEqual(server.take(), ['head POST /', 'fault bad-chunk-size', 'close']);
  });
});

describe('refusals', () => {
  const body = octets('what was wrong');

  test('answer what is not a request, close, and silence what is held', () => {
    const server = new Server();
    server.receive('GET /\r\n');

    server.engine.sendRefusal(response(400, 0, ['x', 'y']), body);

    assert.equal(
      server.output.take(),
      'HTTP/1.1 400 Bad Request\r\nx: y\r\ncontent-length: 14\r\nconnection: close\r\n\r\nwhat was wrong',
    );
    assert.equal(server.receive(get('/b')), true);
    assert.deepEqual(server.take(), ['fault bad-request-line']);
  });

  test('have no body for HEAD', () => {
    const server = new Server();
    server.receive('HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');

    server.engine.sendRefusal(response(408, 0), body);

    assert.match(server.output.take(), /content-length: 14\r\nconnection: close\r\n\r\n$/);
  });

  for (const [name, wire] of [
    ['whose fields are malformed', 'HEAD / HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n'],
    ['with an unknown expectation', 'HEAD / HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n'],
    ['with a malformed target', 'HEAD a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['of an unknown version', 'HEAD / HTTP/3.0\r\nHost: a\r\n\r\n'],
    ['that does not end', 'HEAD / HTTP/1.1\r\nHost: a'],
    ['whose line does not end', 'HEAD /a'],
    ['whose line ends with a bare LF', 'HEAD / HTTP/1.1\nHost: a\r\n\r\n'],
    ['whose line has no version', 'HEAD /\r\nHost: a\r\n\r\n'],
    ['whose line is too long', `HEAD /${'a'.repeat(100_000)} HTTP/1.1\r\n`],
    ['whose line is too long and does not end', `HEAD /${'a'.repeat(100_000)}`],
  ] as const) {
    test(`have no body for a HEAD ${name}`, () => {
      const server = new Server();
      server.receive(wire);

      server.engine.sendRefusal(response(400, 0), body);

      assert.match(server.output.take(), /content-length: 14\r\nconnection: close\r\n\r\n$/);
    });
  }

  for (const [name, wire] of [
    ['what only begins like HEAD', `HEADER /${'a'.repeat(100_000)}`],
    ['what may still become another word than HEAD', 'HEAD'],
  ] as const) {
    test(`have a body for ${name}`, () => {
      const server = new Server();
      server.receive(wire);

      server.engine.sendRefusal(response(414, 0), body);

      assert.match(server.output.take(), /what was wrong$/);
    });
  }

  test('have a body for what follows a HEAD that was answered', () => {
    const server = new Server();
    server.onHead = () => server.answer();
    server.receive('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    server.receive('GET /\r\n');
    server.output.take();

    server.engine.sendRefusal(response(400, 0), body);

    assert.match(server.output.take(), /what was wrong$/);
  });

  test('are not for a response that has begun', () => {
    const server = new Server();
    server.receive(get('/'));
    server.engine.sendHead(response(200, 5));

    assert.throws(() => server.engine.sendRefusal(response(400, 0), body), /out of order/);
  });
});

describe('tunnels', () => {
  const UPGRADING = get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');

  test('switches protocols and passes bytes untouched both ways, those already held first', () => {
    const server = new Server();
    server.receive(`${UPGRADING}early`);

    server.engine.sendUpgrade(response(101, 0, ['x', 'y']), 'websocket');
    server.engine.resume();
    server.receive('GET / HTTP/1.1\r\n');
    server.engine.sendData(octets('raw'), 0, 3, undefined);

    assert.equal(
      server.output.take(),
      'HTTP/1.1 101 Switching Protocols\r\nx: y\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nraw',
    );
    assert.deepEqual(server.take(), ['head GET /chat', 'data early', 'data GET / HTTP/1.1\r\n']);
  });

  test('stays HTTP when the upgrade is answered with an ordinary response', () => {
    const server = new Server();
    server.receive(UPGRADING + get('/next'));

    server.answer(response(403, 0));
    server.engine.resume();

    assert.deepEqual(server.take(), ['head GET /chat', 'keep-alive', 'head GET /next']);
  });
});

describe('repeated heads', () => {
  test('come out as the same object without being parsed again', () => {
    const server = new Server();
    server.onHead = () => server.answer();

    for (let i = 0; i < 3; i++) server.receive(get('/', 'X-A: b\r\n'));

    assert.equal(server.heads.length, 3);
    assert.equal(server.heads[1], server.heads[0]);
    assert.equal(server.heads[2], server.heads[0]);
  });

  test('are recognised inside a pipeline', () => {
    const server = new Server();
    server.onHead = () => server.answer();

    server.receive(get('/').repeat(4));

    assert.equal(new Set(server.heads).size, 1);
    assert.equal(server.heads.length, 4);
  });

  const traps: readonly (readonly [what: string, second: string, expected: string])[] = [
    ['a longer path', get('/a/b'), 'head GET /a/b'],
    ['one more field', get('/a', 'X: y\r\n'), 'head GET /a'],
    ['another field value', get('/a').replace('a.example', 'b.example'), 'head GET /a'],
    ['another case of the method', get('/a').replace('GET', 'Get'), 'head Get /a'],
    ['other line ends', get('/a').replaceAll('\r\n', '\n'), 'fault bare-lf'],
  ];
  for (const [what, second, expected] of traps) {
    test(`are told from a head with ${what}`, () => {
      const server = new Server();
      server.onHead = () => server.answer();

      server.receive(get('/a'));
      server.take();
      server.receive(second);

      assert.equal(server.take()[0], expected);
      assert.notEqual(server.heads[1], server.heads[0]);
    });
  }

  test('are recognised when a body follows the second one only in part', () => {
    const server = new Server();
    server.onHead = () => server.engine.readBody();
    server.onEnd = () => server.answer();
    const head = post('Content-Length: 3\r\n');

    server.receive(`${head}abc`);
    server.receive(`${head}d`);
    server.receive('ef');

    assert.equal(server.heads[1], server.heads[0]);
    assert.deepEqual(server.take(), [
      'head POST /',
      'data abc',
      'end',
      'keep-alive',
      'head POST /',
      'data d',
      'data ef',
      'end',
      'keep-alive',
    ]);
  });

  test('are parsed when they come in pieces', () => {
    const server = new Server();
    server.onHead = () => server.answer();
    server.receive(get('/a'));

    server.receive(get('/a').slice(0, 20));
    server.receive(get('/a').slice(20));

    assert.equal(server.heads.length, 2);
    assert.notEqual(server.heads[1], server.heads[0]);
  });

  test('do not hide a second empty line in front of them', () => {
    const server = new Server();
    server.onHead = () => server.answer();
    server.receive(`\r\n${get('/a')}`);
    server.take();

    server.receive('\r\n');
    server.receive(`\r\n${get('/a')}`);

    assert.deepEqual(server.take(), ['fault leading-blank-lines']);
  });

  test('do not make an empty line count for the request after them', () => {
    const server = new Server();
    server.onHead = () => server.answer();
    server.receive(get('/a'));

    server.receive('\r\n');
    server.receive(get('/a'));
    server.receive(`\r\n${get('/b')}`);

    assert.equal(server.take().includes('fault leading-blank-lines'), false);
    assert.equal(server.heads.at(-1)?.path, '/b');
  });

  test('are remembered only up to a size', () => {
    const padding = 'x'.repeat(MAX_REMEMBERED_HEAD_BYTES);
    const server = new Server();
    server.onHead = () => server.answer();

    server.receive(get('/', `X: ${padding}\r\n`));
    server.receive(get('/', `X: ${padding}\r\n`));

    assert.notEqual(server.heads[1], server.heads[0]);
  });
});

describe('misuse', () => {
  const body = octets('body');
  const misuses: readonly (readonly [what: string, act: (server: Server) => void])[] = [
    ['a head before a request', ({ engine }) => engine.sendHead(EMPTY)],
    ['an interim response before a request', ({ engine }) => engine.sendInterim(response(103, 0))],
    ['data before a request', ({ engine }) => engine.sendData(body, 0, 4, undefined)],
    ['an end before a request', ({ engine }) => engine.sendEnd([])],
    ['data before the head', (server) => begun(server).sendData(body, 0, 4, undefined)],
    ['an end before the head', (server) => begun(server).sendEnd([])],
    ['a second head', (server) => responding(server, 4).sendHead(EMPTY)],
    ['an interim response behind the head', (server) => responding(server, 4).sendInterim(response(103, 0))],
    ['an upgrade behind the head', (server) => responding(server, 4).sendUpgrade(response(101, 0), 'x')],
    ['more data than declared', (server) => responding(server, 3).sendData(body, 0, 4, undefined)],
    ['an end before all that was declared', (server) => responding(server, 5).sendEnd([])],
    ['an interim status in a final head', (server) => begun(server).sendHead(response(103, 0))],
    ['a final status in an interim head', (server) => begun(server).sendInterim(response(200, 0))],
    ['101 as an interim response', (server) => begun(server).sendInterim(response(101, 0))],
    [
      'an upgrade before the request is complete',
      (server) => {
        server.receive(post('Content-Length: 1\r\n'));
        server.engine.sendUpgrade(response(101, 0), 'x');
      },
    ],
  ];

  for (const [what, act] of misuses) {
    test(`throws at ${what}`, () => {
      assert.throws(() => act(new Server()), /out of order/);
    });
  }

  function begun(server: Server): ServerEngine {
    server.receive(get('/'));
    return server.engine;
  }

  function responding(server: Server, bodyLength: number): ServerEngine {
    begun(server).sendHead(response(200, bodyLength));
    return server.engine;
  }
});
