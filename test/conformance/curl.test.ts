import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { type CurlResult, runCurl } from '../support/curl.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { curlMissing } from '../support/outside-judge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// What people type: curl against a plain and a TLS port, with its own idea of HTTP and of a good certificate.

const UPLOAD = randomBytes(8 * 1024 * 1024);
const TEXT = 'The quick brown fox jumps over the lazy dog.\n'.repeat(2000);

for (const scheme of ['http', 'https'] as const) {
  const options = { skip: curlMissing };

  test(`${scheme}: curl gets a page over HTTP/1.1`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const { text } = await curl(['-w', '|%{http_code} %{http_version} %{ssl_verify_result}'], '/text');

    assert.equal(text, `${TEXT}|200 1.1 0`);
  });

  test(`${scheme}: curl asks several things over one connection`, options, async (t) => {
    const { curl, front } = await startSite(t, scheme);

    const paths = ['/text', '/echo', '/text', '/nothing', '/missing', '/gzip'];
    const { text } = await curl(['-w', '%{stderr}%{num_connects}%{http_code} '], ...paths);

    assert.equal(text.startsWith(TEXT), true);
    await front.settled();
    assert.equal(front.closedSessions.length, 1);
    assert.equal(front.closedSessions[0]!.exchanges, paths.length);
  });

  test(
    `${scheme}: a page in chunks, and one that ends with its connection, arrive whole`,
    options,
    async (t) => {
      const { curl } = await startSite(t, scheme);

      assert.equal((await curl([], '/chunks')).text, TEXT);
      assert.equal((await curl([], '/until-close')).text, TEXT);
    },
  );

  test(`${scheme}: HTTP/1.0 clients get the same pages`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const sized = await curl(['-0', '-i'], '/text');
    const chunks = await curl(['-0', '-i'], '/chunks');

    assert.ok(sized.text.endsWith(`\r\n\r\n${TEXT}`));
    assert.ok(chunks.text.endsWith(`\r\n\r\n${TEXT}`));
    assert.doesNotMatch(chunks.text, /transfer-encoding/i);
  });

  test(`${scheme}: curl waits for 100 with a large upload, which arrives whole`, options, async (t) => {
    const { curl, uploadFile } = await startSite(t, scheme);

    const { text, stderr } = await curl(['-v', '-T', uploadFile], '/echo');

    assert.match(stderr, /^< HTTP\/1\.1 100 Continue/m);
    assert.equal(JSON.parse(text).sha256, sha256(UPLOAD));
  });

  test(`${scheme}: an upload without Expect arrives whole, and so does one in chunks`, options, async (t) => {
    const { curl, uploadFile } = await startSite(t, scheme);

    const sized = await curl(['-H', 'Expect:', '-T', uploadFile], '/echo');
    const chunked = await curl(['-H', 'Expect:', '-T', '-'], '/echo', UPLOAD);

    assert.equal(JSON.parse(sized.text).sha256, sha256(UPLOAD));
    assert.equal(JSON.parse(sized.text).headers['content-length'], `${UPLOAD.length}`);
    assert.equal(JSON.parse(chunked.text).sha256, sha256(UPLOAD));
    assert.equal(JSON.parse(chunked.text).headers['transfer-encoding'], 'chunked');
  });

  test(`${scheme}: an answer that comes before the upload is over is understood`, options, async (t) => {
    const { curl, uploadFile } = await startSite(t, scheme);

    for (const expect of ['Expect: 100-continue', 'Expect:']) {
      const { text } = await curl(['-H', expect, '-T', uploadFile, '-w', '%{http_code}'], '/refuse');

      assert.equal(text, 'too much413');
    }
  });

  test(`${scheme}: a form with a file arrives with its fields`, options, async (t) => {
    const { curl, uploadFile } = await startSite(t, scheme);

    const { text } = await curl(['-F', 'name=portico', '-F', `file=@${uploadFile}`], '/echo');

    const { headers, bytes } = JSON.parse(text);
    assert.match(headers['content-type'], /^multipart\/form-data; boundary=/);
    assert.ok(bytes > UPLOAD.length);
  });

  test(`${scheme}: HEAD gets the length and no body, and keeps the connection`, options, async (t) => {
    const { curl, front } = await startSite(t, scheme);

    const { text } = await curl(['-I'], '/text', '/text');

    assert.equal(text.match(/^content-length: (\d+)\r$/gim)?.length, 2);
    assert.match(text, new RegExp(`^content-length: ${TEXT.length}\r$`, 'im'));
    await front.settled();
    assert.equal(front.closedSessions.length, 1);
  });

  test(`${scheme}: a range is asked for and given`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const { text } = await curl(['-i', '-r', '4-8'], '/text');

    assert.match(text, /^HTTP\/1\.1 206 Partial Content\r$/m);
    assert.match(text, new RegExp(`^content-range: bytes 4-8/${TEXT.length}\r$`, 'im'));
    assert.ok(text.endsWith('\r\n\r\nquick'));
  });

  test(`${scheme}: compressed content passes through as it is`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const decoded = await curl(['--compressed'], '/gzip');
    const raw = await curl(['-H', 'Accept-Encoding: gzip', '-i'], '/gzip');

    assert.equal(decoded.text, TEXT);
    assert.match(raw.text, /^content-encoding: gzip\r$/im);
    assert.ok(raw.stdout.subarray(raw.stdout.indexOf('\r\n\r\n') + 4).equals(gzipSync(TEXT)));
  });

  test(`${scheme}: trailers arrive behind the body`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const { text } = await curl(['-D', '-', '-H', 'TE: trailers'], '/trailers');

    assert.ok(text.includes(TEXT));
    assert.match(text, /^x-checksum: 42\r$/im);
  });

  test(`${scheme}: interim responses are shown, and then the answer`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const { text } = await curl(['-i'], '/hints');

    assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nlink: .*\r\n\r\nHTTP\/1\.1 200 OK\r\n/i);
  });

  test(`${scheme}: a response that the backend breaks off is an error to curl`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    for (const path of ['/cut-length', '/cut-chunks']) {
      const { code } = await curl([], path);

      assert.ok([18, 56].includes(code), `${path}: exit code ${code}`);
    }
  });
}

test('a redirect of ours leads curl from the plain port to the TLS port', {
  skip: curlMissing,
}, async (t) => {
  const { curl } = await startSite(t, 'http');

  const { text } = await curl(['-L', '-w', '|%{num_redirects} %{scheme}'], '/secure');

  assert.equal(text, `${TEXT}|1 HTTPS`);
});

test('curl accepts the certificate for its own host only', { skip: curlMissing }, async (t) => {
  const { curl } = await startSite(t, 'https');

  const { code, stderr } = await curl(['https://other.example/']);

  assert.equal(code, 60, stderr);
});

test('both versions of TLS are spoken, and none below', { skip: curlMissing }, async (t) => {
  const { curl } = await startSite(t, 'https');

  for (const version of ['1.2', '1.3']) {
    const { text } = await curl([`--tlsv${version}`, '--tls-max', version], '/text');
    assert.equal(text, TEXT);
  }
  const { code } = await curl(['--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'], '/text');
  assert.equal(code, 35);
});

test('who mixes up the ports is told so', { skip: curlMissing }, async (t) => {
  const { front } = await startSite(t, 'http');
  const [plain, tls] = [front.port(0), front.port(1)];

  const plainOnTls = await runCurl(['-i', `http://127.0.0.2:${tls}/`]);
  const tlsOnPlain = await runCurl(['-k', `https://127.0.0.1:${plain}/`]);

  assert.match(plainOnTls.text, /^HTTP\/1\.1 400 Bad Request\r\n.*plain HTTP on a TLS port: use https:/s);
  assert.equal(tlsOnPlain.code, 35);
});

interface Site {
  readonly front: TestFront;
  /** Holds UPLOAD. */
  readonly uploadFile: string;
  /** curl with these options and paths (or URLs among the options). */
  readonly curl: (options: readonly string[], ...paths: (string | Buffer)[]) => Promise<CurlResult>;
}

/** A front end with a plain and a TLS port before an origin that does everything an origin may do. */
async function startSite(t: TestContext, scheme: 'http' | 'https'): Promise<Site> {
  const origin = await startHttpOrigin(t, (request, response) => void answer(request, response));
  const { cert, key } = testCertificate(['shop.example']);
  const front = await startFront(t, configFor(origin.address), {
    files: { 'shop.pem': cert, 'shop.key': key },
  });
  const directory = temporaryDirectory(t);
  const caFile = join(directory, 'ca.pem');
  const uploadFile = join(directory, 'upload');
  writeFileSync(caFile, testAuthority().cert);
  writeFileSync(uploadFile, UPLOAD);
  const connection = [
    ...['--cacert', caFile],
    ...['--connect-to', `shop.example:80:127.0.0.1:${front.port(0)}`],
    ...['--connect-to', `:443:127.0.0.2:${front.port(1)}`],
  ];
  return {
    front,
    uploadFile,
    curl: (options, ...paths) => {
      const urls = paths.filter((path) => typeof path === 'string');
      const input = paths.find((path) => typeof path !== 'string');
      return runCurl(
        ['--http1.1', ...connection, ...options, ...urls.map((path) => `${scheme}://shop.example${path}`)],
        input,
      );
    },
  };
}

function configFor(origin: string): string {
  return `
listen:
  - address: "127.0.0.1:0"
  - { address: "127.0.0.2:0", tls: true }
drain: 1s
certificates: [{ cert: shop.pem, key: shop.key }]
defaultTenant: shop
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
      - { path: "/secure", redirect: { to: "https://shop.example/text", status: 308 } }
      - { cluster: web }
clusters:
  web: { instances: [{ address: "${origin}" }] }
`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case '/text':
      answerText(request, response);
      return;
    case '/echo':
      await answerEcho(request, response);
      return;
    case '/chunks':
      for (const piece of TEXT.match(/.{1,10000}/gs)!) response.write(piece);
      response.end();
      return;
    case '/until-close':
      response.shouldKeepAlive = false;
      response.useChunkedEncodingByDefault = false;
      response.end(TEXT);
      return;
    case '/gzip':
      response.setHeader('content-encoding', 'gzip').end(gzipSync(TEXT));
      return;
    case '/trailers':
      response.setHeader('trailer', 'x-checksum').write(TEXT);
      response.addTrailers({ 'x-checksum': '42' });
      response.end();
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('page');
      return;
    case '/nothing':
      response.writeHead(204).end();
      return;
    case '/refuse':
      response.writeHead(413, { connection: 'close' }).end('too much');
      return;
    case '/cut-length':
      response.writeHead(200, { 'content-length': TEXT.length });
      response.write(TEXT.slice(1), () => response.destroy());
      return;
    case '/cut-chunks':
      response.write(TEXT, () => response.destroy());
      return;
    default:
      response.writeHead(404).end();
  }
}

function answerText(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (range === null) {
    response.setHeader('content-length', TEXT.length).end(TEXT);
    return;
  }
  const [first, last] = [Number(range[1]), Number(range[2])];
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${TEXT.length}` });
  response.end(TEXT.slice(first, last + 1));
}

/** What came, as JSON. */
async function answerEcho(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method, headers } = request;
  response.end(JSON.stringify({ method, headers, bytes: body.length, sha256: sha256(body) }));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
