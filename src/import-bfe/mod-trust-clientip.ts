import { blocksOf } from './address-ranges.ts';
import { Fields, readList } from './fields.ts';
import { shown } from './located.ts';
import { readDataFile } from './module-files.ts';
import type { Report } from './report.ts';
import type { Tree } from './tree.ts';

/** `mod_trust_clientip`: whose word about the client is believed, as `trustedProxies`. */
export function importTrustedAddresses(tree: Tree, report: Report): string[] {
  const name = readDataFile(tree, 'mod_trust_clientip', 'mod_trust_clientip/trust_client_ip.data', report);
  const file = tree.json(name, 'expected');
  const blocks: string[] = [];
  for (const { name: group, node } of file?.named('Config') ?? []) {
    for (const range of readList(node, `the ranges of ${shown(group)}`, report)) {
      const fields = new Fields(range, `a range of ${shown(group)}`, report);
      const [begin, end] = [fields.text('Begin'), fields.text('End')];
      fields.end();
      const read = begin && end ? blocksOf(begin.value, end.value) : 'a range needs Begin and End';
      if (typeof read === 'string') {
        report.dropped(range.place, `a range of ${shown(group)}: ${read}`);
        continue;
      }
      blocks.push(...read.filter((block) => !blocks.includes(block)));
      report.changed(
        range.place,
        `${begin!.value} to ${end!.value}, as trustedProxies: the client is the last address in X-Forwarded-For that is not trusted, where BFE takes X-Real-Ip, or else the first`,
      );
    }
  }
  file?.ignore('Version');
  file?.end();
  return blocks;
}
