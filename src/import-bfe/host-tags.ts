import { coversHost } from '../config/host-name.ts';
import type { CallNode, ConditionNode } from '../route/condition/syntax-tree.ts';
import { both, call, either, opposite } from './condition-tree.ts';
import type { Products } from './products.ts';

/**
 * `req_host_tag_in("a|b")` by the hosts that have these tags; undefined for other primitives, a sentence when no host has them. A host
 * has the tag of the most specific entry: of what is below a wildcard of these tags, what belongs to other tags is taken out.
 */
export function hostTagCondition(
  { name, args }: CallNode,
  products: Products,
): ConditionNode | string | undefined {
  const [tags] = args;
  if (name !== 'req_host_tag_in' || tags?.kind !== 'text') return undefined;
  const wanted = new Set(tags.value.split('|'));
  const [ours, others]: [string[], string[]] = [[], []];
  for (const [host, tag] of products.tagOfHost) (wanted.has(tag) ? ours : others).push(host);
  const whole: string[] = [];
  const parts: ConditionNode[] = [];
  for (const host of ours) {
    const taken = hostCondition(others.filter((other) => coversHost(host, other)));
    if (taken === undefined) whole.push(host);
    else parts.push(both(hostCondition([host])!, opposite(taken)));
  }
  const simple = hostCondition(whole);
  const [first, ...rest] = simple === undefined ? parts : [simple, ...parts];
  return first === undefined ? `no host has the tag ${JSON.stringify(tags.value)}` : either([first, ...rest]);
}

function hostCondition(hosts: readonly string[]): ConditionNode | undefined {
  const exact = hosts.filter((host) => !host.startsWith('*.'));
  const suffixes = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
  const [first, ...rest] = [
    ...(exact.length === 0 ? [] : [call('req_host_in', exact.join('|'))]),
    ...(suffixes.length === 0 ? [] : [call('req_host_suffix_in', suffixes.join('|'))]),
  ];
  return first && either([first, ...rest]);
}
