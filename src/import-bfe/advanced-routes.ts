import { formatCondition } from '../route/condition/format-condition.ts';
import type { ConditionNode } from '../route/condition/syntax-tree.ts';
import { isAlways } from './condition-tree.ts';
import type { Draft } from './draft.ts';
import { type Field, Fields } from './fields.ts';
import { type Located, shown } from './located.ts';
import type { Part, Place, Report } from './report.ts';
import { routeTarget } from './route-target.ts';

/** A rule with a condition. */
export interface AdvancedRoute {
  readonly condition: ConditionNode;
  readonly target: Draft;
  readonly place: Place;
}

/** Undefined after it was reported as dropped. */
export type ReadCondition = (cond: Field<string>, what: string, part: Part) => ConditionNode | undefined;

/** The rules of one product in `ProductRule`, up to the first that always holds. */
export function readAdvancedRoutes(
  rules: readonly Located[],
  product: string,
  clusters: ReadonlyMap<string, string>,
  readCondition: ReadCondition,
  report: Report,
): readonly AdvancedRoute[] {
  const routes: AdvancedRoute[] = [];
  const seen = new Map<string, number>();
  let always: number | undefined;
  for (const [i, node] of rules.entries()) {
    const what = `rule ${i + 1} of ${shown(product)}`;
    const fields = new Fields(node, what, report);
    const cond = fields.text('Cond');
    const cluster = fields.text('ClusterName');
    fields.end();
    if (cond === undefined || cluster === undefined) {
      report.dropped(node.place, `${what} needs Cond and ClusterName`);
      continue;
    }
    if (always !== undefined) {
      report.kept(cond.place, `${what} is left out: rule ${always + 1} before it takes everything`);
      continue;
    }
    const part: Draft = {};
    const condition = readCondition(cond, what, part);
    if (condition === undefined) continue;
    const text = formatCondition(condition);
    const earlier = seen.get(text);
    if (earlier !== undefined) {
      report.kept(cond.place, `${what} is left out: rule ${earlier + 1} before it has the same condition`);
      continue;
    }
    seen.set(text, i);
    const target = routeTarget(cluster, clusters, report);
    for (const text of report.commentsOn(part)) report.comment(target, text);
    report.kept(cond.place, `${what}, as a route to ${targetText(target)}`);
    routes.push({ condition, target, place: cond.place });
    if (isAlways(condition)) always = i;
  }
  return routes;
}

/** For the report. */
function targetText(target: Draft): string {
  return typeof target['cluster'] === 'string' ? `cluster ${target['cluster']}` : 'an answer of 503';
}
