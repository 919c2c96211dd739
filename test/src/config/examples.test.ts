import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/core/settings.ts';
import { judgeExpectations } from '../../../src/explain/judge-expectations.ts';
import { checkCertificates } from '../../../src/tls/certificate-check.ts';
import { checkTenantTls } from '../../../src/tls/tenant-tls-check.ts';
import { testAuthority, testCertificate } from '../../support/certificates.ts';
import { goodSettings } from '../../support/configuration.ts';

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLES = join(ROOT, 'conf/examples');

/** The configurations of the repository, with certificates that are issued here instead of on the first start. */
function load(file: string): Settings {
  const result = loadConfig(file, {
    readFile,
    inspectCertificates: (entries) => checkCertificates(entries, Date.now()),
    inspectTenantTls: checkTenantTls,
    judgeExpectations,
  });
  const settings = goodSettings(result);
  assert(result.ok);
  assert.deepEqual(result.warnings, []);
  return settings;
}

function readFile(file: string): string {
  const pem = /certs\/([\w-]+)\.(pem|key)$/.exec(file);
  if (pem === null) return readFileSync(file, 'utf8');
  if (pem[1] === 'local-ca') return testAuthority().cert;
  const pair = testCertificate(
    pem[1] === 'shop' ? ['shop.example.org', '*.shop.example.org'] : ['localhost'],
  );
  return pem[2] === 'pem' ? pair.cert : pair.key;
}

it('the default configuration is good, and speaks of the demo fleet', () => {
  const settings = load(join(ROOT, 'conf/portico.yaml'));

  assert.deepEqual(
    settings.listeners.map(({ text, tls }) => [text, tls]),
    [
      [':8080', false],
      [':8443', true],
    ],
  );
  assert.equal(settings.admin?.text, '127.0.0.1:8421');
  assert.equal(settings.defaultTenant, 'shop');
  const instances = settings.clusters.flatMap((cluster) => cluster.instances.map(({ text }) => text));
  assert.deepEqual(instances, ['127.0.0.1:9001', '127.0.0.1:9002', '127.0.0.1:9003', '127.0.0.1:9004']);
  const [shop, other] = settings.certificates;
  assert.equal(shop?.certFile, join(ROOT, 'certs/shop.pem'));
  assert.equal(shop?.keyFile, join(ROOT, 'certs/shop.key'));
  assert.deepEqual(other?.hosts, ['localhost']);
});

// An example that has been run may have left its access log.
const examples = readdirSync(EXAMPLES)
  .filter((name) => !name.includes('.log'))
  .map((name) => (name.endsWith('.yaml') ? name : join(name, 'portico.yaml')));

it('the reference lists every example', () => {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8').split('## Examples');
  const listed = [...section.matchAll(/^\| `([\w/-]+\.yaml)` \|/gm)].map(([, name]) => name);

  assert.deepEqual(listed, examples.toSorted());
  assert.ok(listed.length > 10);
});

for (const name of examples) {
  it(`the example ${name} is good`, () => {
    const settings = load(join(EXAMPLES, name));

    assert(settings.tenants.length > 0);
  });
}

it('the example of includes is whole', () => {
  const { tenants, clusters } = load(join(EXAMPLES, 'include/portico.yaml'));

  assert.deepEqual(
    tenants.map(({ name }) => name),
    ['shop', 'blog'],
  );
  assert.deepEqual(clusters.map(({ name }) => name).toSorted(), ['shop-api', 'web']);
});
