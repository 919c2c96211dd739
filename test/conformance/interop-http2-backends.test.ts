import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { testAuthority } from '../support/certificates.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import {
  startHttp2Haproxy,
  startHttp2Nginx,
  startNghttpd,
  startNodeHttp2,
} from '../support/http2-backends.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { runCommand } from '../support/http2-command.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import { FILE, sha256, TEXT } from '../support/http2-site.ts';
import { headers } from '../support/http2-wire.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { commandMissing } from '../support/outside-judge.ts';

// HTTP/2 to instances that others have made.

interface Instance {
  readonly name: string;
  readonly skip: false | string;
  readonly start: (t: TestContext) => Promise<string>;
  readonly tls?: true;
  /** It takes a POST: sends it back, or tells its digest. */
  readonly post?: 'echo' | 'digest';
  /** Streams that it allows at a time. */
  readonly limit?: number;
}

const nghttpd = (name: string, options: readonly string[], more: Partial<Instance> = {}): Instance => ({
  name: `nghttpd ${name}`,
  skip: commandMissing('nghttpd'),
  start: (t) => startNghttpd(t, options),
  post: 'echo',
  ...more,
});

const INSTANCES: readonly Instance[] = [
  { name: 'node:http2', skip: false, start: (t) => startNodeHttp2(t, false), post: 'digest' },
  {
    name: 'node:http2 over TLS',
    skip: false,
    start: (t) => startNodeHttp2(t, true),
    post: 'digest',
    tls: true,
  },
  nghttpd('', ['--no-tls']),
  nghttpd('over TLS', [], { tls: true }),
  nghttpd('that pads all frames', ['--no-tls', '-b', '200']),
  nghttpd('with small windows', ['--no-tls', '-w', '10', '-W', '10']),
  nghttpd('with three streams at a time', ['--no-tls', '-m', '3'], { limit: 3 }),
  nghttpd('with one stream at a time', ['--no-tls', '-m', '1'], { limit: 1 }),
  nghttpd('without a table', ['--no-tls', '-c', '0', '--encoder-header-table-size', '0']),
  nghttpd('that tells no lengths', ['--no-tls', '--no-content-length', '--trailer', 'x-end: yes']),
  { name: 'nginx', skip: commandMissing('nginx'), start: startHttp2Nginx, limit: 8 },
  {
    name: 'HAProxy',
    skip: commandMissing('haproxy') || commandMissing('nghttpd'),
    start: async (t) => startHttp2Haproxy(t, await startNghttpd(t, ['--no-tls']), 'h2'),
    post: 'echo',
  },
];

for (const instance of INSTANCES) {
  const { name, skip, post } = instance;

  test(`${name} gives files to clients of both versions`, { skip }, async (t) => {
    const front = await startWith(t, instance);
    const client = await openHttp2Client(t, front.port());
    const old = await openClient(t, front.port());

    const file = await client.get('/file');
    old.send(requestText('GET /text'));

    assert.equal(file.status, 200);
    assert.equal(sha256(Buffer.from(file.body, 'latin1')), sha256(FILE));
    assert.equal((await old.message()).body, TEXT);
  });

  test(`${name} answers many at once`, { skip }, async (t) => {
    const front = await startWith(t, instance);
    const client = await openHttp2Client(t, front.port());

    const answers = await Promise.all(Array.from({ length: 100 }, () => client.get('/text')));

    assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set([TEXT]));
    await front.until(() => front.exchanges.length === 100);
    for (const { error } of front.exchanges) assert.equal(error, undefined);
    if (instance.limit === undefined) assert.equal(front.upstreamConnections, 1);
  });

  if (post === undefined) continue;
  test(`${name} takes bodies`, { skip }, async (t) => {
    const front = await startWith(t, instance);
    const client = await openHttp2Client(t, front.port());
    const body = FILE.subarray(0, 1_000_000);

    for (const fields of [[['content-length', `${body.length}`]], []] as const) {
      const { body: answer } = await client.post('/text', body, fields);
      if (post === 'echo') assert.equal(sha256(Buffer.from(answer, 'latin1')), sha256(body));
      else assert.equal(answer, `${body.length} ${sha256(body)} {}`);
    }
  });
}

test('trailers go to node:http2 and come from it', async (t) => {
  const front = await startWith(t, INSTANCES[0]!);
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/', { method: 'POST', endStream: false });
  await client.sendBody(exchange, Buffer.from('hello'), false);
  client.send(headers(exchange.streamId, plainBlock([['x-sum', '5']]), { endStream: true }));
  await client.over(exchange);

  assert.match(exchange.body, /\{"x-sum":"5"\}$/);
  assert.equal(exchange.trailers?.get('x-end'), 'yes');
});

test('h2load asks thousands of times over HTTP/2 on both sides, and all is answered', {
  skip: commandMissing('h2load'),
}, async (t) => {
  const front = await startWith(t, INSTANCES[0]!);

  const { output } = await runCommand('h2load', [
    '-n',
    '5000',
    '-c',
    '8',
    '-m',
    '16',
    `http://127.0.0.1:${front.port()}/text`,
  ]);

  assert.match(output, /5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout/);
  assert.match(output, /5000 2xx, 0 3xx, 0 4xx, 0 5xx/);
  assert.equal(front.exchanges.length, 5000);
});

for (const to of ['h1', 'h2'] as const) {
  test(`HAProxy as a client speaks ${to} to us`, { skip: commandMissing('haproxy') }, async (t) => {
    const origin = await startHttpOrigin(t, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => response.end(sha256(Buffer.concat(chunks))));
    });
    const front = await startFront(t, plainConfig([origin.address]));
    const proxy = await startHttp2Haproxy(t, `127.0.0.1:${front.port()}`, to);
    const client = await openHttp2Client(t, Number(proxy.split(':')[1]));

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.post('/', FILE.subarray(0, 100_000))),
    );

    assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set([sha256(FILE.subarray(0, 100_000))]));
    assert.equal(front.exchanges[0]!.head.version, to === 'h2' ? '2' : '1.1');
  });
}

async function startWith(t: TestContext, { start, tls }: Instance): Promise<TestFront> {
  const address = await start(t);
  const cluster = tls === true ? 'protocol: h2\ntls: { ca: ca.pem }' : 'protocol: h2c';
  return startFront(t, plainConfig([address], '', cluster), { files: { 'ca.pem': testAuthority().cert } });
}
