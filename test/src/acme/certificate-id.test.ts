import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { certificateId } from '../../../src/acme/certificate-id.ts';
import { testAuthority, testCertificate } from '../../support/certificates.ts';

/** The example of RFC 9773, appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

test('the example of RFC 9773 has the name that it should have', () => {
  assert.equal(certificateId(EXAMPLE), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

test('the name of a certificate of ours is its issuer’s key and its serial number', () => {
  const { cert } = testCertificate(['a.example.org']);
  const [issuer, serial] = certificateId(cert)!.split('.');

  assert.equal(
    Buffer.from(serial!, 'base64url').toString('hex').toUpperCase(),
    new X509Certificate(cert).serialNumber,
  );
  assert.equal(Buffer.from(issuer!, 'base64url').length, 20);
  assert.ok(new X509Certificate(testAuthority().cert).raw.includes(Buffer.from(issuer!, 'base64url')));
});
