import type { Outcome } from './decision.ts';
import { type ExplainedSplit, percent } from './explain-split.ts';

/** What becomes of a request, in half a sentence: `the route "/api/*" leads to cluster api`. */
export function outcomeText(outcome: Outcome): string {
  const { host, tenant, stream, route, target, answer } = outcome;
  if (answer?.module !== undefined) return `the module ${answer.module} ${moduleAnswer(answer)}`;
  if (answer?.error === 'no-tenant') return `no tenant has the host ${JSON.stringify(host)} (404 no-tenant)`;
  if (answer?.error === 'no-route') return `no route of tenant ${tenant?.name} matches (404 no-route)`;
  if (answer?.error === 'misdirected-request')
    return `the connection is not for the host ${JSON.stringify(host)} (${answer.status} ${answer.error})`;
  if (answer?.error === 'module-failed') return `a module fails (${answer.status} ${answer.error})`;
  if (stream !== null && target?.kind === 'cluster') {
    const header = stream.proxyProtocol === null ? '' : `, behind a PROXY header (${stream.proxyProtocol})`;
    return `the connection is relayed to cluster ${target.cluster}${header}`;
  }
  const way = `the route ${JSON.stringify(route)}`;
  switch (target?.kind) {
    case 'cluster':
      return `${way} leads to cluster ${target.cluster}${rewritten(outcome)}${copied(outcome)}`;
    case 'split':
      return `${way} leads to ${splitText(target.split)}${rewritten(outcome)}${copied(outcome)}`;
    case 'handler':
      return `${way} leads to handler ${target.handler}`;
    case 'redirect':
      return `${way} redirects to ${target.to} (${target.status})`;
    case 'respond':
      return `${way} answers ${target.status}${target.body === '' ? '' : ` with ${shortened(target.body)}`}`;
    default:
      // Max-Forwards: the route would have led somewhere.
      return `the request may go no further (${answer?.status}${answer?.error == null ? '' : ` ${answer.error}`})`;
  }
}

/**
 * Equal for outcomes that are the same to clients and backends: by whatever route or module, and whoever the instances are.
 */
export function outcomeKey({ tenant, stream, target, mirror, answer, forwarded }: Outcome): string {
  const { status, error, location, module } = answer ?? {};
  // Where a module answers, nobody else is asked.
  const asked = module !== undefined ? null : target?.kind === 'cluster' ? target.cluster : target;
  return JSON.stringify([tenant?.name, stream, asked, forwarded, mirror, status, error, location]);
}

/** `cluster shop (95 %) or shop-next (5 %)`. */
function splitText({ shares }: ExplainedSplit): string {
  const served = shares.filter(({ weight }) => weight > 0);
  return `cluster ${served.map(({ cluster, share }) => `${cluster} (${percent(share)})`).join(' or ')}`;
}

function moduleAnswer({ status, location }: NonNullable<Outcome['answer']>): string {
  if (location !== undefined) return `redirects to ${location} (${status})`;
  return status === 0 ? 'ends the connection' : `answers ${status}`;
}

function rewritten({ request, forwarded }: Outcome): string {
  if (forwarded === null) return '';
  const { authority, path } = forwarded;
  if (authority === request.authority && path === request.path) return '';
  return `, which is asked for ${path} of ${authority}`;
}

function copied({ mirror }: Outcome): string {
  return mirror === null
    ? ''
    : `, and ${mirror.percent} % of its requests are copied to cluster ${mirror.cluster}`;
}

function shortened(body: string): string {
  return JSON.stringify(body.length > MAX_BODY_SHOWN ? `${body.slice(0, MAX_BODY_SHOWN)}…` : body);
}

const MAX_BODY_SHOWN = 40;
