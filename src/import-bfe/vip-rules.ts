import { readIpAddress } from '../config/ip-address.ts';
import { Refusal } from '../config/leaf.ts';
import { type Fields, readTexts } from './fields.ts';
import { shown } from './located.ts';
import type { Products } from './products.ts';
import type { Place, Report } from './report.ts';

/** `vip_rule.data`: whose addresses are whose. */
export function readVipRules(
  file: Fields,
  products: Products,
  isBehindBalancer: boolean,
  report: Report,
): void {
  let first: Place | undefined;
  for (const { name, node, place } of file.named('Vips')) {
    const product = products.make(name, place);
    for (const { value, place: at } of readTexts(node, `the VIPs of ${shown(name)}`, report)) {
      const vip = readIpAddress(value);
      if (vip instanceof Refusal) {
        report.dropped(at, `VIP of ${shown(name)}: ${vip.message}`);
        continue;
      }
      const owner = products.ofVip.get(vip);
      if (owner !== undefined) {
        report.dropped(at, `VIP ${shown(value)} belongs to ${shown(owner.name)} already`);
        continue;
      }
      products.giveVip(product, vip);
      first ??= at;
      report.kept(at, `VIP ${value} of tenant ${product.tenantName}`);
    }
  }
  if (first !== undefined && !isBehindBalancer)
    report.changed(
      first,
      'VIPs: BFE knows them from PROXY headers only; here the address that a client connects to is one too',
    );
  file.ignore('Version');
  file.end();
}
