import type { AskingPoint } from '../../src/core/callback-points.ts';

/** Where handlers are asked about an exchange, in their order. */
export const REQUEST_POINTS = [
  'beforeLocation',
  'foundTenant',
  'afterLocation',
  'forward',
  'readResponse',
] as const satisfies readonly AskingPoint[];

export type RequestPoint = (typeof REQUEST_POINTS)[number];
