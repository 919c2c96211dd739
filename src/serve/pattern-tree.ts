import { decodeSegment, type Pattern } from './pattern.ts';

/** What a request has matched. */
export interface PatternMatch<T> {
  readonly pattern: Pattern;
  readonly value: T;
  /** Of the wildcards, in their order, with percent-encoding undone. */
  readonly values: readonly string[];
}

/**
 * Patterns by host, method and segments. A lookup tries the literal child, then the wildcard, then the rest, and goes back where it
 * was wrong; among patterns without conflicts that finds the most specific one.
 */
export class PatternTree<T> {
  readonly #hosts: Map<string, Map<string, Node<T>>> = new Map();

  add(pattern: Pattern, value: T): void {
    const methods = getOrAdd(this.#hosts, pattern.host, () => new Map<string, Node<T>>());
    let node = getOrAdd(methods, pattern.method, () => new Node<T>());
    for (const { kind, text } of pattern.segments) node = node.child(kind, text);
    node.leaf = { pattern, value };
  }

  /** `host` lower-case without port; `path` begins with a slash and may be percent-encoded. */
  match(host: string, method: string, path: string): PatternMatch<T> | undefined {
    const ofHost = host === '' ? undefined : this.#hosts.get(host);
    return matchMethod(ofHost, method, path) ?? matchMethod(this.#hosts.get(''), method, path);
  }

  /** Methods that something would answer for this path, sorted; for 405. */
  allowedMethods(host: string, path: string): string[] {
    const allowed = new Set<string>();
    for (const methods of [this.#hosts.get(host), this.#hosts.get('')]) {
      for (const [method, node] of methods ?? []) {
        if (method !== '' && matchPath(node, path, 1, []) !== undefined) allowed.add(method);
      }
    }
    if (allowed.has('GET')) allowed.add('HEAD');
    return [...allowed].sort();
  }
}

interface Leaf<T> {
  readonly pattern: Pattern;
  readonly value: T;
}

class Node<T> {
  leaf: Leaf<T> | undefined = undefined;
  readonly literals: Map<string, Node<T>> = new Map();
  end: Node<T> | undefined = undefined;
  wildcard: Node<T> | undefined = undefined;
  rest: Node<T> | undefined = undefined;

  child(kind: 'literal' | 'end' | 'wildcard' | 'rest', text: string): Node<T> {
    if (kind === 'literal') return getOrAdd(this.literals, text, () => new Node<T>());
    this[kind] ??= new Node<T>();
    return this[kind];
  }
}

function matchMethod<T>(
  methods: ReadonlyMap<string, Node<T>> | undefined,
  method: string,
  path: string,
): PatternMatch<T> | undefined {
  if (methods === undefined) return undefined;
  const candidates = method === 'HEAD' ? ['HEAD', 'GET', ''] : [method, ''];
  for (const candidate of candidates) {
    const node = methods.get(candidate);
    const values: string[] = [];
    const leaf = node && matchPath(node, path, 1, values);
    if (leaf !== undefined) return { ...leaf, values };
  }
  return undefined;
}

/** `at`: behind the slash that begins the next segment. `values` ends as it began where nothing matches. */
function matchPath<T>(node: Node<T>, path: string, at: number, values: string[]): Leaf<T> | undefined {
  if (at > path.length) return node.leaf;
  const slash = path.indexOf('/', at);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(at, end);
  const isEnd = segment === '' && slash < 0;
  const literal = isEnd ? node.end : node.literals.get(decodeSegment(segment));
  const found = literal && matchPath(literal, path, end + 1, values);
  if (found !== undefined) return found;
  if (node.wildcard !== undefined && segment !== '') {
    values.push(decodeSegment(segment));
    const below = matchPath(node.wildcard, path, end + 1, values);
    if (below !== undefined) return below;
    values.pop();
  }
  const leaf = node.rest?.leaf;
  // A trailing slash has no name, and its rest no place among the values.
  if (leaf !== undefined && leaf.pattern.segments.at(-1)!.text !== '')
    values.push(decodeSegment(path.slice(at)));
  return leaf;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
