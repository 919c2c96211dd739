import { type Complaint, complain, complainAboutKey, type Path } from '../problem.ts';
import { entriesOf, listOf, memberOf } from '../raw.ts';
import { headerNameFault } from '../response-forms.ts';

/** More than this on either side belongs into the backend. */
const MAX_CHANGES = 100;

/** The names of fields that a `headers` module changes, on both sides. */
export function checkHeaders(headers: unknown, path: Path): Complaint[] {
  return ['request', 'response'].flatMap((side) => checkSide(memberOf(headers, side), [...path, side], side));
}

function checkSide(changes: unknown, path: Path, side: string): Complaint[] {
  const complaints: Complaint[] = [];
  const refuse = (name: unknown, at: Path, complainAt: typeof complain): void => {
    const fault = typeof name === 'string' && name !== '' ? nameFault(name, side) : undefined;
    if (fault !== undefined) complaints.push(complainAt(at, fault.message, fault.hint));
  };
  let count = 0;
  for (const key of ['rename', 'set', 'add']) {
    const seen = new Set<string>();
    for (const [name, value] of entriesOf(memberOf(changes, key))) {
      count += 1;
      const at = [...path, key, name];
      refuse(name, at, complainAboutKey);
      if (key === 'rename') refuse(value, at, complain);
      if (seen.has(name.toLowerCase()))
        complaints.push(complainAboutKey(at, `the header ${JSON.stringify(name)} is given twice`));
      seen.add(name.toLowerCase());
    }
  }
  listOf(memberOf(changes, 'delete')).forEach((name, i) => {
    count += 1;
    refuse(name, [...path, 'delete', i], complain);
  });
  if (count > MAX_CHANGES) complaints.push(complain(path, `there are more than ${MAX_CHANGES} changes`));
  return complaints;
}

function nameFault(name: string, side: string): { message: string; hint?: string } | undefined {
  const lower = name.toLowerCase();
  if (lower === 'host' && side === 'request')
    return { message: '"host" is not changed here', hint: 'the module rewrite sets the host' };
  // Responses of backends have none of ours yet.
  if (lower === 'x-request-id' && side === 'response') return undefined;
  const message = headerNameFault(name);
  return message === undefined ? undefined : { message };
}
