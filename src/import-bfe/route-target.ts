import type { Draft } from './draft.ts';
import type { Field } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** Where a rule sends requests: a cluster, or an answer in place of one that is not there. */
export function routeTarget(
  { value: name, place }: Field<string>,
  clusters: ReadonlyMap<string, string>,
  report: Report,
): Draft {
  const cluster = clusters.get(name);
  if (cluster !== undefined) return { cluster };
  const target: Draft = { respond: { status: 503 } };
  report.dropped(
    place,
    `cluster ${shown(name)} is not there: BFE answers 500 to what is sent to it, and this route 503 until it leads to a cluster`,
    target,
  );
  return target;
}
