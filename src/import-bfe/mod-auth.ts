import { ALWAYS } from './condition-tree.ts';
import { whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import { shown } from './located.ts';
import { dataFileOf, readModuleConf, readModuleRules } from './module-files.ts';
import { type ModuleImport, readConditioned } from './module-import.ts';

/** Modules that let in whom they know, with their data files. */
export const AUTH_MODULES: ReadonlyMap<string, string> = new Map([
  ['mod_auth_basic', 'mod_auth_basic/auth_basic_rule.data'],
  ['mod_auth_jwt', 'mod_auth_jwt/auth_jwt_rule.data'],
  ['mod_secure_link', 'mod_secure_link/secure_link_rule.data'],
  ['mod_auth_request', 'mod_auth_request/auth_request_rule.data'],
]);

/** Portico asks nobody who he is. What was closed must not be open after the move, so it is closed for everybody. */
export function importAuth(module: string, fallback: string, context: ModuleImport): void {
  const { tree, report, products, lists } = context;
  const conf = readModuleConf(tree, module, report);
  const file = dataFileOf(conf?.basic, 'DataPath', fallback, report);
  for (const { product, name, rules } of readModuleRules(tree, file, products, report, false, 'required')) {
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context);
      if (rule?.fields.flag('Enable')?.value === false) {
        report.kept(node.place, `${rule.what} is not enabled`);
        return;
      }
      const entry: Draft = { ...whenOf(rule?.condition ?? ALWAYS), respond: { status: 403 } };
      const what = rule?.what ?? `rule ${i + 1} of ${shown(name)}`;
      report.dropped(
        node.place,
        `${what} of ${module}: Portico asks nobody who he is, so what it protects is answered 403 to everybody; take this out when the backend asks`,
        entry,
      );
      if (!lists.add(product, [entry], node.place, what))
        report.error(node.place, `${what} of ${module}: without it what it protects would be open`);
    });
  }
}
