import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { type CallbackPoints, CLOSE, CONTINUE, FINISH } from '../../../src/core/callback-points.ts';

// What a handler cannot know yet, or must not do, does not compile: each line below that should not is marked, and the compiler
// complains of a mark where there is nothing to complain of.

const handlers: CallbackPoints = {
  accept(session) {
    // @ts-expect-error: the handshake is still to come
    void session.tls;
    // @ts-expect-error: there is no exchange to answer
    const wrong: ReturnType<CallbackPoints['accept']> = FINISH;
    void wrong;
    return CLOSE;
  },
  handshake(session) {
    // Known by now: no question mark is needed.
    void session.tls.serverName;
    // @ts-expect-error: there is no exchange to answer
    const wrong: ReturnType<CallbackPoints['handshake']> = { kind: 'redirect', url: '/', status: 302 };
    void wrong;
    return CONTINUE;
  },
  beforeLocation(exchange) {
    void exchange.head.method;
    exchange.path = '/elsewhere';
    exchange.requestHeaders = [];
    // @ts-expect-error: no tenant before foundTenant
    void exchange.tenant;
    // @ts-expect-error: no route either
    void exchange.route;
    // @ts-expect-error: the head is the client's and stays as it was
    exchange.head.path = '/elsewhere';
    // @ts-expect-error: headers are replaced, never changed in place
    exchange.requestHeaders.push('x', 'y');
    // @ts-expect-error: handlers answer by what they return
    exchange.respond;
    return { kind: 'respond', status: 200, headers: [], body: '' };
  },
  foundTenant(exchange) {
    void exchange.tenant.name;
    // @ts-expect-error: no route before afterLocation
    void exchange.route;
    // @ts-expect-error: no cluster before afterLocation
    void exchange.cluster;
    // @ts-expect-error: a handler cannot move an exchange to another tenant
    exchange.tenant = { name: 'other' };
    return CONTINUE;
  },
  afterLocation(exchange) {
    void exchange.cluster.name;
    // @ts-expect-error: no instance before forward
    void exchange.instance;
    // @ts-expect-error: nor a number of attempts
    void exchange.attempts;
    // @ts-expect-error: 200 is no redirect
    const wrong: ReturnType<CallbackPoints['afterLocation']> = { kind: 'redirect', url: '/', status: 200 };
    void wrong;
    return CONTINUE;
  },
  forward(exchange) {
    void exchange.instance.address.text;
    // @ts-expect-error: no response before readResponse
    void exchange.response;
    return CONTINUE;
  },
  readResponse(exchange) {
    void exchange.response.status;
    // @ts-expect-error: a response head is replaced, never changed in place
    exchange.response.status = 200;
    // @ts-expect-error: the end is still to come
    void exchange.finishedAt;
    return CONTINUE;
  },
  requestFinish(exchange) {
    // @ts-expect-error: an exchange that failed early has no tenant
    void exchange.tenant.name;
    // @ts-expect-error: it is over
    exchange.path = '/elsewhere';
    // @ts-expect-error: nothing can be sent any more
    exchange.write;
  },
  forwardStream(stream) {
    void stream.instance.address.text;
    void stream.session.remoteAddress;
    // @ts-expect-error: a listener for streams belongs to no tenant
    void stream.tenant.name;
    // @ts-expect-error: there is nothing that an answer could be written in
    const wrong: ReturnType<CallbackPoints['forwardStream']> = FINISH;
    // @ts-expect-error: handlers answer by what they return
    stream.write;
    void wrong;
    return CLOSE;
  },
  streamFinish(stream) {
    void stream.ending;
    // @ts-expect-error: it may have led nowhere
    void stream.instance.address;
    // @ts-expect-error: it is over
    stream.bytesIn = 0;
  },
  finish(session) {
    // @ts-expect-error: it may have ended before its handshake
    void session.tls.serverName;
  },
};

const waiting: Partial<CallbackPoints> = {
  async beforeLocation(exchange) {
    void exchange.signal.aborted;
    // @ts-expect-error: no tenant before foundTenant, waiting or not
    void exchange.tenant;
    return { kind: 'respond', status: 200, headers: [], body: '' };
  },
  // @ts-expect-error: a promise of something that is no answer
  foundTenant: async () => ({ kind: 'continued' }),
  // @ts-expect-error: a promise of nothing
  afterLocation: async () => {},
  // @ts-expect-error: 200 is no redirect, later neither
  forward: async () => ({ kind: 'redirect', url: '/', status: 200 }),
  async readResponse(exchange) {
    await Promise.resolve();
    // @ts-expect-error: a response head is replaced, never changed in place
    exchange.response.status = 200;
    return CONTINUE;
  },
  async accept({ signal }) {
    await Promise.resolve();
    return signal.aborted ? CLOSE : CONTINUE;
  },
  // @ts-expect-error: a session has no answer to send, later neither
  handshake: async () => ({ kind: 'respond', status: 200, headers: [], body: '' }),
  async forwardStream({ session }) {
    await Promise.resolve();
    return session.signal.aborted ? CLOSE : CONTINUE;
  },
};

test('the compiler finds in handlers what they cannot read yet, and nothing else', async () => {
  const root = resolve(import.meta.dirname, '../../..');

  const complaints = await compile(root);

  assert.deepEqual(
    complaints.filter((line) => line.startsWith('test/src/core/callback-points-types')),
    [],
  );
  assert.equal(Object.keys(handlers).length, 11);
  assert.equal(Object.keys(waiting).length, 8);
});

/** What the compiler says of the whole tree, by line. */
function compile(root: string): Promise<string[]> {
  return new Promise((found, failed) => {
    const tsc = resolve(root, 'node_modules/.bin/tsc');
    execFile(tsc, ['--noEmit', '--pretty', 'false'], { cwd: root, maxBuffer: 2 ** 24 }, (error, stdout) => {
      // 1 and 2 are its ways to say that it has complaints.
      if (error === null || error.code === 1 || error.code === 2) found(stdout.split('\n'));
      else failed(error);
    });
  });
}
