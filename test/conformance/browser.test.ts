/** A browser as judge: of the admin page, whose style the page's own policy must let through, and of TLS and HTTP/1.1. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { testCertificate } from '../support/certificates.ts';
import { echoOrigin } from '../support/embedded.ts';
import { commandMissing, commandPath } from '../support/outside-judge.ts';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const skip = commandMissing('chromium');

test('a browser shows the admin page with its style, asks for nothing else, and sees it renew itself', {
  skip,
}, async (t) => {
  const server = await startPortico(t);
  const { page, complaints } = await openPage(t);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));

  await page.goto(`http://127.0.0.1:${server.adminPort}/`);

  assert.equal(await page.title(), 'Portico · running');
  const cells = await page.getByRole('cell').allTextContents();
  assert.ok(cells.includes('web'), cells.join());
  const collapse = await page.evaluate(`getComputedStyle(document.querySelector('table')).borderCollapse`);
  assert.equal(collapse, 'collapse');

  await page.waitForEvent('load');
  assert.deepEqual(
    asked.filter((path) => path !== '/favicon.ico'),
    ['/', '/'],
  );
  assert.deepEqual(complaints, []);
});

test('a browser loads pages over TLS, several at once, on kept connections', { skip }, async (t) => {
  const server = await startPortico(t);
  const { page, complaints } = await openPage(t);
  const origin = `https://localhost:${server.port(1)}`;

  await page.goto(`${origin}/page`);
  assert.match(await page.content(), /\/page as 127\.0\.0\.1/);
  const texts = await page.evaluate(
    `Promise.all(Array.from({ length: 20 }, (_, i) => fetch('/' + i, { method: 'POST', body: 'x'.repeat(i * 1000) }).then((r) => r.text())))`,
  );

  assert.deepEqual(
    texts,
    Array.from({ length: 20 }, (_, i) => `/${i} as 127.0.0.1`),
  );
  assert.deepEqual(complaints, []);
});

async function startPortico(t: TestContext): Promise<PorticoProcess> {
  const directory = temporaryDirectory(t);
  const { cert, key } = testCertificate(['localhost']);
  writeFileSync(join(directory, 'localhost.pem'), cert);
  writeFileSync(join(directory, 'localhost.key'), key);
  const file = writeConfig(`workers: 1
listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0", tls: true }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
certificates: [{ cert: ${join(directory, 'localhost.pem')}, key: ${join(directory, 'localhost.key')} }]
tenants: { all: { hosts: [localhost], routes: [{ cluster: web }] } }
clusters: { web: { instances: [{ address: "${await echoOrigin(t)}" }] } }
`);
  const server = new PorticoProcess(['run', '-c', file]);
  t.after(() => server.stop());
  return server.ready();
}

/** A page of a browser of its own, and all that the browser complains of; the test's authority is not known to it. */
async function openPage(t: TestContext): Promise<{ page: Page; complaints: string[] }> {
  const browser: Browser = await chromium.launch({ executablePath: commandPath('chromium')! });
  t.after(() => browser.close());
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}
