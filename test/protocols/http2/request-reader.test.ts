import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ReadRequest,
  type RequestContext,
  readRequest,
} from '../../../protocols/http2/request-reader.ts';

const CONTEXT: RequestContext = { endStream: true, lineBytes: 100, neverIndexed: undefined };

type Fields = Readonly<Record<string, string | undefined>>;

/** A GET with other pseudo-header fields (undefined: none), and fields behind them. */
function read(pseudo: Fields, fields: readonly string[] = [], context: Partial<RequestContext> = {}) {
  const all = { ':method': 'GET', ':scheme': 'https', ':authority': 'a.example', ':path': '/', ...pseudo };
  const list = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  return readRequest([...list, ...fields], { ...CONTEXT, ...context });
}

function good(...asked: Parameters<typeof read>): ReadRequest {
  const request = read(...asked);
  assert.ok(typeof request === 'object', `${request}`);
  return request;
}

describe('a request head', () => {
  it('has method, scheme, authority, path and the other fields in order', () => {
    const { head, declaredLength, priority } = good({ ':path': '/a?b' }, ['x-b', '1', 'x-a', '', 'x-b', '2']);
    assert.equal(head.method, 'GET');
    assert.equal(head.scheme, 'https');
    assert.equal(head.authority, 'a.example');
    assert.equal(head.path, '/a?b');
    assert.equal(head.version, '2');
    assert.equal(head.upgrade, '');
    assert.deepEqual(head.headers, ['x-b', '1', 'x-a', '', 'x-b', '2']);
    assert.equal(head.neverIndexed, undefined);
    assert.equal(declaredLength, -1);
    assert.equal(priority, '');
  });

  it('takes its pseudo-header fields in any order', () => {
    const request = readRequest(
      [':path', '/', ':authority', 'a', ':scheme', 'http', ':method', 'get'],
      CONTEXT,
    );
    assert.ok(typeof request === 'object');
    assert.equal(request.head.method, 'get');
  });

  it('puts the crumbs of cookies together, and remembers what must not be indexed', () => {
    const { head } = good({}, ['cookie', 'a=1', 'x-a', 'b', 'cookie', 'c=2', 'cookie', ''], {
      neverIndexed: ['cookie'],
    });
    assert.deepEqual(head.headers, ['x-a', 'b', 'cookie', 'a=1; c=2']);
    assert.deepEqual([...head.neverIndexed!], ['cookie']);
  });

  it('has no blanks around a cookie, though crumbs may be empty', () => {
    for (const [crumbs, cookie] of [
      [[''], ''],
      [['', ''], ''],
      [['', 'a=1', '', 'b=2', ''], 'a=1; b=2'],
    ] as const)
      assert.deepEqual(
        good(
          {},
          crumbs.flatMap((crumb) => ['cookie', crumb]),
        ).head.headers,
        ['cookie', cookie],
      );
  });

  it('puts Priority together, and keeps its fields', () => {
    const { head, priority } = good({}, ['priority', 'u=1', 'priority', 'i']);
    assert.equal(priority, 'u=1, i');
    assert.deepEqual(head.headers, ['priority', 'u=1', 'priority', 'i']);
  });

  it('takes Host in place of :authority, or beside it when both say the same', () => {
    assert.equal(good({ ':authority': undefined }, ['host', 'b.example:8']).head.authority, 'b.example:8');
    const { head } = good({ ':authority': 'A.example' }, ['host', 'a.EXAMPLE']);
    assert.equal(head.authority, 'A.example');
    assert.deepEqual(head.headers, []);
  });

  it('has a body as its end and Content-Length say', () => {
    const lengths: readonly (readonly [boolean, string | undefined, number, number])[] = [
      [true, undefined, 0, -1],
      [true, '0', 0, 0],
      [false, undefined, -1, -1],
      [false, '0', 0, 0],
      [false, '12', 12, 12],
    ];
    for (const [endStream, value, bodyLength, declared] of lengths) {
      const request = good({}, value === undefined ? [] : ['content-length', value], { endStream });
      assert.equal(request.head.bodyLength, bodyLength);
      assert.equal(request.declaredLength, declared);
      assert.deepEqual(request.head.headers, []);
    }
  });

  it('expects 100 where a body follows', () => {
    assert.equal(good({}, ['expect', '100-Continue'], { endStream: false }).head.expectsContinue, true);
    assert.equal(good({}, ['expect', '100-continue']).head.expectsContinue, false);
    assert.equal(good({}, [], { endStream: false }).head.expectsContinue, false);
  });

  it('of extended CONNECT is to all others that of an upgrade', () => {
    const { head } = good(
      { ':method': 'CONNECT', ':protocol': 'websocket' },
      [
        'content-length',
        '5',
        'expect',
        '100-continue',
        'sec-websocket-key',
        'a',
        'sec-websocket-version',
        '13',
      ],
      {
        endStream: false,
      },
    );
    assert.equal(head.method, 'GET');
    assert.equal(head.upgrade, 'websocket');
    assert.deepEqual(head.headers, ['sec-websocket-version', '13'], 'the key is HTTP/1.1’s');
    assert.equal(head.bodyLength, 0);
    assert.equal(head.expectsContinue, false);
  });

  it('may ask for the server as a whole', () => {
    assert.equal(good({ ':method': 'OPTIONS', ':path': '*' }).head.path, '*');
  });

  const broken: readonly (readonly [
    rule: string,
    pseudo: Fields,
    fields?: readonly string[],
    context?: Partial<RequestContext>,
  ])[] = [
    ['missing-pseudo', { ':method': undefined }],
    ['missing-pseudo', { ':scheme': undefined }],
    ['missing-pseudo', { ':path': undefined }],
    [
      'missing-pseudo',
      { ':method': undefined, ':scheme': undefined, ':path': undefined, ':authority': undefined },
    ],
    ['bad-authority', { ':authority': undefined }],
    ['bad-authority', { ':authority': '' }],
    ['bad-authority', { ':authority': 'user@a' }],
    ['bad-authority', { ':authority': 'a b' }],
    ['bad-authority', { ':authority': undefined }, ['host', '']],
    ['host-mismatch', {}, ['host', 'b.example']],
    ['host-mismatch', {}, ['host', 'a.example:443']],
    ['host-mismatch', {}, ['host', 'a.example', 'host', 'a.example']],
    ['bad-method', { ':method': '' }],
    ['bad-method', { ':method': 'GE T' }],
    ['bad-scheme', { ':scheme': 'ftp' }],
    ['bad-scheme', { ':scheme': 'HTTP' }],
    ['bad-scheme', { ':scheme': '' }],
    ['bad-path', { ':path': '' }],
    ['bad-path', { ':path': 'a' }],
    ['bad-path', { ':path': 'http://a.example/' }],
    ['bad-path', { ':path': '/a b' }],
    ['bad-path', { ':path': '/\r\nx: y' }],
    ['bad-path', { ':path': '/#a' }],
    ['bad-path', { ':path': '*' }],
    ['bad-path', { ':path': '/%zz' }],
    ['unknown-pseudo', { ':status': '200' }],
    ['unknown-pseudo', { ':Path': '/' }],
    ['unknown-pseudo', { ':': '' }],
    ['unknown-pseudo', { ':protocol': 'websocket' }],
    ['repeated-pseudo', {}, [':path', '/']],
    ['repeated-pseudo', {}, [':method', 'GET']],
    ['repeated-pseudo', {}, [':scheme', 'https']],
    ['repeated-pseudo', {}, [':authority', 'a.example']],
    ['repeated-pseudo', { ':method': 'CONNECT', ':protocol': 'websocket' }, [':protocol', 'websocket']],
    ['pseudo-after-field', {}, ['x-a', 'b', ':path', '/']],
    ['bad-field-name', {}, ['X-A', 'b']],
    ['bad-field-name', {}, ['', 'b']],
    ['bad-field-value', {}, ['x-a', ' b']],
    ['bad-field-value', {}, ['cookie', 'a\0']],
    ['connection-field', {}, ['transfer-encoding', 'chunked']],
    ['connection-field', {}, ['te', 'gzip']],
    ['bad-content-length', {}, ['content-length', '1', 'content-length', '1']],
    ['bad-content-length', {}, ['content-length', '-1']],
    ['bad-content-length', {}, ['content-length', '0x1']],
    ['body-length-mismatch', {}, ['content-length', '1']],
    ['unexpected-body', { ':method': 'TRACE' }, [], { endStream: false }],
    ['expectation-unknown', {}, ['expect', 'miracles']],
    ['expectation-unknown', {}, ['expect', '100-continue', 'expect', 'more']],
    ['method-not-implemented', { ':method': 'CONNECT', ':scheme': undefined, ':path': undefined }],
    ['method-not-implemented', { ':method': 'CONNECT', ':protocol': 'connect-udp' }],
    ['unknown-pseudo', { ':method': 'CONNECT' }],
    ['unknown-pseudo', { ':method': 'CONNECT', ':scheme': undefined }],
    [
      'bad-authority',
      { ':method': 'CONNECT', ':scheme': undefined, ':path': undefined, ':authority': undefined },
    ],
    ['missing-pseudo', { ':method': 'CONNECT', ':protocol': 'websocket', ':path': undefined }],
    ['target-too-long', { ':path': `/${'a'.repeat(95)}` }],
    ['field-too-long', {}, ['x-a', 'a'.repeat(98)]],
    ['field-too-long', { ':authority': 'a'.repeat(100) }],
  ];
  for (const [rule, pseudo, fields, context] of broken)
    it(`breaks ${rule} with ${JSON.stringify(pseudo).slice(0, 60)} ${JSON.stringify(fields ?? []).slice(0, 60)}`, () => {
      assert.equal(read(pseudo, fields, context), rule);
    });

  it('may have lines up to their bound', () => {
    assert.ok(good({ ':path': `/${'a'.repeat(94)}` }, ['x-a', 'a'.repeat(97)]));
  });
});
