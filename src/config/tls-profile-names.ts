import type { TlsProfileName, TlsVersion } from '../core/settings.ts';

/** The profiles, and the oldest version that each speaks when nothing else is said. All speak up to 1.3. */
export const PROFILES: Readonly<Record<TlsProfileName, TlsVersion>> = {
  modern: '1.3',
  intermediate: '1.2',
  old: '1.0',
};

/** Grades of BFE, for who comes from there: the names with today's meaning, because even the best of them is weak by now. */
export const GRADES: Readonly<Record<'A+' | 'A' | 'B' | 'C', TlsProfileName>> = {
  'A+': 'modern',
  A: 'intermediate',
  B: 'old',
  C: 'old',
};

type Words = readonly [message: string, hint: string];

const OLDEST = 'for clients of long ago there is profile: old, from TLS 1.0 on';
const SSL3: Words = [
  'SSL 3.0 is not offered: RFC 7568 forbids it, for every session can be read (POODLE)',
  OLDEST,
];
const SSL2: Words = ['SSL 2.0 is not offered: RFC 6176 forbids it', OLDEST];
const RC4: Words = ['RC4 is not offered: RFC 7465 forbids it, for it can be read', OLDEST];

/** What people who move old configurations may write, upper-case, and why it is refused. */
export const BROKEN: ReadonlyMap<string, Words> = new Map([
  ['SSLV2', SSL2],
  ['SSLV3', SSL3],
  ['SSL3', SSL3],
  ['RC4', RC4],
]);
