import { type Complaint, complain, type Path } from './problem.ts';
import { listOf, memberOf } from './raw.ts';

/** The protocols of a tenant among each other: each once, the mandatory one alone, and one left for every client. */
export function checkProtocols(protocols: unknown, path: Path): Complaint[] {
  const complaints: Complaint[] = [];
  const seen = new Set<unknown>();
  const entries = listOf(protocols);
  for (const [i, entry] of entries.entries()) {
    const name = typeof entry === 'string' ? entry : memberOf(entry, 'name');
    const level = memberOf(entry, 'level');
    if (seen.has(name)) complaints.push(complain([...path, i], `${JSON.stringify(name)} is listed twice`));
    seen.add(name);
    if (level === 'mandatory' && entries.length > 1) {
      const message = 'a mandatory protocol is the only one, and this list has others';
      complaints.push(
        complain([...path, i, 'level'], message, 'leave the others out, or write level: must-offer'),
      );
    }
    if (!isSampled(entry)) continue;
    if (level === 'must-offer' || level === 'mandatory') {
      const message = `a protocol that is ${level} cannot be offered to some clients only`;
      complaints.push(complain([...path, i, 'rate'], message, 'leave rate out, or write level: optional'));
    } else if (name === 'http/1.1') {
      const message = 'http/1.1 is offered to every client: it is what the others fall back on';
      complaints.push(complain([...path, i, 'rate'], message, 'leave rate out'));
    } else if (entries.every(isSampled)) {
      const message = 'clients that this is not offered to have no protocol left';
      complaints.push(complain([...path, i, 'rate'], message, 'add http/1.1 to the list'));
    }
  }
  return complaints;
}

function isSampled(entry: unknown): boolean {
  const rate = memberOf(entry, 'rate');
  return typeof rate === 'number' && rate < 100;
}
