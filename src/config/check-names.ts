import { didYouMean } from './nearest-name.ts';
import { type Complaint, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { entriesOf } from './raw.ts';

/** Names appear in logs, metrics, and on command lines: nothing in them needs quoting there. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** The names of tenants, clusters and sub-clusters themselves; `path` is where they stand. */
export function checkNames(path: Path, named: unknown): Complaint[] {
  return entriesOf(named)
    .filter(([name]) => !NAME.test(name))
    .map(([name]) =>
      complainAboutKey(
        [...path, name],
        `${JSON.stringify(name)} cannot be a name`,
        'letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100',
      ),
    );
}

/** A name that must be among `known`. `kind`: `cluster`, `tenant`. What is not a name is the schema's business. */
export function checkReference(
  kind: string,
  name: unknown,
  known: ReadonlySet<string>,
  path: Path,
): Complaint | undefined {
  if (typeof name !== 'string' || name === '' || known.has(name)) return undefined;
  const hint = didYouMean(name, known);
  return complainOfAbsence(path, `there is no ${kind} ${JSON.stringify(name)}`, hint);
}
