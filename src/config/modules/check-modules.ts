import { KNOWN_TO_MODULES } from '../../route/condition/known-facts.ts';
import { checkCondition } from '../check-condition.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from '../problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from '../raw.ts';
import { checkHeaders } from './check-headers.ts';

const KINDS = ['headers', 'block'];

/** The modules of the server, of all tenants and of their routes: what the schema cannot say of them. */
export function checkModules(data: unknown): Complaint[] {
  const complaints: Complaint[] = [];
  const check = (owner: unknown, path: Path): void =>
    listOf(memberOf(owner, 'modules')).forEach((entry, i) => {
      if (isMapping(entry)) checkEntry(entry, [...path, 'modules', i], complaints);
    });
  check(data, []);
  for (const [name, tenant] of entriesOf(memberOf(data, 'tenants'))) {
    check(tenant, ['tenants', name]);
    listOf(memberOf(tenant, 'routes')).forEach((route, i) => {
      check(route, ['tenants', name, 'routes', i]);
    });
  }
  return complaints;
}

function checkEntry(entry: object, path: Path, complaints: Complaint[]): void {
  const [first, second] = Object.keys(entry).filter((key) => KINDS.includes(key));
  if (first === undefined)
    complaints.push(complainOfAbsence(path, 'no module is named', `give it one of ${KINDS.join(', ')}`));
  else if (second !== undefined)
    complaints.push(
      complainAboutKey([...path, second], `the entry has ${first} and ${second}`, 'make an entry of each'),
    );
  const unreadable = checkCondition(memberOf(entry, 'when'), [...path, 'when'], KNOWN_TO_MODULES);
  if (unreadable !== undefined) complaints.push(unreadable);
  complaints.push(...checkHeaders(memberOf(entry, 'headers'), [...path, 'headers']));
  complaints.push(...checkBlock(memberOf(entry, 'block'), [...path, 'block']));
}

/** A list that was forgotten, or emptied, must not block everybody. */
function checkBlock(block: unknown, path: Path): Complaint[] {
  if (!isMapping(block)) return [];
  const lists = ['addresses', 'methods', 'paths'];
  const complaints = lists
    .filter((key) => Array.isArray(memberOf(block, key)) && listOf(memberOf(block, key)).length === 0)
    .map((key) =>
      complain([...path, key], 'the list is empty: at least one entry is needed', 'or leave it out'),
    );
  if (lists.every((key) => memberOf(block, key) === undefined))
    complaints.push(complainOfAbsence(path, 'nothing is blocked', 'give it addresses, methods or paths'));
  return complaints;
}
