import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InspectBackendTls } from '../../../src/config/check-backend-tls.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { BackendTlsSettings } from '../../../src/core/settings.ts';
import { filesFrom, goodSettings, shortProblems } from '../../support/configuration.ts';

const DEFAULTS: BackendTlsSettings = {
  serverName: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  verify: true,
  minVersion: '1.2',
  alpn: ['http/1.1'],
};

function load(
  tls: string,
  { protocol = 'https', inspect }: { protocol?: string; inspect?: InspectBackendTls } = {},
) {
  const yaml = `listen: [{ address: ":8080" }]
clusters:
  web:
    protocol: ${protocol}
    instances: [{ address: "127.0.0.1:9001" }]
${tls === '' ? '' : `    tls: ${tls}\n`}`;
  const readFile = filesFrom({
    '/etc/conf/main.yaml': yaml,
    '/etc/conf/pem/ca.pem': 'authority',
    '/keys/client.pem': 'certificate',
    '/keys/client.key': 'key',
  });
  return loadConfig('/etc/conf/main.yaml', { readFile, inspectBackendTls: inspect });
}

/** As `line:column message`, without the file. */
function problems(result: ReturnType<typeof load>): string[] {
  return shortProblems(result).map((problem) => problem.replace(/^[^ ]*main\.yaml:/, ''));
}

describe('TLS to backends', () => {
  it('verifies by default, and is not there over plain TCP', () => {
    assert.deepEqual(goodSettings(load('')).clusters[0]?.tls, DEFAULTS);
    assert.equal(goodSettings(load('', { protocol: 'http' })).clusters[0]?.tls, undefined);
  });

  it('asks for HTTP/2 where that is the protocol, and for HTTP/1.1 beside it only when allowed', () => {
    const alpn = (protocol: string, tls = '') => goodSettings(load(tls, { protocol })).clusters[0]?.tls?.alpn;

    assert.deepEqual(alpn('h2'), ['h2']);
    assert.deepEqual(alpn('h2', '{ allowHttp1: true }'), ['h2', 'http/1.1']);
    assert.equal(alpn('h2c'), undefined);
    assert.match(problems(load('{ verify: true }', { protocol: 'h2c' })).join(), /write protocol: h2/);
    assert.match(problems(load('{ allowHttp1: true }')).join(), /https speaks HTTP\/1.1 anyway/);
  });

  it('comes with what is in the files, which are relative to the configuration', () => {
    const result = load(
      '{ serverName: API.internal, ca: pem/ca.pem, cert: /keys/client.pem, key: /keys/client.key, minVersion: 1.3 }',
    );

    assert.deepEqual(goodSettings(result).clusters[0]?.tls, {
      serverName: 'api.internal',
      ca: 'authority',
      cert: 'certificate',
      key: 'key',
      verify: true,
      minVersion: '1.3',
      alpn: ['http/1.1'],
    });
    assert.ok(result.files.includes('/etc/conf/pem/ca.pem'));
  });

  it('without verification is warned about', () => {
    const result = load('{ verify: false }');

    assert.equal(goodSettings(result).clusters[0]?.tls?.verify, false);
    assert(result.ok);
    const [warning] = result.warnings;
    assert.equal(warning?.severity, 'warning');
    assert.equal(`${warning.line}:${warning.column}`, '6:20');
    assert.match(warning.message, /not verified/);
  });

  it('complains of what does not go together, of missing files and of bad values at their places', () => {
    assert.deepEqual(problems(load('{ verify: true }', { protocol: 'http' })), [
      '6:5 "tls" needs TLS to the instances (write protocol: https)',
    ]);
    assert.deepEqual(problems(load('{ cert: /keys/client.pem }')), [
      '6:12 "cert" of a client certificate needs "key"',
    ]);
    assert.deepEqual(problems(load('{ key: /keys/client.key }')), [
      '6:12 "key" of a client certificate needs "cert"',
    ]);
    assert.match(problems(load('{ ca: nowhere.pem }')).join(), /^6:16 cannot read "nowhere.pem": /);
    assert.match(problems(load('{ serverName: "*.internal" }')).join(), /^6:24 expected one host/);
    assert.match(problems(load('{ minVersion: "1.1" }')).join(), /RFC 8996 forbids it/);
  });

  it('has its files looked into', () => {
    const seen: unknown[] = [];
    const inspect: InspectBackendTls = (files) => {
      seen.push(files);
      return [
        { field: 'ca', message: 'is odd', severity: 'error' },
        { field: 'cert', message: 'is old', severity: 'warning' },
      ];
    };
    const result = load('{ ca: pem/ca.pem, cert: /keys/client.pem, key: /keys/client.key }', { inspect });

    assert.deepEqual(problems(result), ['6:16 is odd']);
    assert.deepEqual(seen, [{ ca: 'authority', cert: 'certificate', key: 'key' }]);
  });
});
