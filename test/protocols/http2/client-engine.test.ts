import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { ERROR_CODE, type Http2Fault } from '../../../protocols/http2/errors.ts';
import {
  ClientWire,
  openClientWire,
  responseFrame,
  type WiredResponse,
} from '../../support/http2-client-wire.ts';
import { plainBlock } from '../../support/http2-hpack.ts';
import {
  data,
  goaway,
  headers,
  PREFACE,
  ping,
  priorityUpdate,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from '../../support/http2-wire.ts';

/** A response to a request of its own, and what the engine says to it. */
function answered(pieces: readonly Buffer[], method = 'GET', hasBody = false) {
  const wire = openClientWire();
  const response = wire.request({ method }, hasBody);
  wire.take();
  response.during = (call) => {
    if (call === 'responseHead') response.read();
  };
  wire.receive(...pieces);
  return { wire, response, frames: wire.take() };
}

describe('a client connection', () => {
  it('begins with the preface, SETTINGS that forbid push, and the window of the connection', () => {
    const wire = new ClientWire();
    assert.ok(wire.turn().output.buffer.length > 0);
    assert.match(
      wire.take().join('\n'),
      /^SETTINGS ENABLE_PUSH=0 INITIAL_WINDOW_SIZE=65536 MAX_HEADER_LIST_SIZE=65536\nWINDOW_UPDATE stream=0 increment=65537$/,
    );
    assert.equal(wire.settingsCount, 0);
    wire.receive(settings([['MAX_CONCURRENT_STREAMS', 3]]));
    assert.equal(wire.settingsCount, 1);
    assert.deepEqual(wire.take(), ['SETTINGS ACK']);
  });

  it('writes the preface in front of everything', () => {
    const { engine, output } = new ClientWire();
    engine.settle();
    assert.deepEqual(output.take().subarray(0, PREFACE.length), PREFACE);
  });

  it('takes nothing before SETTINGS', () => {
    for (const frame of [ping('12345678'), data(1, ''), settings([], { flags: 1 })]) {
      const wire = new ClientWire();
      wire.receive(frame);
      assert.deepEqual(
        wire.faults.map(({ rule }) => rule),
        ['settings-first'],
      );
    }
  });

  it('opens as many streams as the server allows now', () => {
    const wire = openClientWire({}, [['MAX_CONCURRENT_STREAMS', 2]]);
    assert.equal(wire.engine.freeStreams, 2);
    wire.request();
    wire.request();
    assert.equal(wire.engine.freeStreams, 0);
    assert.throws(() => wire.request(), /without a free stream/);

    wire.receive(settings([['MAX_CONCURRENT_STREAMS', 1]]));
    assert.equal(wire.engine.freeStreams, 0);
    wire.receive(responseFrame(1, 200, [], { endStream: true }));
    assert.equal(wire.engine.freeStreams, 0);
    wire.receive(settings([['MAX_CONCURRENT_STREAMS', 5]]));
    assert.equal(wire.engine.freeStreams, 4);
    assert.equal(wire.request().stream.id, 5);
  });

  it('sends a request with a body as the windows allow, and with the end on its last frame', () => {
    const wire = openClientWire({}, [['INITIAL_WINDOW_SIZE', 4]]);
    const response = wire.request({ method: 'POST', bodyLength: 6 }, true);
    assert.equal(response.send(Buffer.from('abcdef')), false);
    response.end();
    assert.deepEqual(wire.take().slice(1), ['DATA stream=1 "abcd"']);
    wire.receive(windowUpdate(1, 2));
    assert.deepEqual(wire.take(), ['DATA stream=1 END_STREAM "ef"']);
  });
});

describe('a response', () => {
  it('is told as head, body and end', () => {
    const { wire, response } = answered([
      responseFrame(1, 103, [['link', '</a>']]),
      responseFrame(1, 200, [['content-length', '4']]),
      data(1, 'body'),
      headers(1, plainBlock([['x-check', 'ok']]), { endStream: true }),
    ]);
    assert.deepEqual(
      response.interims.map(({ status }) => status),
      [103],
    );
    assert.equal(response.head?.bodyLength, 4);
    assert.equal(response.body, 'body');
    assert.deepEqual(response.trailers, ['x-check', 'ok']);
    assert.deepEqual(wire.closed, [1]);
  });

  const endings: readonly (readonly [string, string, readonly Buffer[], string?])[] = [
    ['data before a head', 'data-before-head', [data(1, 'x')]],
    ['data behind an interim head', 'data-before-head', [responseFrame(1, 103), data(1, 'x')]],
    ['no head at all', 'data-before-head', [data(1, '', { endStream: true })]],
    ['an end with an interim head', 'unexpected-head', [responseFrame(1, 103, [], { endStream: true })]],
    ['101', 'bad-status', [responseFrame(1, 101)]],
    ['a status of four digits', 'bad-status', [responseFrame(1, '0200')]],
    ['no status', 'missing-pseudo', [headers(1, plainBlock([['x-a', 'b']]))]],
    ['an empty head', 'missing-pseudo', [headers(1, Buffer.alloc(0))]],
    [
      'seventeen interim heads',
      'too-many-interim-responses',
      Array.from({ length: 17 }, () => responseFrame(1, 102)),
    ],
    ['two heads', 'trailers-without-end', [responseFrame(1, 200), responseFrame(1, 200)]],
    [
      'a status in the trailers',
      'unknown-pseudo',
      [responseFrame(1, 200), responseFrame(1, 200, [], { endStream: true })],
    ],
    [
      'too little data',
      'body-length-mismatch',
      [responseFrame(1, 200, [['content-length', '3']]), data(1, 'xy', { endStream: true })],
    ],
    [
      'too much data',
      'body-length-mismatch',
      [responseFrame(1, 200, [['content-length', '3']]), data(1, 'xyz1')],
    ],
    [
      'a length and no data',
      'body-length-mismatch',
      [responseFrame(1, 200, [['content-length', '3']], { endStream: true })],
    ],
    ['a body behind 204', 'body-length-mismatch', [responseFrame(1, 204), data(1, 'x')]],
    [
      'a body behind 304',
      'body-length-mismatch',
      [responseFrame(1, 304, [['content-length', '1']]), data(1, 'x')],
    ],
    [
      'a body for HEAD',
      'body-length-mismatch',
      [responseFrame(1, 200, [['content-length', '1']]), data(1, 'x')],
      'HEAD',
    ],
    [
      'a head that is too large',
      'response-head-too-large',
      [
        responseFrame(
          1,
          200,
          Array.from({ length: 201 }, () => ['a', 'b'] as const),
        ),
      ],
    ],
    [
      'data behind its end',
      'half-closed-stream',
      [responseFrame(1, 200, [], { endStream: true }), data(1, 'x')],
      'POST',
    ],
    ['no WINDOW_UPDATE of 0', 'zero-increment', [windowUpdate(1, 0)]],
  ];
  for (const [title, rule, pieces, method] of endings) {
    it(`with ${title} costs its stream: ${rule}`, () => {
      const { wire, response, frames } = answered(pieces, method, method === 'POST');
      assert.equal(response.fault?.rule, rule);
      assert.match(frames.at(-1)!, /^RST_STREAM stream=1 (?:PROTOCOL_ERROR|STREAM_CLOSED)$/);
      assert.deepEqual(wire.faults, []);
      assert.equal(wire.engine.streams.size, 0);
    });
  }

  it('that ends with its head, short of the length it declares, is not told of', () => {
    const { response } = answered([responseFrame(1, 200, [['content-length', '3']], { endStream: true })]);
    assert.equal(response.fault?.rule, 'body-length-mismatch');
    assert.equal(response.head, undefined);
  });

  for (const [title, pieces, method] of [
    ['HEAD with a length', [responseFrame(1, 200, [['content-length', '100']], { endStream: true })], 'HEAD'],
    ['304 with a length', [responseFrame(1, 304, [['content-length', '100']], { endStream: true })], 'GET'],
    ['204', [responseFrame(1, 204), data(1, '', { endStream: true })], 'GET'],
    [
      'sixteen interim heads',
      [
        ...Array.from({ length: 16 }, () => responseFrame(1, 102)),
        responseFrame(1, 200, [], { endStream: true }),
      ],
      'GET',
    ],
  ] as const) {
    it(`may be ${title}`, () => {
      const { response } = answered(pieces, method);
      assert.ok(response.isEnded);
      assert.equal(response.body, '');
    });
  }

  it('is held until it is read, and lets go of the window when it is given up instead', () => {
    for (const isRead of [true, false]) {
      const wire = openClientWire();
      const response = wire.request();
      wire.receive(
        responseFrame(1),
        data(1, 'x'.repeat(10_000)),
        data(1, 'y'.repeat(10_000), { endStream: true }),
      );
      assert.deepEqual(response.calls, ['responseHead']);
      assert.deepEqual(wire.closed, [1]);
      if (isRead) {
        response.read();
        assert.equal(response.body.length, 20_000);
        assert.ok(response.isEnded);
      } else response.giveUp(ERROR_CODE.CANCEL);
      assert.equal(wire.refilledWindow(), 131_072);
    }
  });

  it('may be given up within each call', () => {
    for (const call of ['interimHead', 'responseHead', 'bodyData', 'bodyEnd'] as const) {
      const wire = openClientWire();
      const response: WiredResponse = wire.request({ method: 'POST' }, true);
      response.during = (now) => {
        if (now === call) response.giveUp(ERROR_CODE.CANCEL);
        else if (now === 'responseHead') response.read();
      };
      wire.receive(
        responseFrame(1, 103),
        responseFrame(1, 200),
        data(1, 'x'.repeat(1000), { pad: 3 }),
        data(1, 'x'),
        data(1, 'x', { endStream: true }),
      );
      assert.equal(response.calls.at(-1), call);
      assert.deepEqual(wire.closed, [1]);
      assert.deepEqual(wire.faults, []);
      assert.equal(wire.refilledWindow(), 131_072);
    }
  });
});

describe('RST_STREAM from a server', () => {
  it('tells its code', () => {
    const { response } = answered([rstStream(1, 'REFUSED_STREAM')]);
    assert.equal(response.fault?.rule, 'reset-by-peer');
    assert.equal(response.fault?.code, ERROR_CODE.REFUSED_STREAM);
    assert.match(response.fault!.detail, /REFUSED_STREAM/);
  });

  it('with a code that nobody knows tells its number', () => {
    const { response } = answered([rstStream(1, 0xffffffff)]);
    assert.match(response.fault!.detail, /0xffffffff/);
  });

  it('behind an interim head ends the request', () => {
    const { response, wire } = answered([
      responseFrame(1, 103),
      rstStream(1, 'CANCEL'),
      responseFrame(1, 200),
    ]);
    assert.deepEqual(response.calls, ['interimHead', 'reset']);
    assert.deepEqual(wire.faults, []);
  });
});
describe('a complete response to a request that is not complete', () => {
  const whole = [responseFrame(1), data(1, 'abc'), data(1, 'def', { endStream: true })];

  it('is not discarded when the server stops the request', () => {
    for (const code of ['NO_ERROR', 'CANCEL'] as const) {
      const wire = openClientWire();
      const response = wire.request({ method: 'POST' }, true);
      response.takes = false;
      response.during = (call) => {
        if (call === 'responseHead') response.read();
      };
      wire.receive(...whole, rstStream(1, code));
      assert.equal(response.body, 'abc');

      response.resume();

      assert.deepEqual(response.calls, ['responseHead', 'bodyData', 'bodyData', 'bodyEnd']);
      assert.equal(response.body, 'abcdef');
      assert.deepEqual(wire.closed, [1]);
      assert.deepEqual(wire.glitches, [], 'the server has done nothing that is not allowed');
      assert.equal(wire.refilledWindow(), 131_072);
    }
  });

  it('is not followed by a reset that the sink is told of', () => {
    const { response, wire } = answered([...whole, rstStream(1, 'NO_ERROR')], 'POST', true);
    assert.deepEqual(response.calls, ['responseHead', 'bodyData', 'bodyData', 'bodyEnd']);
    assert.equal(response.send(Buffer.from('more')), true);
    response.end();
    assert.deepEqual(wire.take(), []);
  });
});
describe('GOAWAY from a server', () => {
  it('ends the streams that it has not taken, which may be repeated, and no others', () => {
    const wire = openClientWire();
    const [one, two, three] = [wire.request(), wire.request(), wire.request()];
    wire.take();
    wire.receive(goaway(3, 'NO_ERROR'));

    assert.equal(three!.fault?.rule, 'going-away');
    assert.deepEqual(two!.calls, []);
    assert.equal(wire.engine.isExhausted, true);
    assert.equal(wire.engine.freeStreams, 0);
    assert.deepEqual(wire.goaways, [{ lastStreamId: 3, code: 0 }]);
    wire.receive(
      responseFrame(5),
      data(5, 'x'),
      responseFrame(1, 200, [], { endStream: true }),
      goaway(1, 'NO_ERROR'),
    );
    assert.equal(one!.head?.status, 200);
    assert.equal(two!.fault?.rule, 'going-away');
    assert.deepEqual(wire.faults, []);
  });

  it('lets the one who is told of one stream give up others', () => {
    for (const end of [
      (wire: ClientWire) => wire.receive(goaway(0, 'NO_ERROR')),
      (wire: ClientWire) => wire.receive(settings([], { streamId: 1 })),
    ]) {
      const wire = openClientWire();
      const [one, two, three] = [wire.request(), wire.request(), wire.request()];
      one!.during = () => two!.giveUp(ERROR_CODE.CANCEL);
      wire.take();
      end(wire);

      assert.equal(
        wire.take().filter((text) => text.startsWith('RST_STREAM')).length,
        wire.faults.length === 0 ? 1 : 0,
      );
      assert.deepEqual(two!.calls, []);
      assert.deepEqual(three!.calls, ['reset']);
      assert.deepEqual(wire.closed.toSorted(), [1, 3, 5]);
    }
  });
});

describe('what only clients may send, and what servers may not', () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    ['push-promise', pushPromise(1, 2, plainBlock([]))],
    ['bad-priority-update', priorityUpdate(1, 'u=1')],
    ['bad-setting', settings([['ENABLE_PUSH', 1]])],
    ['bad-stream-id', responseFrame(2)],
    ['bad-stream-id', responseFrame(99)],
    ['idle-stream', data(99, 'x')],
    ['idle-stream', windowUpdate(2, 1)],
    ['idle-stream', rstStream(3, 'CANCEL')],
  ];
  for (const [rule, frame] of cases) {
    it(`ends the connection: ${rule}`, () => {
      const { wire, response, frames } = answered([frame]);
      assert.deepEqual(
        wire.faults.map((fault) => fault.rule),
        [rule],
      );
      const told: Http2Fault | undefined = response.fault;
      assert.equal(told?.rule, rule);
      assert.match(frames.at(-1)!, /^GOAWAY last=0 PROTOCOL_ERROR/);
      assert.equal(wire.engine.isExhausted, true);
    });
  }
});
describe('a tunnel', () => {
  it('has no length, whatever Content-Length the head that begins it has', () => {
    const wire = openClientWire({}, [['ENABLE_CONNECT_PROTOCOL', 1]]);
    const response = wire.request({ method: 'CONNECT', protocol: 'websocket' }, true);
    response.during = (call) => {
      if (call === 'responseHead') response.read();
    };
    wire.receive(responseFrame(1, 200, [['content-length', '0']]), data(1, 'frames', { endStream: true }));
    assert.equal(response.body, 'frames');
    assert.ok(response.isEnded);
  });

  it('has no header block behind the head that begins it', () => {
    const wire = openClientWire({}, [['ENABLE_CONNECT_PROTOCOL', 1]]);
    const response = wire.request({ method: 'CONNECT', protocol: 'websocket' }, true);
    wire.receive(responseFrame(1), headers(1, plainBlock([['x-a', 'b']]), { endStream: true }));
    assert.equal(response.fault?.rule, 'headers-in-tunnel');
    assert.equal(wire.take().at(-1), 'RST_STREAM stream=1 PROTOCOL_ERROR');
  });

  it('is none where it was refused', () => {
    const wire = openClientWire({}, [['ENABLE_CONNECT_PROTOCOL', 1]]);
    const response = wire.request({ method: 'CONNECT', protocol: 'websocket' }, true);
    wire.receive(responseFrame(1, 403, [['content-length', '0']]), data(1, 'x'));
    assert.equal(response.fault?.rule, 'body-length-mismatch');
  });
});
