import type { LateFact } from './condition-subject.ts';

/** What there is besides head, connection and time where routes are chosen: the body is waited for, where a condition looks at it. */
export const KNOWN_TO_ROUTES: ReadonlySet<LateFact> = new Set<LateFact>(['body']);

/** The same where modules of the configuration are chosen. */
export const KNOWN_TO_MODULES: ReadonlySet<LateFact> = new Set<LateFact>(['body', 'tag']);

/** To a module that changes nothing but responses: its condition is asked of each, when the body has long gone out. */
export const KNOWN_WITH_RESPONSE: ReadonlySet<LateFact> = new Set<LateFact>(['tag', 'response']);
