import type { ParsedResponse } from './response-parser.ts';

/**
 * The newest response head of an instance as text, and what it was parsed to: shared by all connections to it, so that each of them
 * does not parse anew, and the layers above do not rewrite anew, what only one had to (a new `date` every second, for one).
 */
export class ResponseMemory {
  text = '';
  response: ParsedResponse | undefined = undefined;
}
