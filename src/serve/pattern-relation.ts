import type { Pattern, Segment } from './pattern.ts';

/** What the requests that two patterns match have to do with each other; the words are those of the first. */
export type Relation = 'equivalent' | 'more-general' | 'more-specific' | 'disjoint' | 'overlapping';

/**
 * Whether two patterns may not stand side by side: there are requests that both match, and neither is more specific than the other. Hosts
 * never conflict: who names one goes before who names none.
 */
export function conflicts(a: Pattern, b: Pattern): boolean {
  if (a.host !== b.host) return false;
  const relation = relate(a, b);
  return relation === 'equivalent' || relation === 'overlapping';
}

/** Of method and path. */
export function relate(a: Pattern, b: Pattern): Relation {
  const methods = relateMethods(a.method, b.method);
  return methods === 'disjoint' ? methods : combine(methods, relatePaths(a.segments, b.segments));
}

/** A request that both match, for messages; only of patterns that are not disjoint. */
export function commonPath(a: Pattern, b: Pattern): string {
  let path = '';
  const { length } = a.segments.length > b.segments.length ? a.segments : b.segments;
  for (let i = 0; i < length; i++) {
    const one = a.segments[i] ?? a.segments.at(-1)!;
    const other = b.segments[i] ?? b.segments.at(-1)!;
    const literal = [one, other].find(({ kind }) => kind === 'literal');
    const wildcard = [one, other].find(({ kind }) => kind === 'wildcard');
    path += `/${literal?.text ?? wildcard?.text ?? ''}`;
  }
  return path;
}

function relateMethods(a: string, b: string): Relation {
  if (a === b) return 'equivalent';
  if (a === '' || (a === 'GET' && b === 'HEAD')) return 'more-general';
  if (b === '' || (b === 'GET' && a === 'HEAD')) return 'more-specific';
  return 'disjoint';
}

function relatePaths(a: readonly Segment[], b: readonly Segment[]): Relation {
  const aIsOpen = a.at(-1)!.kind === 'rest';
  const bIsOpen = b.at(-1)!.kind === 'rest';
  if (a.length !== b.length && !aIsOpen && !bIsOpen) return 'disjoint';
  let relation: Relation = 'equivalent';
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    relation = combine(relation, relateSegments(a[i]!, b[i]!));
    if (relation === 'disjoint') return relation;
  }
  if (a.length === b.length) return relation;
  if (a.length < b.length) return aIsOpen ? combine(relation, 'more-general') : 'disjoint';
  return bIsOpen ? combine(relation, 'more-specific') : 'disjoint';
}

function relateSegments(a: Segment, b: Segment): Relation {
  if (a.kind === 'rest') return b.kind === 'rest' ? 'equivalent' : 'more-general';
  if (b.kind === 'rest') return 'more-specific';
  if (a.kind === 'wildcard') {
    if (b.kind === 'wildcard') return 'equivalent';
    // One segment is never none.
    return b.kind === 'end' ? 'disjoint' : 'more-general';
  }
  if (b.kind === 'wildcard') return a.kind === 'end' ? 'disjoint' : 'more-specific';
  return a.kind === b.kind && a.text === b.text ? 'equivalent' : 'disjoint';
}

/** Of a whole whose parts are related so. */
function combine(a: Relation, b: Relation): Relation {
  if (a === 'disjoint' || b === 'disjoint') return 'disjoint';
  if (a === b || b === 'equivalent') return a;
  return a === 'equivalent' ? b : 'overlapping';
}
