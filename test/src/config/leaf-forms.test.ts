import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readBindAddress, readTargetAddress } from '../../../src/config/address.ts';
import { readDuration } from '../../../src/config/duration.ts';
import { coversHost, readHostPattern } from '../../../src/config/host-name.ts';
import { Refusal, showValue } from '../../../src/config/leaf.ts';
import { readNetworkBlock } from '../../../src/config/network-block.ts';
import { readPathPattern, readProbePath } from '../../../src/config/path-pattern.ts';
import { headerNameFault, readHeaderValue, readRedirectTarget } from '../../../src/config/response-forms.ts';
import { readSize } from '../../../src/config/size.ts';

/** Every value is refused; where a fragment is given, message or hint holds it. */
function refuses(read: (value: unknown) => unknown, cases: [value: unknown, fragment?: string][]): void {
  for (const [value, fragment = ''] of cases) {
    const result = read(value);
    assert(result instanceof Refusal, `${showValue(value)} was taken as ${String(result)}`);
    assert(`${result.message} ${result.hint}`.includes(fragment), `${result.message} ${result.hint}`);
  }
}

describe('durations', () => {
  it('are read as milliseconds', () => {
    const cases: [string, number][] = [
      ['1ms', 1],
      ['500ms', 500],
      ['2s', 2000],
      ['1m', 60_000],
      ['1h', 3_600_000],
      ['2147483647ms', 2_147_483_647],
    ];
    for (const [text, ms] of cases) assert.equal(readDuration(text), ms);
    assert.equal(readDuration('0s', 0), 0);
  });

  it('need a unit, and fit into a timer', () => {
    refuses(readDuration, [
      [10, 'give it a unit: 10s or 10ms'],
      ['10', 'a duration such as 500ms'],
      ['1.5s'],
      ['-1s'],
      ['1 s'],
      ['1d'],
      [''],
      ['0s', 'too short'],
      ['2147483648ms', 'too long'],
      ['597h', 'too long'],
      [null, 'nothing'],
      [[], 'a list'],
    ]);
  });
});

describe('sizes', () => {
  const read = (value: unknown) => readSize(value, 1, 2 ** 40);

  it('are read as bytes', () => {
    const cases: [unknown, number][] = [
      [4096, 4096],
      ['4096', 4096],
      ['16KiB', 16_384],
      ['1MiB', 1_048_576],
      ['2GiB', 2_147_483_648],
    ];
    for (const [text, bytes] of cases) assert.equal(read(text), bytes);
  });

  it('leave no doubt whether a kilobyte is 1000 or 1024', () => {
    refuses(read, [
      ['16k', 'write 16KiB'],
      ['16 KB', 'write 16KiB'],
      ['1mb', 'write 1MiB'],
      ['1.5MiB'],
      [-1],
      [1.5],
      [0, 'too small: at least 1 bytes'],
      ['2000GiB', 'too large'],
    ]);
  });
});

describe('addresses to listen on', () => {
  it('are split, and without a host mean all interfaces', () => {
    const cases: [string, string, number][] = [
      [':8080', '::', 8080],
      [':0', '::', 0],
      ['127.0.0.1:80', '127.0.0.1', 80],
      ['[::1]:80', '::1', 80],
      ['LocalHost:80', 'localhost', 80],
      ['0.0.0.0:65535', '0.0.0.0', 65_535],
    ];
    for (const [text, host, port] of cases) assert.deepEqual(readBindAddress(text), { host, port, text });
  });

  it('are refused with the way to write them', () => {
    refuses(readBindAddress, [
      [8080, 'write ":8080", in quotes'],
      ['8080', 'the port is missing'],
      ['localhost', 'the port is missing'],
      ['::1', 'write "[::1]:PORT"'],
      ['[::1]', 'an address to listen on'],
      ['[127.0.0.1]:80'],
      [':65536', 'port 65536 is out of range'],
      ['http://localhost:80', 'no scheme'],
      ['local host:80', 'is not a host name'],
      ['256.0.0.1:80', 'is not a host name'],
      ['a..b:80'],
      [''],
    ]);
  });
});

describe('addresses of instances', () => {
  it('need a host and a port', () => {
    assert.deepEqual(readTargetAddress('app_1.internal:80'), {
      host: 'app_1.internal',
      port: 80,
      text: 'app_1.internal:80',
    });
    refuses(readTargetAddress, [
      [':9001', 'name the host: "127.0.0.1:9001"'],
      ['127.0.0.1:0', 'port 0'],
      ['127.0.0.1', 'the port is missing'],
    ]);
  });
});

describe('hosts', () => {
  it('are lower-case names, wildcards and addresses', () => {
    const cases: [string, string][] = [
      ['Shop.Example.org', 'shop.example.org'],
      ['shop.example.org.', 'shop.example.org'],
      ['*.Example.org', '*.example.org'],
      ['localhost', 'localhost'],
      ['192.0.2.1', '192.0.2.1'],
      ['[2001:DB8::1]', '2001:db8::1'],
      ['2001:db8:0:0::0:1', '2001:db8::1'],
      ['::1', '::1'],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ];
    for (const [written, host] of cases) assert.equal(readHostPattern(written), host);
  });

  it('are refused when no request could have them', () => {
    refuses(readHostPattern, [
      ['*', 'defaultTenant'],
      ['a.*.example.org', 'the first label only'],
      ['*.192.0.2.1'],
      ['shop.example.org:80', 'without a port'],
      ['https://shop.example.org', 'no scheme'],
      ['bücher.example', 'xn--'],
      ['-a.example'],
      ['a..example'],
      [`${'a'.repeat(64)}.example`],
      [`${'a.'.repeat(130)}example`],
      ['1.2.3'],
      [''],
      [7],
    ]);
  });

  it('cover names below a wildcard, at any depth, but not its suffix', () => {
    assert(coversHost('*.example.org', 'a.example.org'));
    assert(coversHost('*.example.org', 'a.b.example.org'));
    assert(coversHost('*.example.org', '*.b.example.org'));
    assert(coversHost('a.example.org', 'a.example.org'));
    assert(!coversHost('*.example.org', 'example.org'));
    assert(!coversHost('*.example.org', '.example.org'));
    assert(!coversHost('*.example.org', 'aexample.org'));
    assert(!coversHost('a.example.org', 'b.a.example.org'));
  });
});

describe('network blocks', () => {
  it('are addresses with or without a prefix length', () => {
    for (const block of ['10.0.0.0/8', '127.0.0.1', '::/0', '2001:db8::/32', '::1', '1.2.3.4/32']) {
      assert.equal(readNetworkBlock(block), block);
    }
    refuses(readNetworkBlock, [
      ['10.0.0.0/33', '/0 to /32'],
      ['10.0.0.0/08', '/0 to /32'],
      ['::/129', '/0 to /128'],
      ['10.0.0.0/'],
      ['10.0.0/8'],
      ['localhost'],
      ['fe80::1%eth0'],
      [10],
    ]);
  });
});

describe('paths of routes', () => {
  it('are exact, or whole segments with everything below', () => {
    for (const path of ['/', '/a/b', '/a/*', '/*', '/a//b', '/%2F', '/.well-known/x', '/a;v=1']) {
      assert.equal(readPathPattern(path), path);
    }
  });

  it('are refused when they can never match', () => {
    refuses(readPathPattern, [
      ['api/*', 'begin with a slash: /api/*'],
      ['/api*', 'whole segments'],
      ['/*/a', 'whole segments'],
      ['/a?b', 'without query'],
      ['/a#b', 'without query'],
      ['/a b', 'percent-encoded'],
      ['/ä', 'percent-encoded'],
      ['/a/../b', 'resolved'],
      ['/%61', '%61 is matched as a'],
      ['/%2f', '%2f is matched as %2F'],
      ['/a%', '% without two hexadecimal digits'],
      ['/%zz/*', '% without two hexadecimal digits'],
      ['/a"b', 'refused'],
      ['/a\\b', 'refused'],
      ['/<a>', 'refused'],
      [null],
    ]);
  });

  it('of probes may have a query', () => {
    assert.equal(readProbePath('/healthz?deep=1'), '/healthz?deep=1');
    refuses(readProbePath, [['healthz'], ['/a b'], ['/a#b'], [1], ['/a\r\nx: y']]);
  });
});

describe('answers of routes', () => {
  it('redirect to the web or to a path', () => {
    for (const target of ['https://a.example/', 'HTTP://a.example', '/new?x=1', 'http://[::1]:80/']) {
      assert.equal(readRedirectTarget(target), target);
    }
    refuses(readRedirectTarget, [
      ['//a.example/', 'name the scheme: https://a.example/'],
      ['javascript:alert(1)'],
      ['ftp://a.example/'],
      ['a.example'],
      ['https://'],
      ['https:///path'],
      ['/a\r\nset-cookie: x'],
      ['/a b'],
      [1],
    ]);
  });

  it('carry headers of one line, but none that frame the message', () => {
    assert.equal(readHeaderValue(' text/html '), 'text/html');
    refuses(readHeaderValue, [
      ['a\nb', 'without line breaks'],
      ['a\0b'],
      ['π'],
      [60, 'put it in quotes: "60"'],
      [null],
    ]);
    assert.equal(headerNameFault('Cache-Control'), undefined);
    for (const name of ['', 'a b', 'a:', 'Content-Length', 'transfer-encoding', 'Connection', 'ä']) {
      assert.notEqual(headerNameFault(name), undefined, name);
    }
  });
});
