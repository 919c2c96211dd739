import { ALWAYS } from './condition-tree.ts';
import { whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import { shown } from './located.ts';
import { dataFileOf, readModuleConf, readModuleRules } from './module-files.ts';
import { type ModuleImport, readConditioned } from './module-import.ts';

/** Where a module has its rules. */
interface RuleFile {
  /** The key of its .conf that names the file, and which it is without it. */
  readonly key: string;
  readonly fallback: string;
  /** What else stands in the file: who is let in. */
  readonly beside: readonly string[];
}

const rulesIn = (fallback: string): RuleFile => ({ key: 'DataPath', fallback, beside: [] });

/** Modules that let in whom they know. */
export const AUTH_MODULES: ReadonlyMap<string, RuleFile> = new Map([
  ['mod_auth_basic', rulesIn('mod_auth_basic/auth_basic_rule.data')],
  ['mod_auth_jwt', rulesIn('mod_auth_jwt/auth_jwt_rule.data')],
  ['mod_secure_link', rulesIn('mod_secure_link/secure_link_rule.data')],
  ['mod_auth_request', rulesIn('mod_auth_request/auth_request_rule.data')],
  [
    'mod_ai_token_auth',
    {
      key: 'ProductRulePath',
      fallback: 'mod_ai_token_auth/token_rule.data',
      beside: ['Tokens', 'QuotaPlans'],
    },
  ],
]);

/** Portico asks nobody who he is. What was closed must not be open after the move, so it is closed for everybody. */
export function importAuth(module: string, { key, fallback, beside }: RuleFile, context: ModuleImport): void {
  const { tree, report, products, lists } = context;
  const conf = readModuleConf(tree, module, report);
  const file = dataFileOf(conf?.basic, key, fallback, report);
  const all = readModuleRules(tree, file, products, report, false, 'required', beside);
  for (const { product, name, rules } of all) {
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
