/**
 * Values by routing path: exact paths, and prefixes of whole segments (`/a/*` stands for `/a`, `/a/` and `/a/x`, never
 * for `/ab`; `/*` for every path). Exact wins over prefix, the longest prefix wins over shorter ones.
 *
 * A trie with one Map per segment: it stops at the first segment that no pattern has, so a path of thousands of
 * segments costs no more than the deepest pattern. Cutting whole prefixes and looking them up in one Map measured 1.2 to
 * 2.4 times slower, 12 times on a path of 26 segments.
 */
export class PathTable<T> {
  readonly #root: PathNode<T> = createNode();

  /**
   * False, and nothing changes, when the pattern is there already: the first one stays. Throws when the pattern does not
   * begin with `/`.
   */
  add(pattern: string, value: T): boolean {
    if (pattern.charCodeAt(0) !== SLASH) throw new Error(`path pattern without leading slash: ${pattern}`);
    const isPrefix = pattern.endsWith('/*');
    let node = this.#root;
    for (const segment of (isPrefix ? pattern.slice(0, -2) : pattern).split('/').slice(1)) {
      node = childOf(node, segment);
    }
    if ((isPrefix ? node.prefix : node.exact) !== undefined) return false;
    if (isPrefix) node.prefix = value;
    else node.exact = value;
    return true;
  }

  /** `path` is a routing path; what does not begin with `/` (`*`, '') matches nothing. */
  lookup(path: string): T | undefined {
    if (path.charCodeAt(0) !== SLASH) return undefined;
    let node = this.#root;
    let best = node.prefix;
    let start = 1;
    while (node.children !== undefined) {
      const slash = path.indexOf('/', start);
      const child = node.children.get(slash < 0 ? path.slice(start) : path.slice(start, slash));
      if (child === undefined) return best;
      if (child.prefix !== undefined) best = child.prefix;
      if (slash < 0) return child.exact ?? best;
      node = child;
      start = slash + 1;
    }
    return best;
  }

  /** The next less specific value for what `pattern`, which is in the table, takes in: the longest shorter prefix. */
  above(pattern: string): T | undefined {
    const isPrefix = pattern.endsWith('/*');
    const segments = (isPrefix ? pattern.slice(0, -2) : pattern).split('/').slice(1);
    let node = this.#root;
    let best: T | undefined;
    for (const segment of segments) {
      best = node.prefix ?? best;
      node = node.children!.get(segment)!;
    }
    return isPrefix ? best : (node.prefix ?? best);
  }
}

const SLASH = 0x2f;

interface PathNode<T> {
  exact: T | undefined;
  prefix: T | undefined;
  children: Map<string, PathNode<T>> | undefined;
}

function createNode<T>(): PathNode<T> {
  return { exact: undefined, prefix: undefined, children: undefined };
}

function childOf<T>(node: PathNode<T>, segment: string): PathNode<T> {
  node.children ??= new Map();
  let child = node.children.get(segment);
  if (child === undefined) {
    child = createNode();
    node.children.set(segment, child);
  }
  return child;
}
