import type { Outcome } from './decision.ts';

/** What becomes of a request, in half a sentence: `the route "/api/*" leads to cluster api`. */
export function outcomeText({ host, tenant, stream, route, target, answer }: Outcome): string {
  if (answer?.error === 'no-tenant') return `no tenant has the host ${JSON.stringify(host)} (404 no-tenant)`;
  if (answer?.error === 'no-route') return `no route of tenant ${tenant?.name} matches (404 no-route)`;
  if (answer?.error != null)
    return `the connection is not for the host ${JSON.stringify(host)} (${answer.status} ${answer.error})`;
  const way = stream === null ? `the route ${JSON.stringify(route)}` : 'the connection';
  switch (target?.kind) {
    case 'cluster':
      return `${way} ${stream === null ? 'leads' : 'is relayed'} to cluster ${target.cluster}`;
    case 'handler':
      return `${way} leads to handler ${target.handler}`;
    case 'redirect':
      return `${way} redirects to ${target.to} (${target.status})`;
    default:
      return `${way} answers ${answer?.status}`;
  }
}
