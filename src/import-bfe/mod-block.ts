import { Refusal } from '../config/leaf.ts';
import { readNetworkBlock } from '../config/network-block.ts';
import { blocksOf } from './address-ranges.ts';
import { whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import { type Located, shown } from './located.ts';
import { dataFileOf, readModuleConf, readModuleRules } from './module-files.ts';
import { type ModuleImport, passNotes, readConditioned } from './module-import.ts';
import type { Product } from './products.ts';
import type { Place } from './report.ts';
import { RuleChain } from './rule-chain.ts';

/** `mod_block`: addresses that are not let in, and conditions under which connections are closed. */
export function importBlock(context: ModuleImport): void {
  const { tree, report, products } = context;
  const conf = readModuleConf(tree, 'mod_block', report);
  const addresses = dataFileOf(conf?.basic, 'IPBlocklistPath', 'mod_block/ip_blocklist.data', report);
  const rules = dataFileOf(conf?.basic, 'ProductRulePath', 'mod_block/block_rules.data', report);
  conf?.basic?.end();
  conf?.file.end();
  importAddresses(addresses, context);
  // ALLOW of a rule for all products ends the rules of each product too.
  const chain = new RuleChain();
  for (const { product, name, rules: list } of readModuleRules(
    tree,
    rules,
    products,
    report,
    true,
    'required',
  )) {
    importRules(list, name, product, product === undefined ? chain : chain.copy(), context);
  }
}

function importRules(
  list: readonly Located[],
  name: string,
  product: Product | undefined,
  chain: RuleChain,
  context: ModuleImport,
): void {
  const { report, lists } = context;
  list.forEach((node, i) => {
    const rule = readConditioned(node, i, name, context);
    if (rule === undefined) return;
    const { fields, condition, what, notes } = rule;
    const called = fields.text('Name');
    const action = fields.fields('Action');
    const command = action?.text('Cmd');
    action?.ignore('Params');
    action?.end();
    fields.end();
    const text = called === undefined ? what : `${what}, ${shown(called.value)}`;
    if (command?.value === 'ALLOW') {
      chain.endAt(condition);
      report.kept(command.place, `${text}: ALLOW, as the opposite of its condition in the rules behind it`);
      return;
    }
    if (command?.value !== 'CLOSE') {
      report.dropped(command?.place ?? node.place, `${text}: expected the Cmd CLOSE or ALLOW`);
      return;
    }
    const effective = chain.effective(condition);
    if (effective === undefined) {
      report.kept(command.place, `${text} is left out: an ALLOW before it always holds`);
      return;
    }
    // All paths, because a block without lists is refused.
    const entry: Draft = { ...whenOf(effective), block: { paths: ['/*'], answer: 'close' } };
    if (called !== undefined) report.comment(entry, called.value);
    passNotes(notes, entry, report);
    if (lists.add(product, [entry], node.place, text))
      report.kept(command.place, `${text}: CLOSE, as block with answer: close`);
  });
}

/** More in one entry are refused. */
const MAX_ADDRESSES = 1000;

function importAddresses(file: string, { tree, lists, report }: ModuleImport): void {
  const text = tree.text(file, 'required');
  if (text === undefined) return;
  const blocks: string[] = [];
  let first: Place | undefined;
  for (const [i, written] of text.split(/\r?\n/).entries()) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const place = { file: tree.shown(file), line: i + 1 };
    const read = readLine(line);
    if (typeof read === 'string') {
      report.dropped(place, `${shown(line)}: ${read}`);
      continue;
    }
    first ??= place;
    blocks.push(...read);
    report.kept(place, `${line}, as block.addresses`);
  }
  for (let at = 0; at < blocks.length; at += MAX_ADDRESSES) {
    const addresses = blocks.slice(at, at + MAX_ADDRESSES);
    lists.add(
      undefined,
      [{ block: { addresses, answer: 'close' } }],
      first!,
      `the addresses from ${addresses[0]} on`,
    );
  }
}

/** An address, two of them, or a block. */
function readLine(line: string): readonly string[] | string {
  if (line.includes('/')) {
    const block = readNetworkBlock(line);
    return block instanceof Refusal ? block.message : [block];
  }
  const [begin = '', end = begin, ...more] = line.split(/[ \t]+/);
  return more.length > 0 ? 'expected an address, two of them, or a block' : blocksOf(begin, end);
}
