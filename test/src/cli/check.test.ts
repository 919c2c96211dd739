import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCheck } from '../../../src/cli/check.ts';
import { testCertificate } from '../../support/certificates.ts';

/** Runs the command on files of a directory of its own; `DIR` stands for it in what is printed. */
function check(t: TestContext, files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'portico-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  let out = '';
  let err = '';
  const code = runCheck(
    join(directory, 'portico.yaml'),
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
  );
  return { code, out: out.replaceAll(directory, 'DIR'), err: err.replaceAll(directory, 'DIR') };
}

const CERTIFICATES = `listen: [{ address: ":0", tls: true }]
certificates:
  - { cert: a.pem, key: a.key }
  - { cert: b.pem, key: b.key, hosts: [c.example.org] }
`;

describe('portico check', () => {
  it('says what a good configuration holds, and exits with 0', (t) => {
    const pair = testCertificate(['a.example.org']);
    const result = check(t, {
      'portico.yaml': `listen: [{ address: ":0" }, { address: ":0", tls: true }]
certificates: [{ cert: a.pem, key: a.key }]
tenants: { a: { hosts: [a], routes: [{ cluster: c }] } }
clusters: { c: { instances: [{ address: "a:1" }] }, d: { instances: [{ address: "a:1" }] } }
`,
      'a.pem': pair.cert,
      'a.key': pair.key,
    });

    assert.deepEqual(result, {
      code: 0,
      out: 'DIR/portico.yaml: ok (2 listeners, 1 tenant, 2 clusters, 1 certificate)\n',
      err: '',
    });
  });

  it('asks no CA, and says how many certificates are left to ACME', (t) => {
    const result = check(t, {
      'portico.yaml': `listen: [{ address: ":0" }, { address: ":0", tls: true }]
certificates: [{ hosts: [a.example.org], acme: { terms: agreed, storage: acme, directory: "https://127.0.0.1:1/" } }]
tenants: { a: { hosts: [a.example.org], routes: [{ respond: { status: 200 } }] } }
`,
    });

    const counts = '2 listeners, 1 tenant, 0 clusters, 0 certificates, 1 by ACME';
    assert.deepEqual(result, { code: 0, out: `DIR/portico.yaml: ok (${counts})\n`, err: '' });
  });

  it('prints every problem with its place, and exits with 2', (t) => {
    const result = check(t, { 'portico.yaml': 'listen: [{ adress: ":0" }]\ndefaultTenant: x\n' });

    assert.deepEqual(result, {
      code: 2,
      out: '',
      err: `DIR/portico.yaml:1:12: unknown key "adress"
    listen: [{ adress: ":0" }]
               ^
  hint: did you mean "address"?
DIR/portico.yaml:2:16: there is no tenant "x"
    defaultTenant: x
                   ^
DIR/portico.yaml: 2 problems
`,
    });
  });

  it('looks into certificates, and points at the file names of those that would not work', (t) => {
    const a = testCertificate(['a.example.org']);
    const b = testCertificate(['b.example.org']);
    const { code, err } = check(t, {
      'portico.yaml': CERTIFICATES,
      'a.pem': a.cert,
      'a.key': b.key,
      'b.pem': b.cert,
      'b.key': b.key,
    });

    assert.equal(code, 2);
    const places = err.split('\n').filter((line) => line.startsWith('DIR/portico.yaml:'));
    assert.match(places[0] ?? '', /^DIR\/portico\.yaml:3:25: /);
    assert.match(places[1] ?? '', /^DIR\/portico\.yaml:4:13: .*c\.example\.org/);
    assert.equal(places.length, 3);
  });

  it('warns of certificates that end soon, and exits with 0 all the same', (t) => {
    const pair = testCertificate(['a.example.org'], { untilDays: 3 });
    const { code, out, err } = check(t, {
      'portico.yaml': 'listen: [{ address: ":0", tls: true }]\ncertificates: [{ cert: a.pem, key: a.key }]\n',
      'a.pem': pair.cert,
      'a.key': pair.key,
    });

    assert.equal(code, 0);
    assert.match(out, /: ok \(/);
    assert.match(err, /^DIR\/portico\.yaml:2:24: warning: /);
  });

  it('exits with 2 when there is no such file', (t) => {
    const { code, err } = check(t, {});

    assert.equal(code, 2);
    assert.equal(err, 'DIR/portico.yaml: cannot be read: no such file\nDIR/portico.yaml: 1 problem\n');
  });
});
