import { readHostPattern } from '../config/host-name.ts';
import { Refusal } from '../config/leaf.ts';
import { type Field, type Fields, readTexts } from './fields.ts';
import { shown } from './located.ts';
import { type Product, Products } from './products.ts';
import type { Report } from './report.ts';

/** `host_rule.data`: whose hosts are whose. */
export function readHostRules(file: Fields, report: Report): Products {
  const products = new Products(report);
  const ownerOfTag = readTags(file, report, products);
  for (const { name: tag, node, place } of file.named('Hosts')) {
    const owner = ownerOfTag.get(tag);
    if (owner === undefined) {
      report.dropped(place, `the hosts of the tag ${shown(tag)}: HostTags gives the tag to no product`);
      continue;
    }
    for (const host of readTexts(node, `the hosts of ${shown(tag)}`, report))
      addHost(products, owner, tag, host, report);
  }
  readDefault(file, report, products);
  file.ignore('Version');
  file.end();
  return products;
}

function readTags(file: Fields, report: Report, products: Products): Map<string, Product> {
  const owners = new Map<string, Product>();
  for (const { name, node, place } of file.named('HostTags')) {
    const product = products.make(name, place);
    report.kept(place, `product ${shown(name)}, as tenant ${product.tenantName}`, product.tenant);
    for (const tag of readTexts(node, `the tags of ${shown(name)}`, report)) {
      const earlier = owners.get(tag.value);
      if (earlier === undefined) owners.set(tag.value, product);
      else if (earlier !== product)
        report.dropped(tag.place, `the tag ${shown(tag.value)} belongs to ${shown(earlier.name)} already`);
    }
  }
  return owners;
}

function addHost(
  products: Products,
  owner: Product,
  tag: string,
  { value: written, place }: Field<string>,
  report: Report,
): void {
  if (written === '*') {
    products.defaultProduct ??= owner;
    owner.takesStrangers = true;
    report.changed(
      place,
      `host "*": tenant ${owner.tenantName} is defaultTenant, which gets what no other host and no VIP has`,
      owner.tenant,
    );
    return;
  }
  const host = readHostPattern(written);
  if (host instanceof Refusal) {
    report.dropped(place, `host ${shown(written)} of ${shown(owner.name)}: ${host.message}`);
    return;
  }
  const earlier = products.tagOfHost.get(host);
  if (earlier !== undefined) {
    report.dropped(place, `host ${shown(written)} is listed already, under the tag ${shown(earlier)}`);
    return;
  }
  products.giveHost(owner, host, tag);
  report.kept(place, `host ${shown(written)} of tenant ${owner.tenantName}`);
}

function readDefault(file: Fields, report: Report, products: Products): void {
  const field = file.text('DefaultProduct');
  if (field === undefined) return;
  const product = products.all.get(field.value);
  if (product === undefined) {
    report.dropped(field.place, `DefaultProduct ${shown(field.value)}: there is no such product in HostTags`);
    return;
  }
  if (products.defaultProduct !== undefined && products.defaultProduct !== product) {
    report.dropped(
      field.place,
      `DefaultProduct ${shown(field.value)} gets nothing: "*" is a host of ${shown(products.defaultProduct.name)}`,
    );
    return;
  }
  products.defaultProduct = product;
  product.takesStrangers = true;
  report.kept(field.place, `DefaultProduct ${shown(field.value)}, as defaultTenant`);
}

/** A tenant has at least one host; one that is found by VIP or by default gets a name that nobody can have (RFC 2606). */
export function giveHosts(products: Products, report: Report): void {
  for (const product of products.all.values()) {
    const { tenant, tenantName, name, place } = product;
    if (tenant.hosts.length > 0) continue;
    const label = tenantName
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-')
      .slice(0, 50);
    let host = `${label}.invalid`;
    for (let i = 2; products.tagOfHost.has(host); i++) host = `${label}-${i}.invalid`;
    products.giveHost(product, host, '');
    report.changed(
      place,
      `product ${shown(name)} has no host of its own, and a tenant needs one: ${host} can be nobody's`,
      tenant,
    );
  }
}
