import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { entriesOf, memberOf } from './raw.ts';
import { bodilessFault, headerNameFault, isBodiless } from './response-forms.ts';

/** A fixed answer: its body must go with its status, its headers must be its own to set. */
export function checkResponse(respond: unknown, path: Path, complaints: Complaint[]): void {
  const status = memberOf(respond, 'status');
  const body = memberOf(respond, 'body');
  if (typeof status === 'number' && isBodiless(status) && typeof body === 'string' && body !== '') {
    const { message, hint } = bodilessFault(status);
    complaints.push(complain([...path, 'body'], message, hint));
  }
  const seen = new Set<string>();
  for (const [name] of entriesOf(memberOf(respond, 'headers'))) {
    const lower = name.toLowerCase();
    const fault = seen.has(lower)
      ? `the header ${JSON.stringify(name)} is given twice`
      : headerNameFault(name);
    seen.add(lower);
    if (fault !== undefined) complaints.push(complainAboutKey([...path, 'headers', name], fault));
  }
}
