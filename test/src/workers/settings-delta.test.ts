import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import type { CertificateSettings, Settings } from '../../../src/core/settings.ts';
import { DEFAULT_TLS } from '../../../src/tls/tls-policy.ts';
import {
  applySettingsDelta,
  type SettingsDelta,
  settingsDelta,
} from '../../../src/workers/settings-delta.ts';
import { emptySettings } from '../../support/fake-worker.ts';

const MANY = Array.from({ length: 1000 }, (_, i) => certificate(i, 0));

test('settings come out as they went in, whatever was there before', () => {
  const lists = fc.array(fc.tuple(fc.nat(5), fc.nat(2)), { maxLength: 8 });
  fc.assert(
    fc.property(lists, lists, lists, lists, (certificates, tenants, oldCertificates, oldTenants) => {
      const settings = settingsOf(certificates, tenants);
      const base = settingsOf(oldCertificates, oldTenants);

      assert.deepEqual(applySettingsDelta(sent(settingsDelta(settings, base)), base), settings);
      assert.deepEqual(applySettingsDelta(sent(settingsDelta(settings, undefined)), base), settings);
    }),
  );
});

test('of a thousand certificates one is sent when one is renewed', () => {
  const base = emptySettings({ certificates: MANY });
  const settings = emptySettings({
    certificates: structuredClone(MANY).with(500, certificate(500, 1)),
  });

  const delta = sent(settingsDelta(settings, base));

  assert.deepEqual(delta.certificates, [
    { from: 0, count: 500 },
    certificate(500, 1),
    { from: 501, count: 499 },
  ]);
  assert.deepEqual(applySettingsDelta(delta, base), settings);
});

test('what moves is not sent', () => {
  const base = emptySettings({ certificates: MANY });
  const settings = emptySettings({
    certificates: [certificate(5000, 0), ...MANY.slice(300), ...MANY.slice(0, 200)],
  });

  assert.deepEqual(settingsDelta(settings, base).certificates, [
    certificate(5000, 0),
    { from: 300, count: 700 },
    { from: 0, count: 200 },
  ]);
});

test('what stays is the same object for who has it', () => {
  const base = emptySettings({ certificates: MANY });
  const { certificates } = applySettingsDelta(sent(settingsDelta(base, base)), base);

  assert.ok(certificates.every((part, i) => part === MANY[i]));
});

test('a base that is too short is noticed', () => {
  const delta = settingsDelta(emptySettings({ certificates: MANY }), emptySettings({ certificates: MANY }));

  assert.throws(() => applySettingsDelta(delta, emptySettings({ certificates: MANY.slice(1) })), /others/);
});

/** As through the channel. */
function sent(delta: SettingsDelta): SettingsDelta {
  return deserialize(serialize(delta)) as SettingsDelta;
}

/** Numbers and versions of certificates and of tenants. */
function settingsOf(certificates: [number, number][], tenants: [number, number][]): Settings {
  return emptySettings({
    certificates: certificates.map(([i, version]) => certificate(i, version)),
    tenants: tenants.map(([i, version]) => ({
      name: `t${i}`,
      hosts: [`t${i}-${version}.example`],
      tls: DEFAULT_TLS,
      routes: [],
    })),
  });
}

function certificate(i: number, version: number): CertificateSettings {
  return {
    hosts: [`${i}.example`],
    vips: [],
    cert: `cert ${i} ${version % 2}`,
    key: `key ${i}`,
    certFile: `/${i}.pem`,
    keyFile: `/${i}.key`,
    isDefault: false,
    ...(version === 2 ? { ocsp: { kind: 'off' as const } } : {}),
  };
}
