import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type Module, ResponseHead } from '../../../src/index.ts';
import { checkedModule } from '../../../src/proxy/checked-module.ts';
import { startEmbedded } from '../../support/embedded.ts';

const FAULTS: Readonly<Record<string, Module>> = {
  'a handler that throws': { name: 'm', handlers: { beforeLocation: () => fail() } },
  'a handler before an attempt that throws': { name: 'm', handlers: { forward: () => fail() } },
  'a handler of the response that throws': { name: 'm', handlers: { readResponse: () => fail() } },
  'a promise that is rejected': { name: 'm', handlers: { foundTenant: async () => fail() } },
  'a promise of nothing': { name: 'm', handlers: { readResponse: (async () => {}) as never } },
  'a promise of an answer with a line feed in a header': {
    name: 'm',
    handlers: {
      forward: async () => ({ kind: 'respond', status: 200, headers: ['a', 'b\r\nc: d'], body: '' }),
    },
  },
  'an answer with an impossible status': {
    name: 'm',
    handlers: { afterLocation: () => ({ kind: 'respond', status: 99, headers: [], body: '' }) },
  },
  'an answer with a line feed in a header': {
    name: 'm',
    handlers: { forward: () => ({ kind: 'respond', status: 200, headers: ['a', 'b\r\nc: d'], body: '' }) },
  },
  'a redirect with a line feed': {
    name: 'm',
    handlers: { readResponse: () => ({ kind: 'redirect', url: '/\r\na: b', status: 302 }) },
  },
  'a path with a line feed': {
    name: 'm',
    handlers: {
      beforeLocation(exchange) {
        exchange.path = '/ HTTP/1.1\r\nHost: evil\r\n\r\n';
        return { kind: 'continue' };
      },
    },
  },
  'a rewritten request with a line feed': {
    name: 'm',
    rewriteRequest: (_session, _head, headers) => [...headers, 'a', 'b\r\nc: d'],
  },
  'a rewritten request with a field of the connection': {
    name: 'm',
    rewriteRequest: (_session, _head, headers) => [...headers, 'connection', 'close'],
  },
  'a rewritten response with a field of the connection': {
    name: 'm',
    rewriteResponse: (_head, headers) => [...headers, 'keep-alive', 'timeout=5'],
  },
  'an answer with a field of the connection': {
    name: 'm',
    handlers: {
      beforeLocation: () => ({ kind: 'respond', status: 200, headers: ['upgrade', 'h2c'], body: '' }),
    },
  },
  'a decision with an impossible status': {
    name: 'm',
    decide: () => ({ kind: 'respond', status: 1000, headers: [], body: '' }),
  },
  'a decision that throws': { name: 'm', decide: () => fail() },
  'a tag that cannot be had': { name: 'm', tag: () => fail() },
  'tags that are no list': { name: 'm', tag: () => ({ a: 1 }) as never },
  'a header that is a number': {
    name: 'm',
    rewriteRequest: (_session, _head, headers) => [...headers, 'x-count', 5 as never],
  },
  'a promise of headers': { name: 'm', rewriteResponse: (async () => []) as never },
  'an answer without a body': {
    name: 'm',
    decide: () => ({ kind: 'respond', status: 200, headers: [] }) as never,
  },
  'an answer whose headers are no list': {
    name: 'm',
    decide: () => ({ kind: 'respond', status: 200, headers: { a: 'b' }, body: '' }) as never,
  },
  'a redirect with another status': {
    name: 'm',
    decide: () => ({ kind: 'redirect', url: '/', status: 200 }) as never,
  },
  'a line feed that is pushed onto what arrived': {
    name: 'm',
    handlers: {
      forward(exchange) {
        (exchange.requestHeaders as string[]).push('a', 'b\r\nc: d');
        return { kind: 'continue' };
      },
    },
  },
  'a line feed that is pushed onto what is to be forwarded': {
    name: 'm',
    rewriteRequest(_session, _head, headers) {
      (headers as string[]).push('a', 'b\r\nc: d');
      return headers;
    },
  },
  'a line feed that is pushed onto a response': {
    name: 'm',
    handlers: {
      readResponse(exchange) {
        (exchange.response.headers as string[]).push('a', 'b\r\nc: d');
        return { kind: 'continue' };
      },
    },
  },
  'a line feed that is pushed onto a response to be rewritten': {
    name: 'm',
    rewriteResponse(_head, headers) {
      (headers as string[]).push('a', 'b\r\nc: d');
      return headers;
    },
  },
  'a line feed that is pushed onto the head': {
    name: 'm',
    decide(request) {
      (request.head.headers as string[]).push('a', 'b\r\nc: d');
      return { kind: 'continue' };
    },
  },
  'a target with a line feed': {
    name: 'm',
    rewriteTarget: (_request, { authority }) => ({ authority, path: '/a\r\nb: c' }),
  },
  'a target on no host': { name: 'm', rewriteTarget: (_request, { path }) => ({ authority: 'a b', path }) },
  'a response rewritten for its exchange with a line feed': {
    name: 'm',
    rewriteEachResponse: (_exchange, _head, headers) => [...headers, 'a', 'b\r\nc: d'],
  },
  'a rewriting of requests that throws': { name: 'm', rewriteRequest: () => fail() },
  'a rewritten response with a line feed': {
    name: 'm',
    rewriteResponse: (_head, headers) => [...headers, 'a', 'b\r\nc: d'],
  },
  'a rewriting of responses that throws': { name: 'm', rewriteResponse: () => fail() },
  'a replaced response with another body length': {
    name: 'm',
    handlers: {
      readResponse(exchange) {
        exchange.response = new ResponseHead(200, '', [], 1);
        return { kind: 'continue' };
      },
    },
  },
};

for (const [fault, module] of Object.entries(FAULTS)) {
  test(`${fault} costs its exchange a 500, is reported, and blames no backend`, async (t) => {
    const reports: object[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => reports.push(fields) };
    const { ask, server } = await startEmbedded(t, { modules: [module], logger });

    const responses = [await ask('/one'), await ask('/two')];

    for (const response of responses) {
      assert.equal(response.status, 500);
      assert.match(await response.text(), /module-failed/);
    }
    assert.deepEqual(
      reports.map((fields) => 'module' in fields && fields.module),
      ['m', 'm'],
    );
    const [instance] = server.status().clusters[0]!.instances;
    assert.equal(instance!.inFlight, 0);
    assert.equal(instance!.state, 'healthy');
    assert.equal(server.status().exchanges, 0);
  });
}

for (const [what, module] of Object.entries({
  'a promise of one': Promise.resolve({ name: 'm' }),
  nothing: undefined,
  'one whose timeoutMs is no time': { name: 'm', timeoutMs: Number.NaN },
  'one whose timeoutMs is a text': { name: 'm', timeoutMs: '5s' },
})) {
  test(`${what} is not taken for a module`, () => {
    assert.throws(() => checkedModule(module as Module, 'm'), /a module is an object|timeoutMs cannot be/);
  });
}

test('a module that replaces the response head with another for the same body is believed', async (t) => {
  const module: Module = {
    name: 'm',
    handlers: {
      readResponse(exchange) {
        const { bodyLength } = exchange.response;
        exchange.response = new ResponseHead(203, '', ['x-replaced', 'yes'], bodyLength);
        return { kind: 'continue' };
      },
    },
  };
  const { ask } = await startEmbedded(t, { modules: [module] });

  const response = await ask('/kept');

  assert.equal(response.status, 203);
  assert.equal(response.headers.get('x-replaced'), 'yes');
  assert.equal(await response.text(), '/kept as 127.0.0.1');
});

test('a module may pass on what arrived about a connection before the header rules have run', async (t) => {
  const lists: string[][] = [];
  const module: Module = {
    name: 'm',
    handlers: {
      beforeLocation(exchange) {
        exchange.requestHeaders = [...exchange.requestHeaders, 'x-seen', 'yes'];
        return { kind: 'continue' };
      },
      readResponse(exchange) {
        const { status, reason, headers, bodyLength } = exchange.response;
        exchange.response = new ResponseHead(status, reason, [...headers, 'x-seen', 'yes'], bodyLength);
        lists.push([...exchange.requestHeaders], [...headers]);
        return { kind: 'continue' };
      },
    },
  };
  const { ask } = await startEmbedded(t, { modules: [module] });

  const response = await ask('/passed');

  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-seen'), 'yes');
  for (const list of lists) assert.ok(list.includes('connection'), 'the connection is spoken of');
});

test('a module may answer 426 with the protocols it names', async (t) => {
  const headers = ['upgrade', 'websocket'];
  const module: Module = {
    name: 'm',
    handlers: { beforeLocation: () => ({ kind: 'respond', status: 426, headers, body: '' }) },
  };
  const { ask } = await startEmbedded(t, { modules: [module] });

  const response = await ask('/');

  assert.equal(response.status, 426);
  assert.equal(response.headers.get('upgrade'), 'websocket');
});

test('a module that throws when it is told of a refusal does not end the process', async (t) => {
  const reports: object[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => reports.push(fields) };
  const { ask, port } = await startEmbedded(t, { modules: [{ name: 'm', refused: fail }], logger });

  const socket = connect(port, '127.0.0.1');
  socket.end('not http\r\n\r\n');
  const [answer] = await once(socket, 'data');

  assert.match(String(answer), /^HTTP\/1.1 400 /);
  assert.deepEqual(reports.length, 1);
  assert.equal((await ask('/')).status, 200);
});

function fail(): never {
  throw new Error('a fault of the module');
}

test('tags that cannot stand in a line of the log cost the exchange a 500, and mark nothing', async (t) => {
  for (const tags of [['a', 'b\r\nc: d'], ['a'], ['a', 1 as unknown as string]]) {
    const module: Module = { name: 'm', tag: () => tags };
    const seen: (readonly string[] | undefined)[] = [];
    const looking: Module = {
      name: 'looking',
      handlers: { requestFinish: ({ facts }) => void seen.push(facts?.tags) },
    };
    const reports: object[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => reports.push(fields) };
    const { ask } = await startEmbedded(t, { modules: [module, looking], logger });

    assert.equal((await ask('/tagged')).status, 500);

    assert.deepEqual(seen, [[]]);
    assert.equal(reports.length, 1);
  }
});
