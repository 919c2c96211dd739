import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { createBrowserSite, MANY, PARTS } from '../support/browser-site.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { PorticoProcess, smallConfig, writeConfig } from '../support/portico-process.ts';

// What most clients really are. The browser trusts the test authority as it would a local CA, and gives no certificate any grace.

const skip = commandMissing('chromium') || commandMissing('certutil');
const FILE = randomBytes(1024 * 1024);
const HOST = 'shop.example.org';

test('a browser uses a site through the front end', { skip }, async (t) => {
  const front = await startSite(t);
  const browser = await openBrowser(t, testAuthority().cert);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('requestfailed', (request) => {
    // Events have no other end than that the page does not want them any more.
    if (!request.url().endsWith('/events'))
      complaints.push(`${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));

  for (const [scheme, port] of [
    ['http', front.port(0)],
    ['https', front.port(1)],
  ] as const) {
    const origin = `${scheme}://${HOST}:${port}`;

    await t.test(
      `${scheme}: a page with ${3 * PARTS} parts, twice, the second time from its cache`,
      async () => {
        await seePage(page, origin);
        await seePage(page, origin);

        const statuses = front.exchanges.map(({ status }) => status);
        assert.ok(statuses.includes(304), 'the second visit was revalidated');
      },
    );

    await t.test(`${scheme}: a form with a file of a mebibyte`, async () => {
      await page.goto(`${origin}/form`);
      await page.fill('[name=comment]', 'hello');
      await page.setInputFiles('[name=file]', { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: FILE });
      await Promise.all([page.waitForURL(`${origin}/upload`), page.click('button')]);

      const digest = createHash('sha256').update(FILE).digest('hex');
      assert.equal(await page.textContent('body'), `hello photo.jpg ${FILE.length} ${digest}`);
    });

    await t.test(`${scheme}: a WebSocket that echoes texts and bytes, and closes well`, async () => {
      await page.goto(`${origin}/form`);

      assert.deepEqual(await page.evaluate(TALK_OVER_WEBSOCKET), {
        echoes: [5, 100_000, 300_000],
        code: 1000,
        wasClean: true,
      });
    });

    await t.test(`${scheme}: events that arrive one by one, none held back`, async () => {
      await page.goto(`${origin}/form`);

      assert.deepEqual(await page.evaluate(LISTEN_TO_EVENTS), ['1', '2', '3', '4', '5']);
    });
  }

  assert.deepEqual(complaints, []);
});

test(`a browser gets a page with ${MANY} parts over one connection of HTTP/2`, { skip }, async (t) => {
  const front = await startSite(t);
  const browser = await openBrowser(t, testAuthority().cert);
  const page = await browser.newPage();

  await page.goto(`https://${HOST}:${front.port(1)}/many`, { waitUntil: 'load' });

  assert.equal(
    await page.evaluate('[...document.images].filter(({ naturalWidth }) => naturalWidth === 3).length'),
    MANY,
  );
  await front.until(() => front.exchanges.filter(({ path }) => path !== '/favicon.ico').length === MANY + 1);
  const sessions = new Set(front.exchanges.map(({ session }) => session.id));
  assert.equal(sessions.size, 1);
  for (const { head, status, session, error } of front.exchanges) {
    assert.deepEqual([head.version, session.tls?.alpn, error], ['2', 'h2', undefined]);
    assert.ok(status === 200 || status === 204);
  }
});

test('a browser is told what is wrong by pages it can show', { skip }, async (t) => {
  const front = await startSite(t);
  const browser = await openBrowser(t, testAuthority().cert);
  const page = await browser.newPage();

  const unknown = await page.goto(`http://nobody.example:${front.port(0)}/`);
  assert.equal(unknown!.status(), 404);
  assert.match((await page.textContent('body'))!, /no-tenant/);

  const mistaken = await page.goto(`http://${HOST}:${front.port(1)}/`);
  assert.equal(mistaken!.status(), 400);
  assert.match((await page.textContent('body'))!, /use https:/);

  await assert.rejects(page.goto(`https://other.example:${front.port(1)}/`), /ERR_CERT_COMMON_NAME_INVALID/);
});

test('the admin page can be read on a phone', { skip }, async (t) => {
  const portico = new PorticoProcess(['run', '-c', writeConfig(smallConfig(1))]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  const browser = await openBrowser(t, testAuthority().cert);
  const page = await browser.newPage();
  await page.setViewportSize({ width: 400, height: 800 });

  await page.goto(`http://127.0.0.1:${portico.adminPort}/`);

  assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
  const healthy = await page.getByRole('cell', { name: 'healthy' }).boundingBox();
  assert.ok(healthy!.height < 50, 'words are not broken into columns of letters');
});

async function seePage(page: Page, origin: string): Promise<void> {
  const response = await page.goto(origin, { waitUntil: 'load' });
  assert.equal(response!.status(), 200);
  const security = await response!.securityDetails();
  assert.equal(security?.protocol, origin.startsWith('https') ? 'TLS 1.3' : undefined);
  assert.deepEqual(await page.evaluate(COUNT_PARTS), { scripts: PARTS, styles: PARTS, images: PARTS });
}

async function startSite(t: TestContext): Promise<TestFront> {
  const site = createBrowserSite().listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.after(() => {
    site.close();
    site.closeAllConnections();
  });
  const { cert, key } = testCertificate([HOST]);
  const yaml = `
listen:
  - address: "127.0.0.1:0"
  - { address: "localhost:0", tls: true }
drain: 1s
certificates: [{ cert: shop.pem, key: shop.key }]
tenants:
  shop: { hosts: ["${HOST}"], routes: [{ cluster: site }] }
clusters:
  site: { instances: [{ address: "127.0.0.1:${(site.address() as AddressInfo).port}" }] }
`;
  return startFront(t, yaml, { files: { 'shop.pem': cert, 'shop.key': key } });
}

// Programs for the browser.

const COUNT_PARTS = `({
  scripts: window.scripts,
  styles: [...document.querySelectorAll('div')].filter((div, i) => div.offsetWidth === i).length,
  images: [...document.images].filter((image) => image.naturalWidth === 3).length,
})`;

const TALK_OVER_WEBSOCKET = `new Promise((resolve, reject) => {
  const socket = new WebSocket('/socket');
  socket.binaryType = 'arraybuffer';
  const echoes = [];
  socket.onopen = () => {
    socket.send('hello');
    socket.send('a'.repeat(100000));
    socket.send(new Uint8Array(300000));
  };
  socket.onmessage = ({ data }) => {
    echoes.push(typeof data === 'string' ? data.length : data.byteLength);
    if (echoes.length === 3) socket.close(1000);
  };
  socket.onerror = () => reject(new Error('the WebSocket failed'));
  socket.onclose = ({ code, wasClean }) => resolve({ echoes, code, wasClean });
})`;

const LISTEN_TO_EVENTS = `new Promise((resolve, reject) => {
  const seen = [];
  const acknowledged = [];
  const events = new EventSource('/events');
  events.onmessage = ({ data }) => {
    seen.push(data);
    acknowledged.push(fetch('/seen').then((response) => response.text()));
  };
  events.addEventListener('last', () => {
    events.close();
    resolve(Promise.all(acknowledged).then(() => seen));
  });
  events.onerror = () => reject(new Error('the events broke off'));
})`;
