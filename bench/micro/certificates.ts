import { bench, run } from 'mitata';
import type { CertificateSettings } from '../../src/core/settings.ts';
import { checkCertificates } from '../../src/tls/certificate-check.ts';
import { CertificateStore } from '../../src/tls/certificate-store.ts';
import { ContextPolicy } from '../../src/tls/context-policy.ts';
import { DEFAULT_TLS } from '../../src/tls/tls-policy.ts';
import { certificateSettings, testCertificate } from '../../test/support/certificates.ts';

/** What a thousand hosts cost that each have an EC key and a certificate of their own, from one intermediate. */
const COUNT = 1000;

const certificates: CertificateSettings[] = Array.from({ length: COUNT }, (_, i) => {
  const host = `host-${i}.example.org`;
  return certificateSettings(testCertificate([host], { intermediate: true }), { hosts: [host] });
});

// A context is made when its host is asked for the first time, and stays.
const store = new CertificateStore(certificates);
const policy = new ContextPolicy(DEFAULT_TLS);
const { rss } = process.memoryUsage();
const { user, system } = process.cpuUsage();
for (let i = 0; i < COUNT; i++) store.choose(`host-${i}.example.org`).context(policy);
const spent = process.cpuUsage({ user, system });
const bytes = process.memoryUsage().rss - rss;
process.stdout.write(
  `a context: ${((spent.user + spent.system) / COUNT).toFixed(0)} µs, ${(bytes / COUNT / 1024).toFixed(0)} KiB\n\n`,
);

bench(`check ${COUNT} certificates, at start and at each reload`, () => {
  const { problems } = checkCertificates(certificates);
  if (problems.length > 0) throw new Error(problems[0]!.message);
});
bench(`take ${COUNT} certificates into a store`, () => new CertificateStore(certificates));

await run();
