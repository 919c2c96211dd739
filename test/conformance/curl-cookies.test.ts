import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { runCurl } from '../support/curl.ts';
import { startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { curlMissing } from '../support/outside-judge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// A client that keeps cookies as browsers do: curl with a jar. What it keeps, and when it sends it, is its own reading of Set-Cookie.

const options = { skip: curlMissing };

for (const [way, flags] of [
  ['http', ['--http1.1']],
  ['https', ['--http1.1']],
  ['https over HTTP/2', ['--http2']],
] as const) {
  test(
    `${way}: curl with a cookie jar stays with one instance, and without one goes to all`,
    options,
    async (t) => {
      const { curl, jar } = await startSite(t, way.startsWith('https') ? 'https' : 'http');
      const kept = new Set<string>();
      const free = new Set<string>();
      for (let i = 0; i < 4; i++) {
        kept.add(await curl([...flags, '-b', jar, '-c', jar]));
        free.add(await curl([...flags]));
      }

      assert.equal(kept.size, 1);
      assert.equal(free.size, 3);
      const [cookie = ''] = readFileSync(jar, 'utf8')
        .split('\n')
        .filter((line) => line.includes('\tsrv\t'));
      const [host, subdomains, path, secure, expires] = cookie.split('\t');
      assert.deepEqual([host, subdomains, path], ['#HttpOnly_shop.example', 'FALSE', '/']);
      assert.equal(secure, way === 'http' ? 'FALSE' : 'TRUE');
      assert.ok(Math.abs(Number(expires) - Date.now() / 1000 - 3600) < 60, expires);
    },
  );
}

test('curl loses its instance with its cookie, not by what else it sends', options, async (t) => {
  const { curl, jar } = await startSite(t, 'http');
  const first = await curl(['-c', jar]);

  assert.equal(await curl(['-b', jar, '-b', 'lang=en; srv2=x']), first);
  writeFileSync(jar, readFileSync(jar, 'utf8').replace(/(\tsrv\t).*/, '$1stale'));
  const second = await curl(['-b', jar, '-c', jar]);
  assert.notEqual(second, first);
  assert.equal(await curl(['-b', jar]), second);
});

/** Three instances behind one sticky cluster; `curl` gives the body. */
async function startSite(
  t: TestContext,
  scheme: 'http' | 'https',
): Promise<{ readonly curl: (args: readonly string[]) => Promise<string>; readonly jar: string }> {
  const origins = await Promise.all([...'abc'].map((name) => startOrigin(t, answering(ok(name)))));
  const instances = origins.map(({ address }) => `{ address: "${address}" }`).join(', ');
  const pair = testCertificate(['shop.example']);
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0", tls: ${scheme === 'https'} }]
drain: 50ms
${scheme === 'https' ? 'certificates: [{ cert: shop.pem, key: shop.key }]' : ''}
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
clusters:
  web: { sticky: { cookie: srv, maxAge: 1h }, instances: [${instances}] }
`,
    { files: { 'shop.pem': pair.cert, 'shop.key': pair.key } },
  );
  const directory = temporaryDirectory(t);
  const ca = join(directory, 'ca.pem');
  writeFileSync(ca, testAuthority().cert);
  const curl = async (args: readonly string[]): Promise<string> => {
    const to = ['--cacert', ca, '--connect-to', `::127.0.0.1:${front.port()}`];
    const { code, text, stderr } = await runCurl([...to, ...args, `${scheme}://shop.example/`]);
    assert.equal(code, 0, stderr);
    return text;
  };
  return { curl, jar: join(directory, 'cookies') };
}
