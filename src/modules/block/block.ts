import { AddressBlocks } from '../../core/address-blocks.ts';
import { CLOSE, CONTINUE, type Module, REFUSED } from '../../core/callback-points.ts';
import type { ModuleContext } from '../../core/module-context.ts';
import type { BlockSettings } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { PathPatterns } from './path-patterns.ts';

/**
 * Refuses requests by address, method and path; by all of them that are given. What follows from a request's head is decided
 * once for a head and its repetitions.
 */
export function createBlock(settings: BlockSettings, context: ModuleContext): Omit<Module, 'name'> {
  const addresses = new AddressBlocks(settings.addresses);
  const methods = new Set(settings.methods);
  const paths = new PathPatterns(settings.paths);
  const answer = settings.answer === 'close' ? CLOSE : REFUSED;
  const isBlocked = ({ clientAddress, head, routingPath }: RequestFacts): boolean =>
    (addresses.isEmpty || addresses.has(clientAddress)) &&
    (methods.size === 0 || methods.has(head.method)) &&
    (paths.isEmpty || paths.match(routingPath));
  return {
    decide: (request) => (isBlocked(request) ? answer : CONTINUE),
    ...(concernsConnections(settings) && context.isServerWide ? closeAtAccept(addresses, context) : {}),
  };
}

/** Nothing that only requests have is asked for, so what is blocked need not get as far as a handshake. */
function concernsConnections({ answer, methods, paths }: BlockSettings): boolean {
  return answer === 'close' && methods.length === 0 && paths.length === 0;
}

function closeAtAccept(
  addresses: AddressBlocks,
  { trustedProxies }: ModuleContext,
): Pick<Module, 'handlers'> {
  const trusted = new AddressBlocks(trustedProxies);
  return {
    handlers: {
      // Who may speak for others is not yet known to do so.
      accept: ({ remoteAddress }) =>
        addresses.has(remoteAddress) && !trusted.has(remoteAddress) ? CLOSE : CONTINUE,
    },
  };
}
