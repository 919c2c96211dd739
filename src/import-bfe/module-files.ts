import { type Fields, readList } from './fields.ts';
import { type Located, LocatedMapping, shown } from './located.ts';
import type { Product, Products } from './products.ts';
import type { Place, Report } from './report.ts';
import type { Tree } from './tree.ts';

/** For all products, in modules that have such rules. */
const GLOBAL = 'global';

/** The rules that a module has for one product; `product` undefined: for all of them. */
export interface ModuleRules {
  readonly product: Product | undefined;
  /** Of the product, for messages. */
  readonly name: string;
  readonly place: Place;
  readonly rules: readonly Located[];
}

/** `mod_x/mod_x.conf`, without the section that only says what is logged. */
export function readModuleConf(
  tree: Tree,
  module: string,
  report: Report,
): { file: Fields; basic: Fields | undefined } | undefined {
  const file = tree.ini(`${module}/${module}.conf`, 'expected');
  if (file === undefined) return undefined;
  const log = file.fields('Log');
  const debug = log?.flag('OpenDebug');
  if (debug !== undefined)
    report.kept(debug.place, `OpenDebug ${debug.value}: what is logged is up to log.level`);
  return { file, basic: file.fields('Basic') };
}

/** The data file that a module's `key` names, or `fallback`. */
export function dataFileOf(basic: Fields | undefined, key: string, fallback: string, report: Report): string {
  const field = basic?.text(key);
  if (field === undefined || field.value === '') return fallback;
  report.kept(field.place, `${key}: ${shown(field.value)} is read`);
  return field.value;
}

/** The data file of a module in whose own file nothing else stands. */
export function readDataFile(tree: Tree, module: string, fallback: string, report: Report): string {
  const conf = readModuleConf(tree, module, report);
  const file = dataFileOf(conf?.basic, 'DataPath', fallback, report);
  conf?.basic?.end();
  conf?.file.end();
  return file;
}

/**
 * The rules in a module's data file: those for all products first, as BFE asks them. `need`: what keeps people out is not left out. `beside`:
 * what else may stand in the file, and is not looked at.
 */
export function readModuleRules(
  tree: Tree,
  dataFile: string,
  products: Products,
  report: Report,
  takesGlobal: boolean,
  need: 'required' | 'expected' = 'expected',
  beside: readonly string[] = [],
): readonly ModuleRules[] {
  const file = tree.json(dataFile, need);
  if (file === undefined) return [];
  const config = file.node('Config');
  const isOfRules = config?.value instanceof LocatedMapping;
  if (need === 'required' && !isOfRules)
    report.error(
      config?.place ?? file.place,
      `Config of ${dataFile} has no rules: BFE does not load it either`,
    );
  const all: ModuleRules[] = [];
  for (const { name, node, place } of file.named('Config')) {
    const isGlobal = takesGlobal && name === GLOBAL;
    const product = products.all.get(name);
    if (product === undefined && !isGlobal) {
      report.dropped(place, `rules of product ${shown(name)}: nothing leads to it, neither host nor VIP`);
      continue;
    }
    if (need === 'required' && !Array.isArray(node.value))
      report.error(place, `the rules of ${shown(name)} are no list: BFE does not load this file either`);
    const rules = readList(node, `the rules of ${shown(name)}`, report);
    const entry = { product: isGlobal ? undefined : product, name, place, rules };
    if (isGlobal) all.unshift(entry);
    else all.push(entry);
  }
  file.ignore('Version', ...beside);
  file.end();
  return all;
}
