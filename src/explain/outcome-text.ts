import type { Outcome } from './decision.ts';

/** What becomes of a request, in half a sentence: `the route "/api/*" leads to cluster api`. */
export function outcomeText({ host, tenant, stream, route, target, answer }: Outcome): string {
  if (answer?.error === 'no-tenant') return `no tenant has the host ${JSON.stringify(host)} (404 no-tenant)`;
  if (answer?.error === 'no-route') return `no route of tenant ${tenant?.name} matches (404 no-route)`;
  if (answer?.error != null)
    return `the connection is not for the host ${JSON.stringify(host)} (${answer.status} ${answer.error})`;
  if (stream !== null && target?.kind === 'cluster') {
    const header = stream.proxyProtocol === null ? '' : `, behind a PROXY header (${stream.proxyProtocol})`;
    return `the connection is relayed to cluster ${target.cluster}${header}`;
  }
  const isByModule = answer !== null && (target?.kind === 'cluster' || target?.kind === 'handler');
  if (isByModule || answer?.location !== undefined) return moduleText(answer);
  const way = `the route ${JSON.stringify(route)}`;
  switch (target?.kind) {
    case 'cluster':
      return `${way} leads to cluster ${target.cluster}`;
    case 'handler':
      return `${way} leads to handler ${target.handler}`;
    case 'redirect':
      return `${way} redirects to ${target.to} (${target.status})`;
    case 'respond':
      return `${way} answers ${target.status}${target.body === '' ? '' : ` with ${shortened(target.body)}`}`;
    default:
      return `${way} leads nowhere`;
  }
}

function moduleText({ status, location }: NonNullable<Outcome['answer']>): string {
  if (location !== undefined) return `a module redirects to ${location} (${status})`;
  return status === 0 ? 'a module closes the connection' : `a module answers ${status}`;
}

function shortened(body: string): string {
  return JSON.stringify(body.length > MAX_BODY_SHOWN ? `${body.slice(0, MAX_BODY_SHOWN)}…` : body);
}

const MAX_BODY_SHOWN = 40;

/** Equal for outcomes that are the same to clients and backends: by whatever route, and whoever the instances are. */
export function outcomeKey({ tenant, stream, target, forwarded, answer }: Outcome): string {
  const where = target?.kind === 'cluster' ? target.cluster : target;
  return JSON.stringify([tenant?.name, stream, where, forwarded, answer]);
}
