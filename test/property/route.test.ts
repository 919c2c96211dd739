import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RouteSettings, TenantSettings } from '../../src/core/settings.ts';
import { buildRouteTable } from '../../src/route/route-table.ts';
import { routingPath } from '../../src/route/routing-path.ts';
import { traceRoutes } from '../../src/route/trace.ts';
import { subjectOf } from '../support/condition-subject.ts';

const RUNS = { numRuns: 1000 };

const label = fc.constantFrom('a', 'b', 'c');
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const hostPattern = fc.oneof(
  host,
  host.map((suffix) => `*.${suffix}`),
);
const segment = fc.constantFrom('a', 'b', '', '%2F', '__proto__', 'ab');
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const pathPattern = fc.oneof(
  path,
  path.map((prefix) => `${prefix}/*`),
  fc.constant('/*'),
);

const method = fc.constantFrom('GET', 'POST');

const route: fc.Arbitrary<RouteSettings> = fc.record({
  host: fc.option(hostPattern, { nil: undefined }),
  path: fc.option(pathPattern, { nil: undefined }),
  when: fc.option(
    fc.constantFrom('req_method_in("GET")', '!req_method_in("GET")', 'req_host_in("a|a.b|a.b.c")'),
    {
      nil: undefined,
    },
  ),
  target: fc.constant({ kind: 'cluster', cluster: 'c' } as const),
});

function tenant(name: string, hosts: string[], routes: RouteSettings[]): TenantSettings {
  return { name, hosts, tls: { protocols: ['http/1.1'], minVersion: '1.2', maxVersion: '1.3' }, routes };
}

test('finds the route that comes first when every pattern is looked at in order of precedence', () => {
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 30, size: 'max' }),
      host,
      path,
      method,
      (routes, requestHost, requestPath, sent) => {
        const subject = subjectOf({ method: sent, host: requestHost, path: requestPath });
        const table = buildRouteTable([tenant('t', [], routes)], 't', new Map([['c', 'c']]));

        const steps = traceRoutes(table.tenants[0]!, requestHost, requestPath, subject);

        // Patterns are judged alone in the trace, so a table that chose wrongly would leave a match before its choice.
        const firstMatch = steps.find((step) => step.verdict === 'chosen' || step.verdict === 'shadowed');
        assert.equal(firstMatch?.verdict ?? 'chosen', 'chosen');
        const chosen = table.tenants[0]!.findRoute(requestHost, requestPath, subject);
        assert.equal(firstMatch?.route, chosen);
        if (chosen !== undefined) assertMatches(chosen.settings, requestHost, requestPath);
      },
    ),
    RUNS,
  );
});

test('finds the tenant with the longest pattern that matches the host', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hostPattern, { maxLength: 10 }), host, (patterns, requestHost) => {
      const table = buildRouteTable(
        patterns.map((pattern) => tenant(pattern, [pattern], [])),
        undefined,
        new Map(),
      );

      const wildcards = patterns.filter((p) => p.startsWith('*.') && requestHost.endsWith(p.slice(1)));
      const longest = wildcards.toSorted((a, b) => b.length - a.length)[0];
      const expected = patterns.includes(requestHost) ? requestHost : longest;

      assert.equal(table.findTenant(requestHost)?.name, expected);
    }),
    RUNS,
  );
});

const sentPath = fc
  .array(fc.constantFrom('/', '.', '..', '%2e', '%2E', 'a', '%61', '%2f', '%', '//', '?', 'b', '%C3%a9'), {
    maxLength: 14,
  })
  .map((pieces) => `/${pieces.join('')}`);

test('gives a routing path that is its own routing path and has no dot-segments and no query', () => {
  fc.assert(
    fc.property(sentPath, (sent) => {
      const routed = routingPath(sent);

      assert.equal(routed[0], '/');
      assert.equal(routed.includes('?'), false);
      assert.equal(
        routed.split('/').some((part) => part === '.' || part === '..'),
        false,
      );
      // Decoding may build a new escape out of `%` and digits (`%%361`); only well-formed input is stable.
      if (!/%(?![0-9a-fA-F]{2})/.test(sent)) assert.equal(routingPath(routed), routed);
    }),
    RUNS,
  );
});

test('agrees with the URL standard about dot-segments', () => {
  const plain = fc
    .array(fc.constantFrom('/', '.', '..', '%2e', 'a', 'b'), { maxLength: 14 })
    .map((pieces) => `/a${pieces.join('')}`);

  fc.assert(
    fc.property(plain, (sent) => {
      const { pathname } = new URL(`http://h${sent}`);
      assert.equal(routingPath(sent), pathname.replaceAll('%2e', '.'));
    }),
    RUNS,
  );
});

/** Written against the grammar, not against the tables. */
function assertMatches(settings: RouteSettings, requestHost: string, requestPath: string): void {
  const { host: hostText, path: pathText } = settings;
  if (hostText !== undefined) assert.match(requestHost, patternExpression(hostText, /^\*/, '.+'));
  if (pathText !== undefined) assert.match(requestPath, patternExpression(pathText, /\/\*$/, '(/.*)?'));
}

function patternExpression(pattern: string, wildcard: RegExp, replacement: string): RegExp {
  const marked = pattern.replace(wildcard, '\u0000');
  const escaped = marked.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace('\u0000', replacement)}$`);
}
