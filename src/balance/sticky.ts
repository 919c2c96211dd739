import { createHmac } from 'node:crypto';
import type { StickySettings } from '../core/settings.ts';
import type { Instance } from './instance.ts';
import type { SubCluster } from './sub-cluster.ts';

/** An instance that a client may hold on to. */
export interface StickyPlace {
  readonly instance: Instance;
  readonly pool: SubCluster;
}

/** What a client's cookie says, and what it is given: tables of one cluster, made once, so that no request is hashed. */
export class Sticky {
  /** Name of the cookie. */
  readonly cookie: string;
  readonly #byToken = new Map<string, StickyPlace>();
  readonly #fields = new Map<Instance, string>();
  readonly #standby = new Set<Instance>();

  constructor(cluster: string, settings: StickySettings, pools: readonly SubCluster[]) {
    this.cookie = settings.cookie;
    for (const pool of pools) {
      for (const instance of pool.instances) {
        const token = tokenOf(cluster, settings, instance);
        this.#byToken.set(token, { instance, pool });
        this.#fields.set(instance, fieldValue(settings, token));
        if (pool.weight === 0) this.#standby.add(instance);
      }
    }
  }

  /** Whom a value of the cookie names; undefined: nobody, whoever has made it up. */
  find(token: string): StickyPlace | undefined {
    return this.#byToken.get(token);
  }

  /** It is asked only while no other sub-cluster has an instance. */
  isStandby(instance: Instance): boolean {
    return this.#standby.has(instance);
  }

  /** The value of the Set-Cookie that names an instance of the cluster. `isSecure`: the client has asked by https. */
  setCookie(instance: Instance, isSecure: boolean): string {
    const value = this.#fields.get(instance)!;
    return isSecure ? `${value}; Secure` : value;
  }
}

/**
 * 96 bits that say nothing of an address to who does not guess it, and without the secret nothing to who does. The same in all
 * processes and after a restart; another one for the same address in another cluster.
 */
function tokenOf(cluster: string, { secret = '' }: StickySettings, { address }: Instance): string {
  const name = JSON.stringify([cluster, address.host, address.port]);
  return createHmac('sha256', `sticky ${secret}`).update(name).digest('base64url').slice(0, TOKEN_CHARS);
}

const TOKEN_CHARS = 16;

/** Lax: a link from another site leads to the instance too, what another site embeds does not. */
function fieldValue({ cookie, maxAgeSeconds }: StickySettings, token: string): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${cookie}=${token}; Path=/${age}; HttpOnly; SameSite=Lax`;
}
