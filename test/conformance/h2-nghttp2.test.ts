import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../support/http2-command.ts';
import { FILE, sha256, startHttp2Site, TEXT } from '../support/http2-site.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// nghttp and h2load are made of nghttp2, as are curl and Apache httpd: what they cannot read, half of the world cannot.

const nghttp = { skip: commandMissing('nghttp') };
const h2load = { skip: commandMissing('h2load') };

for (const scheme of ['http', 'https'] as const) {
  test(`${scheme}: nghttp gets a page, and what is missing`, nghttp, async (t) => {
    const { url } = await startSite(t, scheme);

    const page = await runCommand('nghttp', ['-y', `${url}/text`]);
    const verbose = await runCommand('nghttp', ['-y', '-v', '-n', `${url}/text`, `${url}/missing`]);

    assert.equal(page.stdout, TEXT);
    assert.equal(page.code, 0);
    assert.match(verbose.output, /recv .*:status: 200/);
    assert.match(verbose.output, /recv .*:status: 404/);
    assert.doesNotMatch(verbose.output, /\[ERROR\]|recv RST_STREAM/);
  });

  test(`${scheme}: nghttp asks a hundred things at once on one connection`, nghttp, async (t) => {
    const { url, site } = await startSite(t, scheme);

    const { stdout, code } = await runCommand('nghttp', ['-y', '-m', '100', `${url}/text`]);

    assert.equal(code, 0);
    // Pieces of different bodies may alternate.
    assert.equal(stdout.length, 100 * TEXT.length);
    assert.equal(site.asked.length, 100);
    assert.equal(site.front.count('sessionOpened'), 1);
  });

  test(
    `${scheme}: nghttp sends a file with trailers, and gets one through small windows`,
    nghttp,
    async (t) => {
      const { url } = await startSite(t, scheme);
      const file = join(temporaryDirectory(t), 'file');
      writeFileSync(file, FILE);

      const sent = await runCommand('nghttp', [
        '-y',
        '-d',
        file,
        '--no-content-length',
        '--trailer',
        'x-sum: 1',
        `${url}/digest`,
      ]);
      const received = await runCommand('nghttp', ['-y', '-w', '14', '-W', '14', `${url}/file`]);

      assert.equal(sent.stdout, `${FILE.length} ${sha256(FILE)} {"x-sum":"1"}`);
      assert.equal(received.stdout === FILE.toString('latin1'), true);
    },
  );

  test(
    `${scheme}: h2load asks thousands of times over some connections, and all is answered`,
    h2load,
    async (t) => {
      const { url, site } = await startSite(t, scheme);

      const { output } = await runCommand('h2load', ['-n', '2000', '-c', '4', '-m', '32', `${url}/text`]);

      assert.match(
        output,
        /2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout/,
      );
      assert.match(output, /2000 2xx, 0 3xx, 0 4xx, 0 5xx/);
      assert.equal(site.asked.length, 2000);
      assert.equal(site.front.count('sessionOpened'), 4);
    },
  );
}

test('an upgrade to h2c is not taken, and no word of it reaches the backend', nghttp, async (t) => {
  const { url, site } = await startSite(t, 'http');

  const { output } = await runCommand('nghttp', ['-u', '-v', `${url}/text`]);

  assert.match(output, /HTTP Upgrade failed/);
  assert.deepEqual(site.asked, ['GET /text']);
  for (const name of ['upgrade', 'http2-settings']) assert.equal(site.fields[0]![name], undefined);
});

async function startSite(t: Parameters<typeof startHttp2Site>[0], scheme: 'http' | 'https') {
  const site = await startHttp2Site(t);
  const port = scheme === 'http' ? site.plainPort : site.tlsPort;
  return { site, url: `${scheme}://127.0.0.1:${port}` };
}
