import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { openBrowser } from '../support/browser.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { requestText } from '../support/client.ts';
import { record, records } from '../support/client-hello-builder.ts';
import { runCurl } from '../support/curl.ts';
import { type HelloRewrite, startHelloRelay } from '../support/hello-relay.ts';
import { commandMissing, curlMissing, opensslMissing } from '../support/outside-judge.ts';
import { PATIENCE_MS } from '../support/peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTlsFront } from '../support/tls-front.ts';

// Real clients shake hands through a relay that cuts their hello in every way that networks and dodgers of middleboxes do. A hello
// in other segments or records is the same hello to both sides (RFC 8446, section 4.4.1), so the handshake must come to its end.

const HOST = 'shop.example.org';
const REQUEST = requestText('GET /', ['Connection: close'], HOST);

const CUTS: Readonly<Record<string, HelloRewrite>> = {
  'as it is': (hello) => [hello],
  'octet by octet': (hello) => Array.from(hello, (octet) => Buffer.of(octet)),
  'inside the headers of record and message': (hello) => [
    hello.subarray(0, 3),
    hello.subarray(3, 6),
    hello.subarray(6, 8),
    hello.subarray(8),
  ],
  'inside the name': (hello) => {
    const at = hello.indexOf(HOST) + 7;
    return [hello.subarray(0, at), hello.subarray(at)];
  },
  'into two records, inside the name': (hello) => {
    const at = hello.indexOf(HOST) + 7;
    return [record(22, hello.subarray(5, at)), record(22, hello.subarray(at))];
  },
  'into two hundred records': (hello) => [records(hello.subarray(5), Math.ceil((hello.length - 5) / 200))],
  'into fifty records, octet by octet': (hello) =>
    Array.from(records(hello.subarray(5), Math.ceil((hello.length - 5) / 50)), (octet) => Buffer.of(octet)),
};

interface Client {
  readonly skip: false | string;
  /** What it has got for a GET of the host's page; `authority` is a file. */
  fetch(port: number, authority: string): Promise<string>;
}

const CLIENTS: Readonly<Record<string, Client>> = {
  curl: { skip: curlMissing, fetch: (port, authority) => curl(port, authority) },
  'curl for TLS 1.2': {
    skip: curlMissing,
    fetch: (port, authority) => curl(port, authority, '--tls-max', '1.2'),
  },
  'openssl s_client': {
    skip: opensslMissing,
    fetch: (port, authority) =>
      talk('openssl', [
        ...['s_client', '-quiet', '-verify_return_error', '-CAfile', authority],
        ...['-connect', `127.0.0.1:${port}`, '-servername', HOST, '-alpn', 'http/1.1'],
      ]),
  },
  'gnutls-cli': {
    skip: commandMissing('gnutls-cli'),
    fetch: (port, authority) =>
      talk('gnutls-cli', [
        ...['--x509cafile', authority, '--sni-hostname', HOST, '--verify-hostname', HOST],
        ...['--alpn', 'http/1.1', '--port', String(port), '127.0.0.1'],
      ]),
  },
  'ssl of Python': {
    skip: commandMissing('python3'),
    fetch: (port, authority) => talk('python3', ['-c', PYTHON_CLIENT, String(port), authority]),
  },
};

const PYTHON_CLIENT = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
with context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='${HOST}') as s:
    s.sendall(b'GET / HTTP/1.1\\r\\nHost: ${HOST}\\r\\nConnection: close\\r\\n\\r\\n')
    while data := s.recv(65536):
        sys.stdout.write(data.decode())
`;

for (const [name, { skip, fetch }] of Object.entries(CLIENTS)) {
  test(`${name} is served however its hello is cut`, { skip }, async (t) => {
    const { port, authority, front } = await startSite(t);

    for (const [cut, rewrite] of Object.entries(CUTS)) {
      const answer = await fetch(await startHelloRelay(t, port, rewrite), authority);

      assert.match(answer, /HTTP\/1\.1 200 .*\r\n\r\nshop/s, `${cut}: ${answer}`);
      assert.equal(front.exchanges.at(-1)!.session.tls!.serverName, HOST, cut);
    }
  });
}

test('a browser is served however its hello is cut', {
  skip: commandMissing('chromium') || commandMissing('certutil'),
}, async (t) => {
  const { port } = await startSite(t);
  const page = await (await openBrowser(t, testAuthority().cert)).newPage();

  for (const [cut, rewrite] of Object.entries(CUTS)) {
    const relay = await startHelloRelay(t, port, rewrite);
    await page.goto(`https://${HOST}:${relay}/`);

    assert.equal(await page.textContent('body'), 'shop', cut);
  }
});

test('early data that nobody asked for is passed over', { skip: opensslMissing }, async (t) => {
  const { port, authority, front } = await startSite(t);
  const directory = temporaryDirectory(t);
  const session = join(directory, 'session.pem');
  const early = join(directory, 'early');
  writeFileSync(early, REQUEST);
  await keepSessionOfAnother(t, directory, session);

  const answer = await talk('openssl', [
    ...['s_client', '-CAfile', authority, '-connect', `127.0.0.1:${port}`, '-servername', HOST],
    ...['-sess_in', session, '-early_data', early, '-ign_eof'],
  ]);

  assert.match(answer, /Early data was rejected/);
  assert.match(answer, /HTTP\/1\.1 200 .*\r\n\r\nshop/s);
  assert.equal(front.exchanges.length, 1);
});

async function startSite(test: TestContext) {
  const front = await startTlsFront(test, {
    certificates: { fallback: testCertificate(['fallback.example']), shop: testCertificate([HOST]) },
    tenants: { shop: { hosts: [HOST] } },
  });
  const authority = join(temporaryDirectory(test), 'authority.pem');
  writeFileSync(authority, testAuthority().cert);
  return { front, port: front.port(), authority };
}

async function curl(port: number, authority: string, ...args: string[]): Promise<string> {
  const url = `https://${HOST}:${port}/`;
  const resolve = `${HOST}:${port}:127.0.0.1`;
  const { text, stderr } = await runCurl([
    ...['--http1.1', '-i', '--cacert', authority, '--resolve', resolve],
    ...args,
    url,
  ]);
  return text || stderr;
}

/** What a client on the command line prints when it is given the request, up to the end of its connection. */
async function talk(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 20_000 });
  child.stdin.on('error', () => {});
  // It stays open: its end would end the client before the answer.
  child.stdin.write(REQUEST);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
  await once(child, 'close');
  return text;
}

/** A session that allows early data, of a server that Portico knows nothing of. */
async function keepSessionOfAnother(test: TestContext, directory: string, file: string): Promise<void> {
  const pair = testCertificate([HOST]);
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key);
  const server = spawn('openssl', [
    ...['s_server', '-accept', '127.0.0.1:0', '-cert', cert, '-key', key],
    ...['-early_data', '-max_early_data', '16384'],
  ]);
  test.after(() => void server.kill());
  const port = await printed(server.stdout, /ACCEPT .*:(\d+)/);
  const client = spawn('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${port}`, '-servername', HOST, '-sess_out', file],
  ]);
  test.after(() => void client.kill());
  // What the server says comes behind its ticket.
  await printed(server.stdout, /(CIPHER is)/);
  server.stdin.write('after the ticket\n');
  await printed(client.stdout, /(after the ticket)/);
  client.stdin.end('Q\n');
  await once(client, 'close');
}

/** Waits for a text; gives what its group matched. The stream flows on: who prints to nobody is ended by it. */
async function printed(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!pattern.test(text)) await once(stream, 'data', { signal });
  return pattern.exec(text)![1]!;
}
