import type { LateFact } from './condition-subject.ts';

/** What there is besides head, connection and time where modules of the configuration are chosen. */
export const KNOWN_TO_MODULES: ReadonlySet<LateFact> = new Set<LateFact>(['tag']);

/** And to a module that changes nothing but responses: then its condition is asked of each. */
export const KNOWN_WITH_RESPONSE: ReadonlySet<LateFact> = new Set<LateFact>([
  ...KNOWN_TO_MODULES,
  'response',
]);
