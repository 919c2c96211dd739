import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openEventSource, type Way } from '../support/event-source.ts';
import { startOrigin } from '../support/origin.ts';
import { startTlsFront } from '../support/tls-front.ts';

const WAYS: readonly Way[] = [
  { protocol: 'http/1.1', tls: false },
  { protocol: 'http/1.1', tls: true },
  { protocol: 'h2', tls: false },
  { protocol: 'h2', tls: true },
];

/** How the backend frames a body whose length it does not know. */
const FRAMINGS: Readonly<Record<string, { readonly line: string; frame(text: string): string }>> = {
  chunked: {
    line: 'Transfer-Encoding: chunked',
    frame: (text) => `${text.length.toString(16)}\r\n${text}\r\n`,
  },
  'ended by its connection': { line: 'Connection: close', frame: (text) => text },
};

for (const way of WAYS) {
  const client = `${way.protocol}${way.tls ? ' over TLS' : ''}`;
  for (const [framing, { line, frame }] of Object.entries(FRAMINGS)) {
    test(`each event of a stream arrives before the next is sent: to ${client}, ${framing}`, async (t) => {
      const origin = await startOrigin(t);
      const front = await startTlsFront(t, { cluster: origin.address });

      const opening = openEventSource(t, front.port(way.tls ? 0 : 1), '/events', way);
      const backend = await origin.next();
      await backend.untilText('\r\n\r\n');
      backend.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${line}\r\n\r\n`);
      // The head does not wait for the first event.
      const source = await opening;

      assert.equal(source.contentType, 'text/event-stream');
      for (let id = 1; id <= 20; id++) {
        const event = `id: ${id}\ndata: ${'x'.repeat(id * id)}`;
        backend.send(frame(`${event}\n\n`));
        assert.equal(await source.next(), event);
      }
      // An event may come in pieces of its own.
      backend.send(frame('data: ha'));
      const whole = source.next();
      backend.send(frame('lf\n\n'));
      assert.equal(await whole, 'data: half');
      backend.end(framing === 'chunked' ? '0\r\n\r\n' : '');
      assert.equal(await source.next(), undefined);
      source.leave();
      await front.settled();
      assert.equal(front.exchanges[0]!.error, undefined);
    });
  }

  test(`the backend of an event stream is told that its client has left: ${client}`, async (t) => {
    const origin = await startOrigin(t);
    const front = await startTlsFront(t, { cluster: origin.address });
    const opening = openEventSource(t, front.port(way.tls ? 0 : 1), '/events', way);
    const backend = await origin.next();
    await backend.untilText('\r\n\r\n');
    backend.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n');
    const source = await opening;
    assert.equal(await source.next(), 'data: 1');

    source.leave();
    // On HTTP/1 an end alone may be that of a client which still listens: what it does not take shows that it has gone.
    while (!backend.hasEnded) {
      backend.send('7\r\ndata:\n\n\r\n');
      await Promise.race([backend.ended, nextTurn()]);
    }

    await front.until(() => front.exchanges.length === 1);
    assert.equal(front.exchanges[0]!.error!.name, 'client-gone');
  });
}
