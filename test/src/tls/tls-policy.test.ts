import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientHello } from '../../../protocols/tls/client-hello-message.ts';
import type { TenantTlsSettings } from '../../../src/core/settings.ts';
import { CertificateStore } from '../../../src/tls/certificate-store.ts';
import { TlsPolicy } from '../../../src/tls/tls-policy.ts';
import { certificateSettings, testCertificate } from '../../support/certificates.ts';
import { ClientAuthority } from '../../support/client-authority.ts';

const SETTINGS: TenantTlsSettings = { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' };

const ENDS = { localAddress: '', remoteAddress: '' };

function hello(serverName: string, alpn: readonly string[] = ['h2']): ClientHello {
  return {
    serverName,
    serverNameKind: 'dns',
    alpn,
    versions: [0x0304],
    cipherSuites: [0x1301],
    extensions: [],
    supportedGroups: [],
    signatureAlgorithms: [],
    ticketName: '',
  };
}

function policyOf(settings: ReadonlyMap<string, TenantTlsSettings>, previous?: TlsPolicy): TlsPolicy {
  const certificates = [certificateSettings(testCertificate(['*.site.example']))];
  const store = new CertificateStore(certificates, { previous: previous?.store });
  return new TlsPolicy(store, (host) => settings.get(host), previous);
}

describe('TlsPolicy', () => {
  it('has one context for ten thousand hosts that ask for the same under one certificate', () => {
    const ca = new ClientAuthority().cert;
    const hosts = Array.from({ length: 10_000 }, (_, i) => `h${i}.site.example`);
    const policy = policyOf(
      new Map(
        hosts.map((host) => [
          host,
          { ...SETTINGS, clientAuth: { mode: 'require', ca, crls: [], headers: false } },
        ]),
      ),
    );

    const contexts = new Set(hosts.map((host) => policy.choose(hello(host), ENDS).context));

    assert.equal(contexts.size, 1);
  });

  it('has a context for each way of asking', () => {
    const policy = policyOf(
      new Map([
        ['a.site.example', SETTINGS],
        ['b.site.example', { ...SETTINGS, profile: 'modern', minVersion: '1.3' }],
      ]),
    );

    assert.notEqual(
      policy.choose(hello('a.site.example'), ENDS).context,
      policy.choose(hello('b.site.example'), ENDS).context,
    );
    assert.equal(
      policy.choose(hello('a.site.example'), ENDS).context,
      policy.choose(hello('nobody.site.example'), ENDS).context,
    );
  });

  it('goes on with contexts over a reload', () => {
    const before = policyOf(new Map([['a.site.example', SETTINGS]]));
    const { context } = before.choose(hello('a.site.example'), ENDS);

    const after = policyOf(new Map([['a.site.example', { ...SETTINGS }]]), before);

    assert.equal(after.choose(hello('a.site.example'), ENDS).context, context);
  });

  it('tells how the client is asked for a certificate', () => {
    const clientAuth = { mode: 'request', ca: new ClientAuthority().cert, crls: [], headers: true } as const;
    const policy = policyOf(new Map([['a.site.example', { ...SETTINGS, clientAuth }]]));

    assert.equal(policy.choose(hello('a.site.example'), ENDS).clientAuth, clientAuth);
    assert.equal(policy.choose(hello('b.site.example'), ENDS).clientAuth, undefined);
  });
});
