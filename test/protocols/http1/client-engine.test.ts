import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HeaderList } from '../../../protocols/http/header-list.ts';
import { UNKNOWN_LENGTH } from '../../../protocols/http/message.ts';
import type { BytesOwner } from '../../../protocols/http/output.ts';
import { ClientEngine, type ClientEvents } from '../../../protocols/http1/client-engine.ts';
import type { Http1Fault } from '../../../protocols/http1/errors.ts';
import { DEFAULT_LIMITS, MAX_INTERIM_RESPONSES } from '../../../protocols/http1/limits.ts';
import { ResponseMemory } from '../../../protocols/http1/response-memory.ts';
import type { ParsedResponse } from '../../../protocols/http1/response-parser.ts';
import { encodeRequestBlock } from '../../../protocols/http1/writer.ts';
import { octets, RecordingOutput } from '../../support/recording-output.ts';

class Client implements ClientEvents {
  readonly output: RecordingOutput = new RecordingOutput();
  readonly engine: ClientEngine;
  readonly events: string[] = [];
  readonly responses: ParsedResponse[] = [];
  owner: BytesOwner | undefined = undefined;
  onHead: (() => void) | undefined = undefined;
  onData: (() => void) | undefined = undefined;
  onEnd: ((reusable: boolean) => void) | undefined = undefined;

  constructor(depth = 1, memory = new ResponseMemory()) {
    this.engine = new ClientEngine(this, this.output, DEFAULT_LIMITS, { depth, memory });
  }

  /** Sends a head; a request without body is then complete. */
  send(method = 'GET', bodyLength = 0, upgrade = ''): this {
    const block = encodeRequestBlock(method, '/', 'b.example', []);
    this.engine.sendHead(method, block, '', bodyLength, upgrade);
    if (bodyLength === 0) this.engine.sendEnd([]);
    return this;
  }

  receive(text: string, owner?: BytesOwner): this {
    const bytes = octets(text);
    this.engine.receive(bytes, 0, bytes.length, owner);
    return this;
  }

  take(): string[] {
    return this.events.splice(0);
  }

  interimHead({ head }: ParsedResponse): void {
    this.events.push(`interim ${head.status}`);
  }

  responseHead(response: ParsedResponse): void {
    this.responses.push(response);
    this.events.push(`head ${response.head.status}`);
    this.onHead?.();
  }

  bodyData(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    this.owner = owner;
    this.events.push(`data ${bytes.toString('latin1', start, end)}`);
    this.onData?.();
  }

  responseEnd(trailers: HeaderList, reusable: boolean): void {
    this.events.push(['end', reusable ? 'reusable' : 'spent', ...trailers].join(' '));
    this.onEnd?.(reusable);
  }

  fault(fault: Http1Fault): void {
    this.events.push(`fault ${fault.rule}`);
  }
}

function ok(fields: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
}

const SIZED = ok('Content-Length: 2\r\n', 'hi');

describe('requests', () => {
  const framings: readonly (readonly [what: string, method: string, bodyLength: number, framing: string])[] =
    [
      ['says nothing of a body that GET does not have', 'GET', 0, ''],
      ['says that a POST has no body', 'POST', 0, 'content-length: 0\r\n'],
      ['says that a PUT has no body', 'PUT', 0, 'content-length: 0\r\n'],
      ['says that a PATCH has no body', 'PATCH', 0, 'content-length: 0\r\n'],
      ['declares a known length', 'POST', 7, 'content-length: 7\r\n'],
      ['chunks an unknown length', 'GET', UNKNOWN_LENGTH, 'transfer-encoding: chunked\r\n'],
    ];
  for (const [what, method, bodyLength, framing] of framings) {
    test(what, () => {
      const client = new Client().send(method, bodyLength);

      assert.equal(client.output.take(), `${method} / HTTP/1.1\r\nhost: b.example\r\n${framing}\r\n`);
    });
  }

  test('writes the further lines behind the block', () => {
    const client = new Client();

    client.engine.sendHead('GET', encodeRequestBlock('GET', '/', 'b', ['x', 'y']), 'z: 1\r\n', 0, '');

    assert.equal(client.output.take(), 'GET / HTTP/1.1\r\nhost: b\r\nx: y\r\nz: 1\r\n\r\n');
  });

  test('asks for an upgrade with both fields', () => {
    const client = new Client().send('GET', 0, 'websocket');

    assert.match(client.output.take(), /\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n$/);
  });

  for (const [upgrade, lines] of [
    ['', 'connection: te\r\n'],
    ['websocket', 'connection: te, upgrade\r\nupgrade: websocket\r\n'],
  ] as const) {
    test(`names te in its one Connection field${upgrade === '' ? '' : ', beside an upgrade'}`, () => {
      const client = new Client();

      client.engine.sendHead(
        'GET',
        encodeRequestBlock('GET', '/', 'b', ['te', 'trailers']),
        'z: 1\r\n',
        0,
        upgrade,
      );

      assert.equal(client.output.take(), `GET / HTTP/1.1\r\nhost: b\r\nte: trailers\r\nz: 1\r\n${lines}\r\n`);
    });
  }

  test('sends a sized body as it is and hands the owner of its bytes on', () => {
    const client = new Client().send('POST', 4);
    const owner = { retain() {}, release() {} };
    client.output.take();

    client.engine.sendData(octets('xabx'), 1, 3, owner);
    client.engine.sendData(octets('cd'), 0, 2, undefined);
    client.engine.sendEnd([]);

    assert.equal(client.output.take(), 'abcd');
    assert.deepEqual(client.output.owners, [owner, undefined]);
    assert.equal(client.engine.requestComplete, true);
  });

  test('sends chunks and trailers', () => {
    const client = new Client().send('POST', UNKNOWN_LENGTH);
    client.output.take();

    client.engine.sendData(octets('hello, world, hi'), 0, 16, undefined);
    client.engine.sendData(octets(''), 0, 0, undefined);
    client.engine.sendEnd(['x-sum', '1']);

    assert.equal(client.output.take(), '10\r\nhello, world, hi\r\n0\r\nx-sum: 1\r\n\r\n');
  });
});

describe('reuse', () => {
  const outcomes: readonly (readonly [what: string, bytes: string, reusable: boolean])[] = [
    ['a sized response leaves the connection reusable', SIZED, true],
    ['a chunked response leaves it reusable', ok('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'), true],
    ['a response without body leaves it reusable', 'HTTP/1.1 204 No Content\r\n\r\n', true],
    ['Connection: close spends it', ok('Connection: x, Close\r\nContent-Length: 0\r\n'), false],
    ['HTTP/1.0 spends it', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
    [
      'HTTP/1.0 with keep-alive leaves it reusable',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n',
      true,
    ],
    [
      'close is stronger than keep-alive',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n',
      false,
    ],
  ];
  for (const [what, bytes, reusable] of outcomes) {
    test(what, () => {
      const client = new Client().send().receive(bytes);

      assert.equal(
        client
          .take()
          .at(-1)
          ?.startsWith(reusable ? 'end reusable' : 'end spent'),
        true,
      );
      assert.equal(client.engine.idle, reusable);
    });
  }

  test('one connection carries one exchange after the other', () => {
    const client = new Client();

    for (let i = 0; i < 3; i++) client.send().receive(SIZED);

    assert.deepEqual(client.take(), Array(3).fill(['head 200', 'data hi', 'end reusable']).flat());
  });

  test('a response that ends with the connection is complete when the backend ends it, and spends it', () => {
    const client = new Client().send().receive(ok('', 'all of it'));
    assert.deepEqual(client.take(), ['head 200', 'data all of it']);

    assert.equal(client.engine.receiveEnd(), true);

    assert.deepEqual(client.take(), ['end spent']);
    assert.equal(client.engine.idle, false);
  });

  for (const [what, bytes] of [
    ['before any answer', ''],
    ['within a head', 'HTTP/1.1 200 OK\r\n'],
    ['within a sized body', ok('Content-Length: 2\r\n', 'h')],
    ['within a chunked body', ok('Transfer-Encoding: chunked\r\n', '2\r\nhi\r\n')],
  ] as const) {
    test(`the end of the stream ${what} completes nothing`, () => {
      const client = new Client().send().receive(bytes);
      client.take();

      assert.equal(client.engine.receiveEnd(), false);
      assert.deepEqual(client.take(), []);
    });
  }

  test('a HEAD response of unknown length says nothing about the end of the connection', () => {
    const client = new Client().send('HEAD').receive(ok(''));

    assert.deepEqual(client.take(), ['head 200', 'end reusable']);
  });

  test('an early response spends the connection, for the rest of the request is still owed', () => {
    const client = new Client().send('POST', 10).receive(SIZED);

    assert.deepEqual(client.take(), ['head 200', 'data hi', 'end spent']);
    assert.equal(client.engine.requestComplete, false);
  });

  test('a response that begins early but ends behind the request leaves the connection reusable', () => {
    const client = new Client().send('POST', 2).receive(ok('Content-Length: 2\r\n', 'h'));

    client.engine.sendData(octets('xy'), 0, 2, undefined);
    client.engine.sendEnd([]);
    client.receive('i');

    assert.deepEqual(client.take(), ['head 200', 'data h', 'data i', 'end reusable']);
  });
});

describe('bytes that nobody asked for', () => {
  for (const [what, method, bytes] of [
    ['behind a sized body', 'GET', `${SIZED}!`],
    ['behind a chunked body', 'GET', ok('Transfer-Encoding: chunked\r\n', '0\r\n\r\n!')],
    ['behind an answer to HEAD', 'HEAD', SIZED],
    ['behind a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nhi'],
    ['in the form of a second response', 'GET', SIZED + SIZED],
  ] as const) {
    test(`are a fault ${what}, and the connection is not called reusable`, () => {
      const client = new Client().send(method).receive(bytes);

      const events = client.take();
      assert.ok(events.includes('end spent'));
      assert.equal(events.at(-1), 'fault unexpected-bytes');
    });
  }

  test('never become the answer to the request that is sent when the response ends', () => {
    const client = new Client();
    client.onEnd = (reusable) => {
      client.onEnd = undefined;
      if (reusable && client.engine.idle) client.send();
    };

    client.send().receive(SIZED + ok('X-Forged: 1\r\nContent-Length: 0\r\n'));

    assert.deepEqual(client.take(), ['head 200', 'data hi', 'end spent', 'fault unexpected-bytes']);
    assert.equal(client.responses.length, 1);
  });

  test('are a fault on a connection that is idle', () => {
    const client = new Client().send().receive(SIZED);
    client.take();

    client.receive('HTTP/1.1 408 Request Timeout\r\n\r\n');

    assert.deepEqual(client.take(), ['fault unexpected-bytes']);
    assert.equal(client.engine.idle, false);
  });

  test('are not looked at behind a response that closes', () => {
    const client = new Client().send().receive(ok('Connection: close\r\nContent-Length: 0\r\n', 'garbage'));

    assert.deepEqual(client.take(), ['head 200', 'end spent']);
  });
});

describe('interim responses', () => {
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

  test('come before the final one', () => {
    const client = new Client().send().receive(`${CONTINUE}HTTP/1.1 103 Early Hints\r\n\r\n${SIZED}`);

    assert.deepEqual(client.take(), ['interim 100', 'interim 103', 'head 200', 'data hi', 'end reusable']);
  });

  test('are too many when a backend sends nothing else', () => {
    const client = new Client().send().receive(CONTINUE.repeat(MAX_INTERIM_RESPONSES));
    assert.equal(client.take().length, MAX_INTERIM_RESPONSES);

    client.receive(CONTINUE + SIZED);

    assert.deepEqual(client.take(), ['fault too-many-interim-responses']);
  });

  test('are counted anew for each request', () => {
    const client = new Client();

    for (let i = 0; i < 3; i++) client.send().receive(CONTINUE.repeat(MAX_INTERIM_RESPONSES) + SIZED);

    assert.equal(client.engine.idle, true);
  });
});

describe('upgrades', () => {
  const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n';

  test('turn the connection into a tunnel both ways', () => {
    const client = new Client().send('GET', 0, 'websocket').receive(`${SWITCHING}raw`);
    client.output.take();

    client.engine.sendData(octets('frame'), 0, 5, undefined);

    assert.deepEqual(client.take(), ['head 101', 'data raw']);
    assert.equal(client.output.take(), 'frame');
    assert.equal(client.engine.tunnelling, true);
    assert.equal(client.engine.requestComplete, true);
    assert.equal(client.engine.receiveEnd(), false);
  });

  test('may be refused with an ordinary response', () => {
    const client = new Client().send('GET', 0, 'websocket').receive(SIZED);

    assert.deepEqual(client.take(), ['head 200', 'data hi', 'end reusable']);
  });

  for (const [what, asked, bytes] of [
    ['101 that was not asked for', '', SWITCHING],
    ['101 to another protocol than was asked for', 'websocket', SWITCHING.replace('WebSocket', 'other')],
    ['101 without Connection: upgrade', 'websocket', SWITCHING.replace('Connection: Upgrade\r\n', '')],
    ['101 without Upgrade', 'websocket', SWITCHING.replace('Upgrade: WebSocket\r\n', '')],
  ] as const) {
    test(`treat as a fault ${what}`, () => {
      const client = new Client().send('GET', 0, asked).receive(`${bytes}raw`);

      assert.deepEqual(client.take(), ['fault unexpected-upgrade']);
    });
  }
});

describe('what a consumer does in an event', () => {
  test('stop in the head silences the body', () => {
    const client = new Client().send();
    client.onHead = () => client.engine.stop();

    client.receive(SIZED);

    assert.deepEqual(client.take(), ['head 200']);
  });

  test('stop in the head of a response without body silences its end', () => {
    const client = new Client().send('HEAD');
    client.onHead = () => client.engine.stop();

    client.receive(ok(''));

    assert.deepEqual(client.take(), ['head 200']);
  });

  test('stop in the body silences its other chunks and what is wrong with them', () => {
    const client = new Client().send();
    client.onData = () => client.engine.stop();

    client.receive(ok('Transfer-Encoding: chunked\r\n', '1\r\na\r\n1\r\nb\r\nbroken\r\n'));

    assert.deepEqual(client.take(), ['head 200', 'data a']);
  });

  test('stop at the end silences what comes behind it', () => {
    const client = new Client().send();
    client.onEnd = () => client.engine.stop();

    client.receive(`${SIZED}excess`);

    assert.deepEqual(client.take(), ['head 200', 'data hi', 'end spent']);
  });

  test('a fault is the last event', () => {
    const client = new Client().send().receive('garbage\r\n\r\n');

    client.receive(SIZED);

    assert.deepEqual(client.take(), ['fault bad-status-line']);
  });

  test('body bytes come with the owner that lent them', () => {
    const owner = { retain() {}, release() {} };
    const client = new Client().send();

    client.receive(SIZED, owner);

    assert.equal(client.owner, owner);
  });
});

describe('repeated heads', () => {
  test('are the same head on all connections that share a memory', () => {
    const memory = new ResponseMemory();
    const [one, other] = [new Client(1, memory), new Client(1, memory)];
    const dated = (second: number) => `HTTP/1.1 200 OK\r\nDate: ${second}\r\nContent-Length: 0\r\n\r\n`;
    for (const second of [1, 2]) for (const client of [one, other]) client.send().receive(dated(second));

    assert.equal(other.responses[0], one.responses[0]);
    assert.equal(other.responses[1], one.responses[1]);
    assert.notEqual(one.responses[1], one.responses[0]);
  });

  test('stay those of their connection while others of the instance have others', () => {
    const memory = new ResponseMemory();
    const [one, other] = [new Client(1, memory), new Client(1, memory)];
    const named = (name: string) => `HTTP/1.1 200 OK\r\nX: ${name}\r\nContent-Length: 0\r\n\r\n`;
    for (let i = 0; i < 2; i++) {
      one.send().receive(named('one'));
      other.send().receive(named('other'));
    }

    assert.equal(one.responses[1], one.responses[0]);
    assert.equal(other.responses[1], other.responses[0]);
    assert.notEqual(one.responses[0], other.responses[0]);
  });

  test('come out as the same object', () => {
    const client = new Client();

    for (let i = 0; i < 3; i++) client.send().receive(SIZED);

    assert.equal(client.responses[1], client.responses[0]);
    assert.equal(client.responses[2], client.responses[0]);
  });

  test('are told from heads that only begin alike', () => {
    const client = new Client();
    client.send().receive(ok('Content-Length: 2\r\n', 'hi'));

    client.send().receive(ok('Content-Length: 2\r\nX: y\r\n', 'hi'));
    client.send().receive(ok('Content-Length: 1\r\n', 'h'));

    assert.deepEqual(
      client.responses.map(({ head }) => [head.bodyLength, head.headers.length]),
      [
        [2, 0],
        [2, 2],
        [1, 0],
      ],
    );
  });

  test('mean what the request makes of them', () => {
    const client = new Client();
    client.send('GET').receive(SIZED);
    client.take();

    client.send('HEAD').receive(ok('Content-Length: 2\r\n'));

    assert.equal(client.responses[1], client.responses[0]);
    assert.deepEqual(client.take(), ['head 200', 'end reusable']);
  });

  test('are recognised behind an interim response', () => {
    const client = new Client();
    client.send().receive(SIZED);

    client.send().receive(`HTTP/1.1 100 Continue\r\n\r\n${SIZED}`);

    assert.equal(client.responses[1], client.responses[0]);
  });

  test('do not excuse an empty line in front of them', () => {
    const client = new Client();
    client.send().receive(SIZED);
    client.take();

    client.send().receive('\r\n').receive(SIZED);

    assert.deepEqual(client.take(), ['fault bad-status-line']);
  });
});

describe('misuse', () => {
  const body = octets('body');
  const misuses: readonly (readonly [what: string, act: (client: Client) => void])[] = [
    ['a second request before the response', (client) => client.send().send()],
    [
      'a request on a spent connection',
      (client) => client.send().receive(ok('Connection: close\r\n')).send(),
    ],
    ['data without a request', ({ engine }) => engine.sendData(body, 0, 4, undefined)],
    ['data for a request without body', (client) => client.send().engine.sendData(body, 0, 4, undefined)],
    ['more data than declared', (client) => client.send('POST', 3).engine.sendData(body, 0, 4, undefined)],
    ['an end before all that was declared', (client) => client.send('POST', 3).engine.sendEnd([])],
  ];
  for (const [what, act] of misuses) {
    test(`throws at ${what}`, () => {
      assert.throws(() => act(new Client()), /out of order|not idle/);
    });
  }
});

describe('several requests at a time', () => {
  const answer = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  function sent(...methods: string[]): Client {
    const client = new Client(8);
    for (const method of methods) client.send(method);
    client.engine.flushed();
    return client;
  }

  test('are answered in their order, all in one read or byte for byte', () => {
    const answers = `${answer('a')}HTTP/1.1 103 Early Hints\r\n\r\n${answer('b')}${answer('c')}`;
    const events = [
      'head 200',
      'data a',
      'end reusable',
      'interim 103',
      'head 200',
      'data b',
      'end reusable',
    ];
    const last = ['head 200', 'data c', 'end reusable'];

    const whole = sent('GET', 'GET', 'GET').receive(answers);
    assert.deepEqual(whole.take(), [...events, ...last]);
    assert.ok(whole.engine.idle);

    const bitten = sent('GET', 'GET', 'GET');
    for (const octet of answers) bitten.receive(octet);
    assert.deepEqual(bitten.take(), [...events, ...last]);
  });

  test('have a HEAD among them whose answer has no body', () => {
    const client = sent('GET', 'HEAD', 'GET');

    client.receive(`${answer('a')}HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n${answer('c')}`);

    assert.deepEqual(
      client.take().filter((event) => event !== 'head 200'),
      ['data a', 'end reusable', 'end reusable', 'data c', 'end reusable'],
    );
  });

  test('are bounded', () => {
    const client = sent('GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'GET');

    assert.throws(() => client.send(), /not idle/);
    client.receive(answer(''));
    client.send();
    assert.throws(() => client.send(), /not idle/);
  });

  test('have no body and no upgrade', () => {
    const client = sent('GET');

    assert.throws(() => client.send('POST', 1), /not idle/);
    assert.throws(() => client.send('GET', 0, 'websocket'), /not idle/);
    assert.throws(() => new Client(8).send('POST', 1).send(), /not idle/);
    assert.throws(() => new Client(8).send('GET', 0, 'websocket').send(), /not idle/);
  });

  test('one answer more than was asked for is a fault', () => {
    const client = sent('GET', 'GET').receive(`${answer('a')}${answer('b')}${answer('c')}`);

    assert.deepEqual(client.take().slice(3), ['head 200', 'data b', 'end spent', 'fault unexpected-bytes']);
  });

  test('bytes that were there before a request left are no answer to it', () => {
    const early = sent('GET', 'GET');
    early.onEnd = () => {
      early.onEnd = undefined;
      early.send();
    };
    early.receive(`${answer('a')}${answer('b')}${answer('c')}`);
    assert.deepEqual(early.take().slice(-2), ['end reusable', 'fault unexpected-bytes']);

    const unflushed = sent('GET').send().receive(answer('a'));
    unflushed.take();
    unflushed.receive(answer('b'));
    assert.deepEqual(unflushed.take(), ['fault unexpected-bytes']);

    const flushed = sent('GET').send();
    flushed.engine.flushed();
    flushed.receive(answer('a') + answer('b'));
    assert.equal(flushed.take().at(-1), 'end reusable');
  });

  test('none is answered behind one that ends the connection', () => {
    const client = sent('GET', 'GET');

    client.receive(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n${answer('b')}`);

    assert.deepEqual(client.take(), ['head 200', 'end spent']);
  });

  test('the one in turn is untouched until a byte of its answer has come', () => {
    const client = sent('GET', 'GET');
    assert.equal(client.engine.untouched, true);

    client.receive(answer('a'));
    assert.equal(client.engine.untouched, true);
    client.receive('HTTP/1.1 103 Early Hints\r\n\r\n');
    assert.equal(client.engine.untouched, false);

    client.receive(answer('b')).send();
    client.engine.flushed();
    client.receive('H');
    assert.equal(client.engine.untouched, false);
  });
});
