import { isValidAuthority } from '../../protocols/http/authority.ts';
import { assertHeaderList, type HeaderList } from '../../protocols/http/header-list.ts';
import { assertEndToEnd } from '../../protocols/http/hop-by-hop.ts';
import { ResponseHead } from '../../protocols/http/message.ts';
import { isBodiless } from '../../protocols/http/status.ts';
import {
  type Answer,
  type AnsweredExchange,
  CALLBACK_POINTS,
  type CallbackPoints,
  type Module,
  type ReceivedExchange,
} from '../core/callback-points.ts';
import type { Exchange } from '../core/exchange.ts';
import { LONGEST_DELAY_MS } from '../core/longest-delay.ts';
import { REDIRECT_STATUSES } from '../core/redirect-status.ts';
import type { RequestFacts, RequestTarget } from '../core/request-facts.ts';
import { isPromise } from './chains.ts';

/**
 * A module of an embedding program, with everything checked that it puts into messages: a line feed that slips into a
 * value would otherwise become a field, or a request of its own (CWE-113). What is wrong throws where the module is
 * called, and costs what a module that throws costs.
 *
 * What they are shown is frozen: types say that a list is not changed in place, and who has no types is told by an exception. Otherwise
 * such a change would go out unchecked, and with all repetitions of the head.
 *
 * Lists that handlers leave on the exchange may still hold the fields of the other side's connection, which arrived with them:
 * the header rules take those out afterwards. What comes behind the header rules may not.
 */
export function checkedModule(module: Omit<Module, 'name'>, name: string): Module {
  if (typeof module !== 'object' || module === null || 'then' in module)
    throw new Error('a module is an object, and none that is promised');
  const { handlers = {}, timeoutMs, tag, decide, rewriteTarget, rewriteEachResponse, dispose } = module;
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= LONGEST_DELAY_MS))
    throw new Error(`timeoutMs cannot be ${timeoutMs}`);
  return {
    name,
    handlers: checkedHandlers(handlers),
    refused: (session) => module.refused?.(session),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(dispose && { dispose: () => module.dispose!() }),
    ...(tag && { tag: (request) => checkedTags(module.tag!(frozen(request))) }),
    ...(decide && { decide: (request) => checkedAnswer(module.decide!(frozen(request))) }),
    ...(rewriteTarget && {
      rewriteTarget: (request, target) => checkedTarget(module.rewriteTarget!(frozen(request), target)),
    }),
    rewriteRequest: (session, head, headers, request) => {
      if (module.rewriteRequest === undefined) return headers;
      freeze(head.headers, headers);
      const rewritten = module.rewriteRequest(session, head, headers, request) ?? headers;
      if (rewritten !== headers) assertEndToEnd(rewritten);
      return rewritten;
    },
    rewriteResponse: (head, headers) => {
      if (module.rewriteResponse === undefined) return headers;
      freeze(head.headers, headers);
      const rewritten = module.rewriteResponse(head, headers) ?? headers;
      if (rewritten !== headers) assertEndToEnd(rewritten, head.status);
      return rewritten;
    },
    ...(rewriteEachResponse && {
      rewriteEachResponse: (exchange, head, headers) => {
        freeze(head.headers, headers);
        const rewritten = module.rewriteEachResponse!(exchange, head, headers);
        if (rewritten !== headers) assertEndToEnd(rewritten, head.status);
        return rewritten;
      },
    }),
  };
}

/** Only points that the module uses: one that nobody uses costs nothing. */
function checkedHandlers(own: Partial<CallbackPoints>): Partial<CallbackPoints> {
  const checked: Partial<CallbackPoints> = {};
  for (const point of CALLBACK_POINTS) {
    // Handlers may be methods of a class: they keep their object.
    const handler = own[point];
    if (handler !== undefined) Object.assign(checked, { [point]: handler.bind(own) });
  }
  for (const point of REQUEST_POINTS) {
    if (own[point] !== undefined) {
      checked[point] = (exchange: Parameters<CallbackPoints['forward']>[0]) => {
        const { requestHeaders, path } = exchange;
        freeze(exchange.head.headers, requestHeaders);
        const answer = own[point]!(exchange);
        if (isPromise(answer))
          return Promise.resolve(answer).then((late) => checkedRequest(exchange, requestHeaders, path, late));
        return checkedRequest(exchange, requestHeaders, path, answer);
      };
    }
  }
  if (own.readResponse !== undefined) {
    checked.readResponse = (exchange) => {
      const { response } = exchange;
      freeze(exchange.head.headers, exchange.requestHeaders, response.headers);
      const answer = own.readResponse!(exchange);
      if (isPromise(answer))
        return Promise.resolve(answer).then((late) => checkedResponse(exchange, response, late));
      return checkedResponse(exchange, response, answer);
    };
  }
  return checked;
}

function freeze(...lists: readonly HeaderList[]): void {
  for (const list of lists) Object.freeze(list);
}

function frozen(request: RequestFacts): RequestFacts {
  freeze(request.head.headers);
  return request;
}

const REQUEST_POINTS = ['beforeLocation', 'foundTenant', 'afterLocation', 'forward'] as const;

/** What a handler has made of a request that was like this. */
function checkedRequest(
  exchange: ReceivedExchange,
  requestHeaders: HeaderList,
  path: string,
  answer: Answer,
): Answer {
  if (exchange.requestHeaders !== requestHeaders) assertHeaderList(exchange.requestHeaders);
  if (exchange.path !== path) assertPath(exchange.path);
  return checkedAnswer(answer);
}

function checkedResponse(exchange: AnsweredExchange, response: ResponseHead, answer: Answer): Answer {
  if (exchange.response !== response) assertSameBody(exchange.response, response);
  return checkedAnswer(answer);
}

function checkedAnswer(answer: Answer): Answer {
  switch (answer.kind) {
    case 'respond':
      if (!Number.isInteger(answer.status) || answer.status < 200 || answer.status > 599)
        throw new Error(`cannot respond with status ${answer.status}`);
      assertEndToEnd(answer.headers, answer.status);
      if (typeof answer.body !== 'string') throw new Error('the body of an answer is a text');
      return answer;
    case 'redirect':
      if (!REDIRECT_STATUSES.includes(answer.status))
        throw new Error(`cannot redirect with status ${answer.status}`);
      assertHeaderList(['location', answer.url]);
      return answer;
    case 'continue':
    case 'finish':
    case 'close':
      return answer;
    default:
      throw new Error(`not an answer: ${String((answer as { kind?: unknown }).kind)}`);
  }
}

/** They stand in lines of the log, and in header values. */
function checkedTags(tags: readonly string[]): readonly string[] {
  const isGood = tags.every((part) => typeof part === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(part));
  if (!isGood || tags.length % 2 !== 0)
    throw new Error('tags are names and values, in turn, without line breaks');
  return tags;
}

function checkedTarget(target: RequestTarget): RequestTarget {
  assertPath(target.path);
  if (target.authority !== '' && !isValidAuthority(target.authority))
    throw new Error(`not an authority: ${JSON.stringify(target.authority)}`);
  return target;
}

/** Origin-form, in characters that can stand in a request line. */
function assertPath(path: Exchange['path']): void {
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new Error(`not a path: ${JSON.stringify(path)}`);
}

/** The body comes from the instance as it is, so the head may not promise another. */
function assertSameBody(replaced: AnsweredExchange['response'], original: ResponseHead): void {
  const { status, bodyLength, headers } = replaced;
  if (!(replaced instanceof ResponseHead)) throw new Error('a response must be replaced by a ResponseHead');
  assertHeaderList(headers);
  const fits = original.status === 101 ? status === 101 : status >= 200 && status <= 599;
  if (!fits || isBodiless(status) !== isBodiless(original.status) || bodyLength !== original.bodyLength)
    throw new Error(`cannot send status ${status} with the body of status ${original.status}`);
}
