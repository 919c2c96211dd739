import { createHash } from 'node:crypto';
import type { ClientAuthSettings, TenantTlsSettings } from '../core/settings.ts';

/** What of a tenant's TLS settings goes into an OpenSSL context. */
export type ContextSettings = Pick<
  TenantTlsSettings,
  'minVersion' | 'maxVersion' | 'profile' | 'curves' | 'tickets' | 'clientAuth'
>;

/**
 * What a context depends on beside its certificate. Hosts whose settings ask for the same share one, so that ten thousand
 * of them have as many contexts as certificates.
 */
export class ContextPolicy {
  readonly settings: ContextSettings;
  /** Equal for equal policies, over reloads and in all processes. */
  readonly key: string;

  constructor(settings: ContextSettings) {
    this.settings = settings;
    this.key = policyKey(settings);
  }
}

/** The policies of one snapshot: one object for all settings that ask for the same, and the one of the snapshot before where it had it. */
export class ContextPolicies {
  readonly #bySettings = new WeakMap<ContextSettings, ContextPolicy>();
  readonly #byKey = new Map<string, ContextPolicy>();
  /** Not its own `#before`: what is asked for by neither snapshot goes, and its contexts with it. */
  readonly #before: ReadonlyMap<string, ContextPolicy> | undefined;

  constructor(previous?: ContextPolicies) {
    this.#before = previous === undefined ? undefined : previous.#byKey;
  }

  /** Told apart by content once per settings object; from then on it is one look-up. */
  of(settings: ContextSettings): ContextPolicy {
    let policy = this.#bySettings.get(settings);
    if (policy === undefined) {
      policy = this.#shared(new ContextPolicy(settings));
      this.#bySettings.set(settings, policy);
    }
    return policy;
  }

  #shared(wanted: ContextPolicy): ContextPolicy {
    const policy = this.#byKey.get(wanted.key) ?? this.#before?.get(wanted.key) ?? wanted;
    this.#byKey.set(wanted.key, policy);
    return policy;
  }
}

function policyKey({
  minVersion,
  maxVersion,
  profile = 'intermediate',
  curves = [],
  tickets = true,
  clientAuth,
}: ContextSettings): string {
  const asked = clientAuth === undefined ? '' : clientAuthDigest(clientAuth);
  return [minVersion, maxVersion, profile, curves.join(':'), tickets, asked].join(' ');
}

function clientAuthDigest({ mode, ca, crls }: ClientAuthSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([mode, ca, crls]))
    .digest('base64url');
}
