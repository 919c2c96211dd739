import type { RequestHead } from '../../protocols/http/message.ts';
import type { TenantFacts } from './exchange.ts';
import type { Session } from './session.ts';

/**
 * A request as the pure functions of modules see it: what follows from its head, its connection and the configuration, and is
 * the same as often as the connection repeats that head. Everything else (the time, an id, an instance) is not here.
 */
export interface RequestFacts {
  readonly session: Session;
  /** As the client sent it, whatever modules have made of path and headers. */
  readonly head: RequestHead;
  /** Undefined: nobody's host. */
  readonly tenant: TenantFacts | undefined;
  /** Text of the route; '' when there is none. */
  readonly routeText: string;
  /** The path that routes are compared with: no query, escapes and dot segments resolved, so that no spelling slips past a rule. */
  readonly routingPath: string;
  /** How the client has asked: told by a trusted proxy, or else by the connection. */
  readonly scheme: 'http' | 'https';
  /** Who asks: told by a trusted proxy, or else the peer. */
  readonly clientAddress: string;
  /** What modules have marked it with: name, value, name, value … */
  readonly tags: readonly string[];
}

/** Where a request goes to, in its own words. */
export interface RequestTarget {
  /** Host and optional port; '' only where the client (of HTTP/1.0) sent none. */
  readonly authority: string;
  /** Path with query, in origin-form. */
  readonly path: string;
}
