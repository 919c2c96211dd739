import { readHostPattern } from '../config/host-name.ts';
import { readIpAddress } from '../config/ip-address.ts';
import { Refusal } from '../config/leaf.ts';
import { GRADES } from '../config/tls-profile-names.ts';
import type { Certificates } from './certificates.ts';
import type { Draft } from './draft.ts';
import { Fields, type Named } from './fields.ts';
import type { FilePaths } from './file-paths.ts';
import { shown } from './located.ts';
import { DEFAULT_MAX_STREAMS, type NextProtos, readNextProtos } from './next-protos.ts';
import type { Product, Products } from './products.ts';
import type { Place, Report } from './report.ts';
import type { TlsConf } from './tls-conf.ts';
import type { Tree } from './tree.ts';

/** What TLS rules leave to be done elsewhere. */
export interface TlsRules {
  /** `http2` of the server. */
  readonly http2: Draft;
  /** Products whose clients may begin streams, with the rule that says so. */
  readonly streams: ReadonlyMap<
    Product,
    { readonly proxyProtocol: 'v1' | 'v2' | undefined; readonly place: Place }
  >;
}

/** `tls_rule_conf.data`: BFE finds a rule by VIP or SNI; here TLS is the tenant's. Writes `tls` of tenants and `vips` of certificates. */
export class TlsRuleReading {
  readonly #tree: Tree;
  readonly #conf: TlsConf;
  readonly #paths: FilePaths;
  readonly #report: Report;
  readonly #streams = new Map<Product, { proxyProtocol: 'v1' | 'v2' | undefined; place: Place }>();
  readonly #ruled = new Map<Product, string>();
  #maxStreams: number | undefined;

  constructor(tree: Tree, conf: TlsConf, paths: FilePaths, report: Report) {
    this.#tree = tree;
    this.#conf = conf;
    this.#paths = paths;
    this.#report = report;
  }

  read(file: Fields | undefined, products: Products, certificates: Certificates): TlsRules {
    const written = file?.texts('DefaultNextProtos') ?? [];
    const defaults = readNextProtos(written, this.#report);
    for (const rule of file?.named('Config') ?? []) this.#readRule(rule, products, certificates, defaults);
    for (const name of ['DefaultChacha20', 'DefaultDynamicRecord']) {
      const flag = file?.flag(name);
      if (flag !== undefined)
        this.#report.changed(flag.place, `${name}: not needed: Portico does what is best for the client`);
    }
    file?.ignore('Version');
    file?.end();
    for (const product of products.all.values())
      if (!this.#ruled.has(product)) this.#giveDefaults(product, defaults);
    const maxStreams = Math.min(this.#maxStreams ?? defaults.maxStreams ?? DEFAULT_MAX_STREAMS, 1000);
    return { http2: { maxStreams }, streams: this.#streams };
  }

  /** A connection that no rule is for has grade C in BFE, which nobody has chosen; so its versions are not taken over. */
  #giveDefaults(product: Product, defaults: NextProtos): void {
    const tls = this.#tlsOf(defaults, undefined);
    product.tenant['tls'] = tls;
    if (defaults.stream !== undefined)
      this.#streams.set(product, { ...defaults.stream, place: product.place });
    this.#report.changed(
      product.place,
      `TLS of tenant ${product.tenantName}: no rule of tls_rule_conf.data is for its hosts, which is grade C in BFE, from SSL 3.0 on; here TLS 1.2 and newer; profile: old takes clients from TLS 1.0 on`,
      tls,
    );
  }

  #readRule(
    { name, node, place }: Named,
    products: Products,
    certificates: Certificates,
    defaults: NextProtos,
  ): void {
    const rule = new Fields(node, `TLS rule ${shown(name)}`, this.#report);
    const vips = this.#readVips(rule);
    const owners = this.#ownersOf(name, rule, vips, products);
    const own = readNextProtos(rule.texts('NextProtos'), this.#report);
    const protos = own.protocols.length > 0 ? own : defaults;
    if (protos.maxStreams !== undefined)
      this.#maxStreams = Math.max(this.#maxStreams ?? 0, protos.maxStreams);
    this.#giveVips(rule, vips, certificates);
    const profile = this.#readGrade(rule);
    const clientAuth = this.#readClientAuth(rule);
    for (const key of ['Chacha20', 'DynamicRecord']) {
      const flag = rule.flag(key);
      if (flag !== undefined)
        this.#report.changed(flag.place, `${key}: not needed: Portico does what is best for the client`);
    }
    rule.end();
    if (owners.size === 0) {
      this.#report.dropped(place, `TLS rule ${shown(name)}: no product has its hosts, its VIPs or its name`);
      return;
    }
    for (const product of owners) {
      const earlier = this.#ruled.get(product);
      if (earlier !== undefined) {
        this.#report.dropped(
          place,
          `TLS rule ${shown(name)}: tenant ${product.tenantName} has the TLS of rule ${shown(earlier)} already, and a tenant has one; give the hosts of this rule to a tenant of their own`,
          product.tenant['tls'] as Draft,
        );
        this.#insist(product.tenant['tls'] as Draft, clientAuth);
        continue;
      }
      this.#ruled.set(product, name);
      const tls = this.#tlsOf(protos, profile);
      if (clientAuth !== undefined) tls['clientAuth'] = clientAuth;
      product.tenant['tls'] = tls;
      this.#report.kept(place, `TLS rule ${shown(name)}, as tls of tenant ${product.tenantName}`, tls);
      if (protos.stream !== undefined) this.#streams.set(product, { ...protos.stream, place });
    }
  }

  /** Nobody gets in without a certificate where BFE asked for one: then all hosts of the tenant ask for it. */
  #insist(tls: Draft, clientAuth: Draft | undefined): void {
    if (clientAuth === undefined || tls['clientAuth'] !== undefined) return;
    tls['clientAuth'] = clientAuth;
    this.#report.comment(
      tls,
      'clientAuth is that of the rule that was not carried over, so that nobody gets around it',
    );
  }

  #tlsOf({ protocols }: NextProtos, profile: string | undefined): Draft {
    const { minVersion, tickets } = this.#conf;
    return {
      protocols: protocols.length === 0 ? ['http/1.1'] : [...protocols],
      ...(profile === undefined ? {} : { profile }),
      ...(profile === 'old' && minVersion !== undefined ? { minVersion } : {}),
      ...(tickets ? {} : { tickets: false }),
    };
  }

  #readVips(rule: Fields): { vip: string; place: Place }[] {
    return rule.texts('VipConf').flatMap(({ value, place }) => {
      const vip = readIpAddress(value);
      if (!(vip instanceof Refusal)) return [{ vip, place }];
      this.#report.dropped(place, `VipConf: ${vip.message}`);
      return [];
    });
  }

  /** Whose clients the rule is for. */
  #ownersOf(name: string, rule: Fields, vips: readonly { vip: string }[], products: Products): Set<Product> {
    const owners = new Set<Product>();
    for (const { value, place } of rule.texts('SniConf')) {
      const host = readHostPattern(value);
      const owner = host instanceof Refusal ? undefined : products.ownerOf(host);
      if (owner === undefined) {
        this.#report.dropped(place, `SniConf ${shown(value)}: no product has that host`);
        continue;
      }
      owners.add(owner);
      const others = owner.tenant.hosts.filter((own) => own !== host);
      if (others.length === 0)
        this.#report.kept(place, `SniConf ${shown(value)}, a host of tenant ${owner.tenantName}`);
      else
        this.#report.changed(
          place,
          `SniConf ${shown(value)}: TLS is that of the whole tenant ${owner.tenantName}, which has ${others.length} more ${others.length === 1 ? 'host' : 'hosts'}`,
        );
    }
    if (owners.size > 0) return owners;
    for (const { vip } of vips) {
      const owner = products.ofVip.get(vip);
      if (owner !== undefined) owners.add(owner);
    }
    const namesake = products.all.get(name);
    if (owners.size === 0 && namesake !== undefined) owners.add(namesake);
    return owners;
  }

  #giveVips(rule: Fields, vips: readonly { vip: string; place: Place }[], certificates: Certificates): void {
    const named = rule.text('CertName');
    const certificate = named && certificates.get(named.value);
    if (named !== undefined && certificate === undefined)
      this.#report.dropped(
        named.place,
        `CertName ${shown(named.value)}: server_cert_conf.data has no such certificate`,
      );
    else if (named !== undefined)
      this.#report.kept(named.place, `CertName ${shown(named.value)}: chosen by the names in it, and by VIP`);
    for (const { vip, place } of vips) {
      if (certificate === undefined)
        this.#report.dropped(place, `VIP ${vip}: no certificate is named for it`);
      else {
        certificate.vips.push(vip);
        this.#report.kept(place, `VIP ${vip}, of certificates`, certificate);
      }
    }
  }

  #readGrade(rule: Fields): string | undefined {
    const grade = rule.text('Grade');
    if (grade === undefined || grade.value === '') return undefined;
    const letter = grade.value.toUpperCase();
    if (!isGrade(letter)) {
      this.#report.dropped(grade.place, `Grade ${shown(grade.value)}: BFE knows A+, A, B and C`);
      return undefined;
    }
    this.#report.changed(
      grade.place,
      `Grade ${letter}, as tls.profile: ${GRADES[letter]}: ${GRADE_NOTES[letter]}`,
    );
    return GRADES[letter];
  }

  #readClientAuth(rule: Fields): Draft | undefined {
    const isOn = rule.flag('ClientAuth');
    const written = rule.node('ClientAuth');
    // To serve everybody would be the worst of all readings.
    if (isOn === undefined && written !== undefined)
      this.#report.error(written.place, 'ClientAuth is true or false: BFE does not load this file either');
    const named = rule.text('ClientCAName');
    if (isOn?.value !== true) {
      if (isOn !== undefined) this.#report.kept(isOn.place, 'ClientAuth false');
      if (named !== undefined)
        this.#report.kept(named.place, 'ClientCAName: means nothing without ClientAuth');
      return undefined;
    }
    if (named === undefined || named.value === '') {
      this.#report.error(isOn.place, 'ClientAuth needs ClientCAName: whose certificates clients must show');
      return undefined;
    }
    const clientAuth: Draft = { ca: this.#paths.inConf(`${this.#conf.authorities}/${named.value}.crt`) };
    const directory = `${this.#conf.revoked}/${named.value}`;
    const lists = this.#tree.names(directory).filter((file) => file.endsWith('.crl'));
    if (lists.length > 0) clientAuth['crl'] = lists.map((file) => this.#paths.inConf(`${directory}/${file}`));
    this.#report.changed(
      isOn.place,
      'ClientAuth true, as tls.clientAuth: on the plain port, where BFE serves these hosts to everybody, they are answered 421',
      clientAuth,
    );
    const told = `ClientCAName ${shown(named.value)}, as clientAuth.ca`;
    if (lists.length === 0) this.#report.kept(named.place, told);
    else
      this.#report.changed(
        named.place,
        `${told}, with ${lists.length} lists of what is revoked: there must be one of each authority in it`,
        clientAuth,
      );
    return clientAuth;
  }
}

function isGrade(letter: string): letter is keyof typeof GRADES {
  return Object.hasOwn(GRADES, letter);
}

const GRADE_NOTES: Readonly<Record<keyof typeof GRADES, string>> = {
  'A+': 'TLS 1.3 only; intermediate takes clients that have no more than TLS 1.2, as BFE did',
  A: 'TLS 1.2 and 1.3; old takes clients from TLS 1.0 on, as BFE did',
  B: 'TLS 1.0 and newer, never SSL 3.0 or RC4; intermediate is better if nobody needs what is older than TLS 1.2',
  C: 'TLS 1.0 and newer, never SSL 3.0 or RC4; intermediate is better if nobody needs what is older than TLS 1.2',
};
