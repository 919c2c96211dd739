import type { Path } from '../problem.ts';
import { entriesOf, listOf, memberOf } from '../raw.ts';

/** Every entry of every list of modules, whatever its shape: of the server, of tenants, of their routes. */
export function* moduleEntries(data: unknown): Generator<{ readonly entry: unknown; readonly path: Path }> {
  yield* entriesAt(data, []);
  for (const [name, tenant] of entriesOf(memberOf(data, 'tenants'))) {
    yield* entriesAt(tenant, ['tenants', name]);
    for (const [i, route] of listOf(memberOf(tenant, 'routes')).entries())
      yield* entriesAt(route, ['tenants', name, 'routes', i]);
  }
}

function* entriesAt(owner: unknown, path: Path): Generator<{ readonly entry: unknown; readonly path: Path }> {
  for (const [i, entry] of listOf(memberOf(owner, 'modules')).entries())
    yield { entry, path: [...path, 'modules', i] };
}
