import type { Expectation, ExpectedOutcome, JudgeExpectations } from '../core/expectation.ts';
import { isToken, readRequestText } from '../core/request-text.ts';
import type { Settings } from '../core/settings.ts';
import { checkReference } from './check-names.ts';
import type { RouteTargets } from './check-routes.ts';
import type { ConfigFile, ExpectationEntry } from './config-file.ts';
import { oneOf } from './leaves.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from './raw.ts';

/** Cases of one tenant. They are judged again for every reload and every renewed certificate, in the primary process. */
export const MAX_EXPECTATIONS = 1000;

const OUTCOMES = ['cluster', 'handler', 'route', 'redirect', 'status', 'error'] as const;

/** Whether the cases of a tenant can be judged. `hosts`: the tenant's, as read. */
export function checkExpectations(
  tenant: string,
  cases: unknown,
  hosts: readonly string[],
  { clusters, handlers }: RouteTargets,
): Complaint[] {
  const list = listOf(cases);
  const whole: Path = ['tenants', tenant, 'expect'];
  if (list.length > MAX_EXPECTATIONS)
    return [complainAboutKey(whole, `a tenant has at most ${MAX_EXPECTATIONS} cases, not ${list.length}`)];
  return list.flatMap((entry, i) => {
    if (!isMapping(entry)) return [];
    const path: Path = [...whole, i];
    const dangling = [
      checkReference('cluster', memberOf(entry, 'cluster'), clusters, [...path, 'cluster']),
      checkReference('handler', memberOf(entry, 'handler'), handlers, [...path, 'handler']),
    ].filter((complaint) => complaint !== undefined);
    return [...dangling, ...checkOutcome(entry, path), ...checkRequest(entry, path, hosts)];
  });
}

function checkOutcome(entry: object, path: Path): Complaint[] {
  if (OUTCOMES.some((key) => Object.hasOwn(entry, key))) return [];
  return [complainOfAbsence(path, 'the case expects nothing', `give it one of ${oneOf(OUTCOMES)}`)];
}

function checkRequest(entry: object, path: Path, hosts: readonly string[]): Complaint[] {
  const complaints: Complaint[] = [];
  for (const [name] of entriesOf(memberOf(entry, 'headers'))) {
    const place: Path = [...path, 'headers', name];
    if (!isToken(name))
      complaints.push(complainAboutKey(place, `${JSON.stringify(name)} is not a header name`));
    if (name.toLowerCase() === 'host')
      complaints.push(
        complainAboutKey(place, 'the host is not a header here', 'write it beside the request: host: …'),
      );
  }
  const written = memberOf(entry, 'request');
  const request = typeof written === 'string' ? readRequestText(written) : '';
  if (typeof request === 'string') return complaints;
  const isNamed = Object.hasOwn(entry, 'host');
  if (request.origin !== undefined && isNamed)
    complaints.push(complainAboutKey([...path, 'host'], 'the request names its host already'));
  if (request.origin?.scheme === 'http' && Object.hasOwn(entry, 'sni'))
    complaints.push(complainAboutKey([...path, 'sni'], 'there is no SNI without TLS', 'write an https URL'));
  if (request.origin === undefined && !isNamed && !hosts.some(isExact) && hosts.length > 0)
    complaints.push(
      complainOfAbsence(path, 'the tenant has wildcards only, and the case names no host', 'add host: …'),
    );
  return complaints;
}

function isExact(host: string): boolean {
  return !host.startsWith('*.');
}

/** Has the cases of all tenants judged. A case whose outcome is another is an error at its place. */
export function judgeCases(file: ConfigFile, settings: Settings, judge: JudgeExpectations): Complaint[] {
  const cases: Expectation[] = [];
  const paths: Path[] = [];
  for (const [name, { hosts, expect }] of Object.entries(file.tenants)) {
    for (const [i, entry] of expect.entries()) {
      cases.push(expectationOf(name, entry, hosts.find(isExact)));
      paths.push(['tenants', name, 'expect', i]);
    }
  }
  if (cases.length === 0) return [];
  return judge(settings, cases).map(({ index, key, message, hint }) =>
    complain([...paths[index]!, key], message, hint),
  );
}

/** Whether a complaint is about a case that has turned out otherwise. */
export function isAboutCase({ path }: Complaint): boolean {
  return path[0] === 'tenants' && path[2] === 'expect';
}

function expectationOf(tenant: string, entry: ExpectationEntry, ownHost: string | undefined): Expectation {
  const { request, host = ownHost, headers, body, client, vip, sni, at, ...expected } = entry;
  return {
    tenant,
    host,
    request,
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    body,
    client,
    vip,
    sni,
    at,
    expected: expected satisfies ExpectedOutcome,
  };
}
