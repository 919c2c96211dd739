import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openClient } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { printReceived } from '../support/http2-frame-log.ts';
import { SocketSubject } from '../support/http2-socket-subject.ts';
import { playHttp2Case } from '../support/http2-subject.ts';
import { ASSUMED, type Http2Case, readHttp2Transcripts } from '../support/http2-transcripts.ts';
import { answering, type OriginScript, ok, startOrigin } from '../support/origin.ts';
import { PATIENCE_MS } from '../support/peer.ts';

// The HTTP/2 transcripts over real sockets and through the whole server, with every byte recorded that comes out on the other side as
// HTTP/1.1. What is malformed must reach the backend not at all, or as a request that is whole and clean or never ends.

for (const one of readHttp2Transcripts()) {
  test(`${one.topic}: ${one.title}`, async (t) => {
    await judge(t, one);
  });
}

async function judge(t: TestContext, one: Http2Case): Promise<void> {
  const origin = await startOrigin(t, scriptFor(one.directives.get('origin') ?? 'answers'));
  const limits = `http2: { maxStreams: ${ASSUMED.maxConcurrentStreams}, glitches: 10000 }`;
  const front = await startFront(t, plainConfig([origin.address], limits));
  const client = await openClient(t, front.port());
  const subject = new SocketSubject(client, {
    patienceMs: PATIENCE_MS,
    quietMs: 50,
    backendTexts: async () => {
      await front.settled();
      await front.server.stop();
      for (const { socket } of origin.connections) socket.destroy();
      await Promise.all(origin.connections.map(({ closed }) => closed));
      return origin.connections.map(({ text }) => text);
    },
  });

  const { deviations } = await playHttp2Case(one, subject);

  const seen = subject.frames.map(printReceived).join('\n');
  assert.deepEqual(
    deviations,
    [],
    `${one.script}must come to\n${one.expected}and came to\n${seen}\nand\n${origin.text}`,
  );
}

function scriptFor(manner: string): OriginScript {
  const size = /^sends (\d+)$/.exec(manner)?.[1];
  if (size !== undefined) return answering(ok('x'.repeat(Number(size))));
  if (manner === 'answers') return answering(ok('ok'));
  return (connection) => {
    connection.ended.then(() => connection.socket.end());
    if (manner === 'early')
      connection.untilText('\r\n\r\n').then(
        () => connection.send(ok('ok')),
        () => {},
      );
  };
}
