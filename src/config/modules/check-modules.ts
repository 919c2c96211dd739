import { KNOWN_TO_MODULES, KNOWN_WITH_RESPONSE } from '../../route/condition/known-facts.ts';
import { checkCondition } from '../check-condition.ts';
import { checkResponse } from '../check-response.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from '../problem.ts';
import { isMapping, listOf, memberOf } from '../raw.ts';
import { checkHeaders } from './check-headers.ts';
import { checkRewrite } from './check-rewrite.ts';
import { moduleEntries } from './module-entries.ts';

const KINDS = ['headers', 'block', 'redirect', 'rewrite', 'respond', 'tag', 'use'];

/** The modules of the server, of all tenants and of their routes: what the schema cannot say of them. */
export function checkModules(data: unknown): Complaint[] {
  const complaints: Complaint[] = [];
  for (const { entry, path } of moduleEntries(data)) {
    if (isMapping(entry)) checkEntry(entry, path, complaints);
  }
  return complaints;
}

function checkEntry(entry: object, path: Path, complaints: Complaint[]): void {
  const [first, second] = Object.keys(entry).filter((key) => KINDS.includes(key));
  // A stranger there is complained of already, and is what was meant.
  if (first === undefined && Object.keys(entry).every((key) => key === 'when' || key === 'with'))
    complaints.push(complainOfAbsence(path, 'no module is named', `give it one of ${KINDS.join(', ')}`));
  if (second !== undefined)
    complaints.push(
      complainAboutKey([...path, second], `the entry has ${first} and ${second}`, 'make an entry of each'),
    );
  complaints.push(...checkWhen(entry, path));
  complaints.push(...checkHeaders(memberOf(entry, 'headers'), [...path, 'headers']));
  complaints.push(...checkBlock(memberOf(entry, 'block'), [...path, 'block']));
  complaints.push(...checkRedirect(memberOf(entry, 'redirect'), [...path, 'redirect']));
  complaints.push(...checkRewrite(memberOf(entry, 'rewrite'), [...path, 'rewrite']));
  checkResponse(memberOf(entry, 'respond'), [...path, 'respond'], complaints);
  complaints.push(...checkTag(memberOf(entry, 'tag'), [...path, 'tag']));
}

/** A condition on the response is for what is done to responses: anything else is over when there is one. */
function checkWhen(entry: object, path: Path): Complaint[] {
  const when = memberOf(entry, 'when');
  const headers = memberOf(entry, 'headers');
  const place = [...path, 'when'];
  const unreadable = checkCondition(when, place, KNOWN_TO_MODULES);
  if (unreadable === undefined) return [];
  if (headers === undefined) return [unreadable];
  const unreadableThen = checkCondition(when, place, KNOWN_WITH_RESPONSE);
  if (unreadableThen !== undefined) return [unreadableThen];
  if (memberOf(headers, 'request') === undefined) return [];
  return [
    complainAboutKey(
      [...path, 'headers', 'request'],
      'the condition looks at the response, and the request has gone out before there is one',
      'make an entry of its own for what the request needs',
    ),
  ];
}

/** A whole URL, or pieces of the request's. */
function checkRedirect(redirect: unknown, path: Path): Complaint[] {
  if (!isMapping(redirect)) return [];
  const piece = ['scheme', 'host', 'port', 'path', 'query'].find(
    (key) => memberOf(redirect, key) !== undefined,
  );
  const isWhole = memberOf(redirect, 'to') !== undefined;
  if (isWhole && piece !== undefined)
    return [complainAboutKey([...path, piece], `the redirect has to and ${piece}: only one is possible`)];
  if (isWhole || piece !== undefined) return [];
  return [
    complainOfAbsence(
      path,
      'the redirect leads nowhere',
      'give it to, or one of scheme, host, port, path, query',
    ),
  ];
}

/** Each line of the access log has all tags. */
const MAX_TAGS = 16;

function checkTag(tag: unknown, path: Path): Complaint[] {
  if (!isMapping(tag)) return [];
  const names = Object.keys(tag);
  const complaints = names
    .filter((name) => !/^[A-Za-z0-9_.-]{1,64}$/.test(name))
    .map((name) =>
      complainAboutKey(
        [...path, name],
        `${JSON.stringify(name)} cannot be a tag`,
        'letters, digits, ".", "_" and "-", at most 64',
      ),
    );
  if (names.length === 0) complaints.push(complainOfAbsence(path, 'nothing is tagged', 'write name: value'));
  if (names.length > MAX_TAGS) complaints.push(complain(path, `there are more than ${MAX_TAGS} tags`));
  return complaints;
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
