import type { LateFact } from './condition-subject.ts';

/** What there is besides head, connection and time where modules of the configuration are chosen. */
export const KNOWN_TO_MODULES: ReadonlySet<LateFact> = new Set<LateFact>(['tag']);
