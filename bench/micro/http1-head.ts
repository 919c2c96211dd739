import { Buffer } from 'node:buffer';
import { bench, do_not_optimize, group, run } from 'mitata';
import type { RequestHead } from '../../protocols/http/message.ts';
import { ResponseHead } from '../../protocols/http/message.ts';
import { ClientEngine } from '../../protocols/http1/client-engine.ts';
import { DEFAULT_LIMITS } from '../../protocols/http1/limits.ts';
import { RequestParser } from '../../protocols/http1/request-parser.ts';
import { ServerEngine } from '../../protocols/http1/server-engine.ts';
import { CountingOutput } from '../counting-output.ts';

/** The cost of reading one head: parsed anew, and recognised by an engine as the one before. */

const small = 'GET / HTTP/1.1\r\nHost: shop.example.org\r\n\r\n';
const browser = `GET /catalogue/shoes?page=2 HTTP/1.1\r
Host: shop.example.org\r
Connection: keep-alive\r
sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"\r
sec-ch-ua-mobile: ?0\r
Upgrade-Insecure-Requests: 1\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
Sec-Fetch-Site: same-origin\r
Sec-Fetch-Mode: navigate\r
Referer: https://shop.example.org/catalogue/shoes\r
Accept-Encoding: gzip, deflate, br, zstd\r
Accept-Language: en-GB,en;q=0.9\r
\r
`;
const large = browser.replace('\r\n\r\n', `\r\nCookie: ${'session=0123456789abcdef; '.repeat(16)}\r\n\r\n`);
const heads = { small, browser, large };

for (const [name, text] of Object.entries(heads)) {
  const bytes = Buffer.from(text, 'latin1');
  group(`request head, ${name}, ${bytes.length} bytes`, () => {
    bench('parsed', () => {
      const parser = new RequestParser(DEFAULT_LIMITS);
      parser.receive(bytes, 0, bytes.length);
      return do_not_optimize(parser.request);
    });

    const fresh = Array.from({ length: 2 }, (_, i) => Buffer.from(text.replace('GET /', `GET /${i}`)));
    const parsing = answeringServer();
    let turn = 0;
    bench('engine, another head each time, with its answer', () => {
      const next = fresh[turn++ & 1]!;
      parsing.receive(next, 0, next.length, undefined);
    });

    const remembering = answeringServer();
    bench('engine, the same head again, with its answer', () => {
      remembering.receive(bytes, 0, bytes.length, undefined);
    });
  });
}

const responseBytes = Buffer.from(
  'HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sat, 21 Nov 2026 03:12:11 GMT\r\nContent-Type: text/html\r\nContent-Length: 0\r\nETag: "abc"\r\n\r\n',
);
group(`response head, ${responseBytes.length} bytes`, () => {
  const client = new ClientEngine(
    { interimHead() {}, responseHead() {}, bodyData() {}, responseEnd() {}, fault() {} },
    new CountingOutput(),
    DEFAULT_LIMITS,
  );
  bench('engine, the same head again, with its request', () => {
    client.sendHead('GET', 'GET / HTTP/1.1\r\nhost: a\r\n', '', 0, '');
    client.sendEnd([]);
    client.receive(responseBytes, 0, responseBytes.length, undefined);
  });
});

await run();

/** A server engine that answers each request with the same empty response. */
function answeringServer(): ServerEngine {
  const answer = new ResponseHead(200, '', ['content-type', 'text/plain', 'server', 'portico'], 0);
  let last: RequestHead | undefined;
  const engine: ServerEngine = new ServerEngine(
    {
      requestHead({ head }) {
        last = head;
        engine.sendHead(answer);
        engine.sendEnd([]);
      },
      bodyData() {},
      bodyEnd() {},
      fault(fault) {
        throw new Error(`${fault.rule} behind ${last?.path}`);
      },
      exchangeDone() {},
    },
    new CountingOutput(),
    DEFAULT_LIMITS,
  );
  return engine;
}
