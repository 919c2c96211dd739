import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TlsClient } from '../../../src/core/session.ts';
import type { ClientAuthSettings, TenantSettings, TenantTlsSettings } from '../../../src/core/settings.ts';
import { isMisdirected, namesHost } from '../../../src/route/misdirected.ts';
import { buildRouteTable } from '../../../src/route/route-table.ts';

const BOTH: TenantTlsSettings = { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' };

const REQUIRED: ClientAuthSettings = { mode: 'require', ca: 'one', crls: [], headers: false };

const TENANTS: TenantSettings[] = [
  tenant('shop', ['shop.example', '*.shop.example', 'shop.test']),
  tenant('eu', ['eu.shop.example']),
  tenant('bank', ['bank.example'], { ...BOTH, minVersion: '1.3' }),
  tenant('vault', ['vault.example', '*.vault.example'], { ...BOTH, clientAuth: REQUIRED }),
  tenant('club', ['club.example'], { ...BOTH, clientAuth: { ...REQUIRED, mode: 'request' } }),
  tenant('ancient', ['ancient.example'], { ...BOTH, profile: 'old', minVersion: '1.0' }),
  tenant('old', ['old.example'], { ...BOTH, protocols: ['http/1.1'], maxVersion: '1.2' }),
  tenant('vip', ['vip.example'], { ...BOTH, minVersion: '1.3' }, ['10.1.2.3']),
];

function tenant(name: string, hosts: string[], tls = BOTH, vips: string[] = []): TenantSettings {
  return { name, hosts, vips, tls, routes: [] };
}

const ALL_NAMES = ['shop.example', '*.shop.example', 'shop.test', 'bank.example', 'nobody.example', 'x.test'];

interface Connection {
  readonly sni: string;
  readonly names?: readonly string[];
  readonly version?: string;
  readonly alpn?: string;
  /** The local address. */
  readonly at?: string;
  readonly isOldCipher?: boolean;
  readonly client?: TlsClient;
}

function serves(
  host: string,
  {
    sni,
    names = ALL_NAMES,
    version = 'TLSv1.3',
    alpn = 'h2',
    isOldCipher = false,
    client,
    at = '',
  }: Connection,
  defaultTenant?: string,
): boolean {
  const routes = buildRouteTable(TENANTS, defaultTenant, new Map());
  const facts = { serverName: sni, certificateHosts: names, version, alpn, isOldCipher, client };
  return !isMisdirected(facts, host, routes, { localAddress: at });
}

test('a plain connection serves every host but those that must see a certificate', () => {
  const routes = buildRouteTable(TENANTS, undefined, new Map());

  assert.equal(isMisdirected(undefined, 'a.example', routes), false);
  assert.equal(isMisdirected(undefined, 'club.example', routes), false);
  assert.equal(isMisdirected(undefined, 'vault.example', routes), true);
  assert.equal(isMisdirected(undefined, 'a.vault.example', routes), true);
});

describe('a host that asks for certificates', () => {
  const asked = (changes: Partial<ClientAuthSettings> = {}): TlsClient => ({
    asked: { ...REQUIRED, ...changes },
    isVerified: true,
    reason: '',
    certificate: undefined,
  });
  const names = ['vault.example', '*.vault.example', 'club.example', 'shop.example'];

  test('is served to connections that were asked as it asks', () => {
    assert.equal(serves('vault.example', { sni: 'vault.example', client: asked() }), true);
    assert.equal(serves('a.vault.example', { sni: 'vault.example', names, client: asked() }), true);
    assert.equal(serves('vault.example', { sni: 'vault.example', client: asked({ crls: ['new'] }) }), true);
    assert.equal(serves('vault.example', { sni: 'vault.example', client: asked({ headers: true }) }), true);
  });

  test('is not served to others, whatever their name', () => {
    for (const sni of ['vault.example', 'a.vault.example', 'shop.example', '']) {
      assert.equal(serves('vault.example', { sni, names }), false, sni);
      for (const changes of [{ ca: 'other' }, { mode: 'request' }] as const)
        assert.equal(serves('vault.example', { sni, names, client: asked(changes) }), false, sni);
    }
    assert.equal(serves('club.example', { sni: 'club.example' }), false);
    assert.equal(serves('club.example', { sni: 'club.example', client: asked() }), false);
  });

  test('of the tenant for connections without SNI is served to them', () => {
    assert.equal(serves('vault.example', { sni: '', client: asked() }, 'vault'), true);
    assert.equal(serves('shop.example', { sni: '', client: asked() }, 'vault'), true);
    assert.equal(serves('nobody.example', { sni: '' }, 'vault'), false);
  });
});

describe('a connection to the VIP of a tenant', () => {
  test('serves hosts of nobody as those of that tenant', () => {
    assert.equal(serves('nobody.example', { sni: 'vip.example', at: '10.1.2.3' }), true);
    assert.equal(
      serves('vip.example', { sni: 'nobody.example', names: ['vip.example'], at: '10.1.2.3' }),
      true,
    );
    assert.equal(serves('nobody.example', { sni: 'vip.example', at: '10.1.2.4' }), false);
  });

  test('serves no host of another tenant for which it has not asked', () => {
    assert.equal(serves('shop.example', { sni: 'nobody.example', at: '10.1.2.3' }), false);
    assert.equal(serves('nobody.example', { sni: 'shop.example', at: '10.1.2.3' }), false);
  });

  test('serves without SNI what the tenant there would have agreed to', () => {
    assert.equal(serves('nobody.example', { sni: '', at: '10.1.2.3' }), true);
    assert.equal(serves('nobody.example', { sni: '', version: 'TLSv1.2', at: '10.1.2.3' }), false);
    assert.equal(serves('nobody.example', { sni: '', version: 'TLSv1.2', at: '10.1.2.4' }), true);
  });
});

describe('a connection that asked for a name', () => {
  test('serves that name whatever the certificate says', () => {
    assert.equal(serves('shop.example', { sni: 'shop.example', names: ['default.example'] }), true);
  });

  test('serves other names of the certificate that are of the same tenant', () => {
    assert.equal(serves('shop.test', { sni: 'shop.example' }), true);
    assert.equal(serves('a.shop.example', { sni: 'b.shop.example' }), true);
  });

  test('serves no name of another tenant, though the certificate has it', () => {
    assert.equal(serves('bank.example', { sni: 'shop.example' }), false);
    assert.equal(serves('shop.example', { sni: 'bank.example' }), false);
    // An exact host below another tenant's wildcard.
    assert.equal(serves('eu.shop.example', { sni: 'a.shop.example' }), false);
    assert.equal(serves('a.shop.example', { sni: 'eu.shop.example' }), false);
  });

  test('serves no name that the certificate does not have, though it is of the same tenant', () => {
    for (const host of ['shop.test', 'x.y.shop.example', '', 'example', '127.0.0.1'])
      assert.equal(
        serves(host, { sni: 'shop.example', names: ['shop.example', '*.shop.example'] }),
        false,
        host,
      );
  });
});

describe('a connection that asked for a name of nobody, and was shown the default certificate', () => {
  test("serves names of that certificate that are the default tenant's", () => {
    assert.equal(serves('x.test', { sni: 'nobody.example' }, 'shop'), true);
    assert.equal(serves('shop.test', { sni: 'nobody.example' }, 'shop'), true);
    assert.equal(serves('bank.example', { sni: 'nobody.example' }, 'shop'), false);
    assert.equal(serves('y.test', { sni: 'nobody.example' }, 'shop'), false);
  });

  test('serves no tenant where there is no default one', () => {
    assert.equal(serves('shop.example', { sni: 'nobody.example' }), false);
    // Left to the answer that a host of nobody gets.
    assert.equal(serves('x.test', { sni: 'nobody.example' }), true);
  });
});

describe('a connection without SNI', () => {
  test('serves every host whose tenant would have agreed to what was settled', () => {
    assert.equal(serves('shop.example', { sni: '', names: [] }), true);
    assert.equal(serves('bank.example', { sni: '', names: [] }), true);
    assert.equal(serves('nowhere.example', { sni: '', names: [] }), true);
    assert.equal(serves('', { sni: '', names: [] }), true);
  });

  test('serves no tenant that would not have taken its version', () => {
    assert.equal(serves('bank.example', { sni: '', version: 'TLSv1.2' }), false);
    assert.equal(serves('old.example', { sni: '', version: 'TLSv1.3', alpn: '' }), false);
    assert.equal(serves('old.example', { sni: '', version: 'TLSv1.2', alpn: '' }), true);
  });

  test('serves no tenant that would not have agreed to its suite', () => {
    assert.equal(serves('shop.example', { sni: '', version: 'TLSv1.2', isOldCipher: true }), false);
    assert.equal(serves('ancient.example', { sni: '', version: 'TLSv1.2', isOldCipher: true }), true);
    assert.equal(serves('ancient.example', { sni: '', version: 'TLSv1', alpn: '' }), true);
    assert.equal(serves('ancient.example', { sni: '', version: 'TLSv1.1', alpn: '' }), true);
    assert.equal(serves('shop.example', { sni: '', version: 'TLSv1', alpn: '' }), false);
    assert.equal(serves('bank.example', { sni: '', version: 'TLSv1.1', alpn: '' }), false);
  });

  test('serves no tenant that would not have spoken its protocol', () => {
    assert.equal(serves('old.example', { sni: '', version: 'TLSv1.2', alpn: 'h2' }), false);
    assert.equal(serves('old.example', { sni: '', version: 'TLSv1.2', alpn: 'http/1.0' }), true);
  });
});

test('lets a wildcard stand for exactly one label', () => {
  assert.equal(namesHost(['*.a.example'], 'x.a.example'), true);
  assert.equal(namesHost(['*.a.example'], 'x.y.a.example'), false);
  assert.equal(namesHost(['*.a.example'], 'a.example'), false);
  assert.equal(namesHost(['*.a.example'], '.a.example'), false);
});
