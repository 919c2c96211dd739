import { readReplacement } from '../../template/pattern-replacement.ts';
import { type Complaint, complain, complainOfAbsence, type Path } from '../problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from '../raw.ts';

/** More than this belongs into the backend. */
const MAX_CHANGES = 100;

/** What the parts of a `rewrite` module say together. */
export function checkRewrite(rewrite: unknown, path: Path): Complaint[] {
  if (!isMapping(rewrite)) return [];
  const complaints: Complaint[] = [];
  if (Object.keys(rewrite).length === 0)
    complaints.push(complainOfAbsence(path, 'nothing is rewritten', 'give it a host, a path or a query'));
  const replace = memberOf(rewrite, 'replace');
  const pattern = memberOf(replace, 'pattern');
  const replacement = memberOf(replace, 'with');
  if (typeof pattern === 'string' && typeof replacement === 'string') {
    const read = readReplacement(pattern, replacement);
    if (typeof read === 'string') complaints.push(complain([...path, 'replace', 'pattern'], read));
  }
  const query = memberOf(rewrite, 'query');
  const counts = [
    listOf(memberOf(query, 'keep')).length,
    listOf(memberOf(query, 'delete')).length,
    entriesOf(memberOf(query, 'rename')).length,
    entriesOf(memberOf(query, 'add')).length,
  ];
  if (counts.reduce((sum, count) => sum + count) > MAX_CHANGES)
    complaints.push(complain([...path, 'query'], `there are more than ${MAX_CHANGES} changes`));
  return complaints;
}
