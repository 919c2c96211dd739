import { bfeReading } from '../route/condition/bfe-reading.ts';
import { compileCondition } from '../route/condition/compile-condition.ts';
import { ConditionFault } from '../route/condition/condition-fault.ts';
import type { LateFact } from '../route/condition/condition-subject.ts';
import { moduleEntries } from './modules/module-entries.ts';
import { didYouMean } from './nearest-name.ts';
import { type Complaint, complain, type Path } from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';

/** A condition at `path`; what is no text is the schema's business. `known`: what it may look at besides head, connection and time. */
export function checkCondition(
  when: unknown,
  path: Path,
  known: ReadonlySet<LateFact>,
): Complaint | undefined {
  if (typeof when !== 'string') return undefined;
  const fault = compileCondition(when, { known });
  if (!(fault instanceof ConditionFault)) return undefined;
  const { mistaken } = fault;
  const hint = fault.hint ?? (mistaken && didYouMean(mistaken.name, mistaken.known));
  return { ...complain(path, fault.message, hint), offset: fault.offset };
}

/**
 * Warnings about conditions that mean another thing in BFE: who brings them along believes that they say what they did there.
 */
export function warnOfConditions(data: unknown): Complaint[] {
  return conditionsIn(data).flatMap(({ when, path }) => {
    const readings = typeof when === 'string' ? bfeReading(when) : undefined;
    if (readings === undefined) return [];
    return [
      complain(
        path,
        `BFE reads this condition as ${shortened(readings.theirs)}`,
        `to have it read everywhere as it is here: ${shortened(readings.ours)}`,
      ),
    ];
  });
}

/** Of all routes, and of all modules. */
function conditionsIn(data: unknown): { readonly when: unknown; readonly path: Path }[] {
  const routes = entriesOf(memberOf(data, 'tenants')).flatMap(([tenant, settings]) =>
    listOf(memberOf(settings, 'routes')).map((route, i) => ({
      when: memberOf(route, 'when'),
      path: ['tenants', tenant, 'routes', i, 'when'],
    })),
  );
  const modules = Array.from(moduleEntries(data), ({ entry, path }) => ({
    when: memberOf(entry, 'when'),
    path: [...path, 'when'],
  }));
  return [...routes, ...modules];
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text;
}

const MAX_SHOWN = 400;
