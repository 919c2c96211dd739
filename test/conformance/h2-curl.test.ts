import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { runCurl } from '../support/curl.ts';
import { FILE, sha256, startHttp2Site, TEXT } from '../support/http2-site.ts';
import { curlMissing } from '../support/outside-judge.ts';

// What people type, with --http2 or without: over TLS curl offers HTTP/2 by itself.

const options = { skip: curlMissing };

for (const scheme of ['http', 'https'] as const) {
  test(`${scheme}: curl gets a page over HTTP/2`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const { text } = await curl(['-w', '|%{http_code} %{http_version} %{ssl_verify_result}'], '/text');

    assert.equal(text, `${TEXT}|200 2 0`);
  });

  test(`${scheme}: curl sends and gets files whole`, options, async (t) => {
    const { curl, site } = await startSite(t, scheme);

    const sent = await curl(['--data-binary', '@-'], '/digest', FILE);
    const received = await curl([], '/file');

    assert.equal(sent.text, `${FILE.length} ${sha256(FILE)} {}`);
    assert.equal(received.stdout.equals(FILE), true);
    assert.deepEqual(site.asked, ['POST /digest', 'GET /file']);
  });

  test(`${scheme}: curl sees the headers of a HEAD and of what is missing`, options, async (t) => {
    const { curl } = await startSite(t, scheme);

    const head = await curl(['-I'], '/text');
    const missing = await curl(['-i'], '/missing');

    assert.match(head.text, /^HTTP\/2 200 \r\n/);
    assert.match(head.text, new RegExp(`^content-length: ${TEXT.length}\r$`, 'm'));
    assert.match(missing.text, /^HTTP\/2 404 \r\n/);
  });

  test(`${scheme}: curl's cookies and fields arrive as they were`, options, async (t) => {
    const { curl, site } = await startSite(t, scheme);

    await curl(['-b', 'a=1; b=2', '-H', 'X-Name: a value', '-H', 'TE: trailers'], '/text');

    const [fields] = site.fields;
    assert.equal(fields!['cookie'], 'a=1; b=2');
    assert.equal(fields!['x-name'], 'a value');
    assert.equal(fields!['x-forwarded-proto'], scheme);
  });
}

test('https: curl gets the answer to what it is not done sending', options, async (t) => {
  const { curl, site } = await startSite(t, 'https');
  const send = ['-H', 'host: nobody.example', '-w', '|%{http_code}', '--data-binary', '@-'];

  for (const body of [Buffer.from('some'), FILE.subarray(0, 200_000), FILE]) {
    const { text, code } = await curl(send, '/digest', body);
    assert.equal(code, 0, `${body.length} bytes`);
    assert.match(text, /\|421$/);
  }
  assert.deepEqual(site.asked, []);
});

// Not with prior knowledge: there curl 7.88 breaks off all but one of them, whoever the server is.
test('https: curl asks many things at once over one connection', options, async (t) => {
  const { url, curl, site } = await startSite(t, 'https');
  const urls = Array.from({ length: 49 }, () => ['-o', '/dev/null', `${url}/text`]).flat();

  const { text, code } = await curl(['-Z', '-o', '/dev/null', '-w', '%{http_version} ', ...urls], '/text');

  assert.equal(code, 0);
  assert.equal(text, '2 '.repeat(50));
  assert.equal(site.asked.length, 50);
  assert.equal(site.front.count('sessionOpened'), 1);
});

test('curl --http2 on a plain port asks for an upgrade, and is answered without', options, async (t) => {
  const { site } = await startSite(t, 'http');

  const { text } = await runCurl([
    '--http2',
    '-w',
    '|%{http_version}',
    `http://127.0.0.1:${site.plainPort}/text`,
  ]);

  assert.equal(text, `${TEXT}|1.1`);
  for (const name of ['upgrade', 'http2-settings']) assert.equal(site.fields[0]![name], undefined);
});

async function startSite(t: TestContext, scheme: 'http' | 'https') {
  const site = await startHttp2Site(t);
  const port = scheme === 'http' ? site.plainPort : site.tlsPort;
  const url = `${scheme}://shop.example:${port}`;
  const always = [
    ...(scheme === 'http' ? ['--http2-prior-knowledge'] : ['--http2', '--cacert', site.authorityFile]),
    '--connect-to',
    `::127.0.0.1:${port}`,
  ];
  const curl = (args: readonly string[], path: string, input?: typeof FILE) =>
    runCurl([...always, ...args, `${url}${path}`], input);
  return { site, url, curl };
}
