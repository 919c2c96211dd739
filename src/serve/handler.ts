import type { ServedRequest } from './served-request.ts';
import type { ServedResponse } from './served-response.ts';

/**
 * Answers requests of a program that embeds Portico. The response is complete when the call returns, or when what it returns is
 * settled: whoever goes on later must be waited for. One that throws costs its exchange a 500 and nothing else.
 */
export type Handler = HandlerFunction | HandlerObject | FetchHandler;

export type HandlerFunction = (request: ServedRequest, response: ServedResponse) => void | Promise<void>;

export interface HandlerObject {
  serve(request: ServedRequest, response: ServedResponse): void | Promise<void>;
}

/** The web's own shape, as of service workers and edge runtimes. */
export interface FetchHandler {
  fetch(request: Request): Response | Promise<Response>;
}
