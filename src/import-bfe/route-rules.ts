import { KNOWN_TO_ROUTES } from '../route/condition/known-facts.ts';
import { type AdvancedRoute, type ReadCondition, readAdvancedRoutes } from './advanced-routes.ts';
import { BasicRoutes } from './basic-routes.ts';
import { readBasicRules } from './basic-rules.ts';
import { type Conditions, whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import { type Fields, type Named, readList } from './fields.ts';
import { shown } from './located.ts';
import { type TagRules, tagCondition } from './mod-tag.ts';
import type { Product, Products } from './products.ts';
import type { Report } from './report.ts';

/** `route_rule.data`: writes `routes` of tenants. Returns the rules with conditions of each product. */
export function readRouteRules(
  file: Fields,
  products: Products,
  clusters: ReadonlyMap<string, string>,
  conditions: Conditions,
  tags: TagRules,
  report: Report,
): ReadonlyMap<Product, readonly AdvancedRoute[]> {
  const basic = rulesByProduct(file.named('BasicRule'), products, report);
  const advanced = rulesByProduct(file.named('ProductRule'), products, report);
  file.ignore('Version');
  file.end();
  const result = new Map<Product, readonly AdvancedRoute[]>();
  for (const product of products.all.values()) {
    const readCondition: ReadCondition = (cond, what, part) =>
      conditions.read(cond, what, part, [KNOWN_TO_ROUTES], (call) =>
        tagCondition(call, tags.get(product) ?? []),
      );
    const read = readAdvancedRoutes(
      advanced.get(product) ?? [],
      product.name,
      clusters,
      readCondition,
      report,
    );
    result.set(product, read);
    const rules = readBasicRules(basic.get(product) ?? [], product.name, report);
    const routes = [
      ...new BasicRoutes(product, read, clusters, report).write(rules),
      ...read.map((route) => asRoute(route, report)),
    ];
    if (routes.length === 0) {
      routes.push({ respond: { status: 404 } });
      report.changed(
        product.place,
        `tenant ${product.tenantName} has no rules that lead anywhere: it is answered 404`,
        routes[0],
      );
    }
    product.tenant['routes'] = routes;
  }
  return result;
}

function asRoute({ condition, target, place }: AdvancedRoute, report: Report): Draft {
  const route = { ...whenOf(condition), ...target };
  report.stems(route, place);
  for (const text of report.commentsOn(target)) report.comment(route, text);
  return route;
}

function rulesByProduct(entries: readonly Named[], products: Products, report: Report) {
  const rules = new Map<Product, ReturnType<typeof readList>>();
  for (const { name, node, place } of entries) {
    const product = products.all.get(name);
    if (product === undefined)
      report.dropped(place, `rules of product ${shown(name)}: nothing leads to it, neither host nor VIP`);
    else rules.set(product, readList(node, `the rules of ${shown(name)}`, report));
  }
  return rules;
}
