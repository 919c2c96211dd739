import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { testAuthority } from '../support/certificates.ts';
import { FILE, type Http2Site, sha256, startHttp2Site, TEXT } from '../support/http2-site.ts';

// node:http2 as a client: what programs in JavaScript talk to a front end with.

for (const scheme of ['http', 'https'] as const) {
  test(`${scheme}: node:http2 asks a hundred things at once`, async (t) => {
    const { session, site } = await startSession(t, scheme);

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => answerTo(session.request({ ':path': '/text' }))),
    );

    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.equal(body.toString(), TEXT);
    }
    assert.equal(site.front.count('sessionOpened'), 1);
  });

  test(`${scheme}: node:http2 sends and gets files at once`, async (t) => {
    const { session } = await startSession(t, scheme);
    const sending = Array.from({ length: 4 }, () => {
      const stream = session.request({ ':method': 'POST', ':path': '/digest' });
      stream.end(FILE);
      return answerTo(stream);
    });
    const getting = Array.from({ length: 4 }, () => answerTo(session.request({ ':path': '/file' })));

    for (const { body } of await Promise.all(sending))
      assert.equal(body.toString(), `${FILE.length} ${sha256(FILE)} {}`);
    for (const { body } of await Promise.all(getting)) assert.equal(body.equals(FILE), true);
  });

  test(`${scheme}: trailers of node:http2 reach the backend`, async (t) => {
    const { session } = await startSession(t, scheme);
    const stream = session.request({ ':method': 'POST', ':path': '/digest' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
    stream.end('hello');

    const { body } = await answerTo(stream);

    assert.equal(body.toString(), `5 ${sha256(Buffer.from('hello'))} {"x-sum":"5"}`);
  });

  test(`${scheme}: a request that node:http2 gives up costs its neighbours nothing`, async (t) => {
    const { session, site } = await startSession(t, scheme);
    const given = session.request({ ':path': '/slow' });
    given.on('error', () => {});
    await site.arrival('GET /slow');

    given.close(constants.NGHTTP2_CANCEL);
    const { status } = await answerTo(session.request({ ':path': '/text' }));

    assert.equal(status, 200);
    await site.front.until(() => site.front.exchanges.length === 2, 'the end of both exchanges');
    assert.equal(session.closed, false);
  });

  test(`${scheme}: node:http2 is told when the server stops, and gets what it has asked for`, async (t) => {
    const { session, site } = await startSession(t, scheme);
    const goaway = once(session, 'goaway') as Promise<[number, number]>;
    const answer = answerTo(session.request({ ':path': '/file' }));

    const stopped = site.front.server.stop();
    const [code] = await goaway;
    const { body } = await answer;
    await stopped;

    assert.equal(code, constants.NGHTTP2_NO_ERROR);
    assert.equal(body.equals(FILE), true);
  });
}

async function startSession(
  t: TestContext,
  scheme: 'http' | 'https',
): Promise<{ readonly session: ClientHttp2Session; readonly site: Http2Site }> {
  const site = await startHttp2Site(t);
  const port = scheme === 'http' ? site.plainPort : site.tlsPort;
  const session = connect(`${scheme}://127.0.0.1:${port}`, {
    ca: testAuthority().cert,
    servername: 'shop.example',
    checkServerIdentity: () => undefined,
    // Megabytes that it may hold: with less it refuses its own requests.
    maxSessionMemory: 100,
  });
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'connect');
  return { session, site };
}

async function answerTo(
  stream: ClientHttp2Stream,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const chunks: Buffer[] = [];
  // From the beginning: a response that comes whole in one read is thrown away where nobody listens yet.
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [[headers]] = await Promise.all([once(stream, 'response'), once(stream, 'end')]);
  return { status: headers[':status'], body: Buffer.concat(chunks) };
}
