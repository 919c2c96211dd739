import { AUTH_MODULES, importAuth } from './mod-auth.ts';
import { importBlock } from './mod-block.ts';
import { importCors } from './mod-cors.ts';
import { importHeader } from './mod-header.ts';
import { importRedirect } from './mod-redirect.ts';
import { importRewrite } from './mod-rewrite.ts';
import { importTag, type TagRules } from './mod-tag.ts';
import { importTrustedAddresses } from './mod-trust-clientip.ts';
import type { ModuleImport } from './module-import.ts';
import { reportOtherModule, reportUnused } from './other-modules.ts';
import type { Place } from './report.ts';

/** What a module becomes, and how. */
interface Importer {
  readonly as: string;
  run(context: ModuleImport, place: Place): void;
}

/** In the order in which BFE runs them, whatever the order of bfe.conf; before them mod_trust_clientip and mod_tag. */
const IMPORTERS: ReadonlyMap<string, Importer> = new Map<string, Importer>([
  ['mod_cors', { as: 'respond and headers', run: importCors }],
  ['mod_block', { as: 'block', run: importBlock }],
  ...Array.from(AUTH_MODULES, ([name, file]): [string, Importer] => [
    name,
    { as: 'an answer of 403', run: (context) => importAuth(name, file, context) },
  ]),
  ['mod_redirect', { as: 'redirect', run: importRedirect }],
  ['mod_rewrite', { as: 'rewrite', run: importRewrite }],
  ['mod_header', { as: 'headers', run: importHeader }],
]);

const TAG = 'mod_tag';
const TRUST = 'mod_trust_clientip';

/** `mod_tag`, the first of all, because rules for routes look at its tags too. */
export function importTags(modules: ReadonlyMap<string, Place>, context: ModuleImport): TagRules {
  const place = modules.get(TAG);
  if (place === undefined) return new Map();
  context.report.kept(place, `${TAG}, as tag`);
  return importTag(context);
}

/** The other modules that bfe.conf names, with its lines. Returns `trustedProxies`. */
export function importModules(modules: ReadonlyMap<string, Place>, context: ModuleImport): readonly string[] {
  const { tree, report } = context;
  for (const [name, { as, run }] of IMPORTERS) {
    const place = modules.get(name);
    if (place === undefined) continue;
    report.kept(place, `${name}, as ${as}`);
    run(context, place);
  }
  for (const [name, place] of modules)
    if (name !== TRUST && name !== TAG && !IMPORTERS.has(name)) reportOtherModule(name, place, tree, report);
  reportUnused(tree.names('.'), modules, tree, report);
  const trust = modules.get(TRUST);
  if (trust === undefined) return [];
  report.kept(trust, `${TRUST}, as trustedProxies`);
  return importTrustedAddresses(tree, report);
}
