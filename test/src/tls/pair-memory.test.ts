import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CertificateSettings } from '../../../src/core/settings.ts';
import { checkCertificates } from '../../../src/tls/certificate-check.ts';
import { PairMemory } from '../../../src/tls/pair-memory.ts';
import { certificateSettings, testCertificate } from '../../support/certificates.ts';

const NOW = Date.now();
const DAY_MS = 86_400_000;

const GOOD = testCertificate(['a.example'], { intermediate: true });
const OTHER = testCertificate(['b.example']);
const MIXED: readonly CertificateSettings[] = [
  certificateSettings(GOOD),
  certificateSettings({ cert: OTHER.cert, key: GOOD.key }),
  certificateSettings(testCertificate(['c.example'], { untilDays: 10 }), { hosts: ['d.example'] }),
  certificateSettings(testCertificate(['e.example'], { key: 'rsa-1024' })),
  certificateSettings({ cert: 'rubbish', key: 'rubbish' }, { hosts: ['f.example'] }),
  certificateSettings(GOOD),
];

describe('PairMemory', () => {
  it('changes nothing about what a check finds, at any time', () => {
    const memory = new PairMemory();

    for (const days of [0, 0, 30, 75, 200, -400, 0]) {
      const now = NOW + days * DAY_MS;

      assert.deepEqual(checkCertificates(MIXED, now, memory), checkCertificates(MIXED, now), `${days} days`);
    }
  });

  it('examines a pair once, and again when its certificate or its key has changed', () => {
    const memory = new PairMemory();
    const [first] = memory.examineAll([GOOD]);

    assert.equal(memory.examineAll([OTHER, GOOD])[1], first);
    assert.notEqual(memory.examineAll([{ cert: GOOD.cert, key: OTHER.key }, GOOD])[0], first);
    assert.notEqual(memory.examineAll([{ cert: OTHER.cert, key: GOOD.key }, GOOD])[0], first);
    assert.equal(memory.examineAll([GOOD])[0], first);
  });

  it('does not take two texts for two others that make the same in a row', () => {
    const { cert, key } = GOOD;
    const memory = new PairMemory();

    const [whole, shifted] = memory.examineAll([
      { cert, key },
      { cert: cert + key.slice(0, 10), key: key.slice(10) },
    ]);

    assert.deepEqual(whole!.findings, []);
    assert.notDeepEqual(shifted!.findings, []);
  });

  it('knows no more than the pairs of the last check', () => {
    const memory = new PairMemory();
    const [first] = memory.examineAll([GOOD]);

    memory.examineAll([OTHER]);

    assert.notEqual(memory.examineAll([GOOD])[0], first);
  });
});
