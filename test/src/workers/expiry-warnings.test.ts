import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSettings } from '../../../src/core/settings.ts';
import { certificateStatuses } from '../../../src/workers/certificate-statuses.ts';
import { ExpiryWarnings } from '../../../src/workers/expiry-warnings.ts';
import { certificateSettings, testCertificate } from '../../support/certificates.ts';

const DAY_MS = 86_400_000;

test('warns once at each level as the end comes nearer', () => {
  const { checkAt, said } = warnings([certificateSettings(testCertificate(['a.example']))]);

  // The certificate ends in 90 days.
  const perDay = [];
  for (let day = 0; day <= 92; day++) {
    checkAt(day);
    checkAt(day);
    if (said.length > 0) perDay.push([day, ...said.splice(0)]);
  }

  assert.deepEqual(perDay, [
    [60, 'a certificate ends in less than 30 days: renew it'],
    [76, 'a certificate ends in less than 14 days: renew it'],
    [83, 'a certificate ends in less than 7 days: renew it'],
    [89, 'a certificate ends in less than 1 day: renew it'],
    [90, 'a certificate has expired and is still served: renew it'],
  ]);
});

test('says only the nearest level of one that comes late, and nothing of one that was renewed', () => {
  const late = certificateSettings(testCertificate(['a.example'], { untilDays: 5 }));
  const renewed = certificateSettings(testCertificate(['a.example'], { untilDays: 80 }));
  const certificates: CertificateSettings[] = [late];
  const { checkAt, said } = warnings(certificates);

  checkAt(0);
  certificates[0] = renewed;
  checkAt(1);

  assert.deepEqual(said, ['a certificate ends in less than 7 days: renew it']);
});

test('one that is read anew unchanged is not warned of again', () => {
  const pair = testCertificate(['a.example'], { untilDays: 5 });
  const certificates = [certificateSettings(pair)];
  const { checkAt, said } = warnings(certificates);

  checkAt(0);
  certificates[0] = certificateSettings(pair);
  checkAt(0);

  assert.equal(said.length, 1);
});

function warnings(certificates: readonly CertificateSettings[]): {
  checkAt: (day: number) => void;
  said: string[];
} {
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const expiry = new ExpiryWarnings({ debug: note, info: note, warn: note, error: note });
  const now = Date.now();
  return {
    said,
    checkAt: (day) => expiry.check(certificateStatuses(certificates, new Map(), now + day * DAY_MS + 60_000)),
  };
}
