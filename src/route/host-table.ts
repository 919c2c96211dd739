/** What a pattern leads to. */
export interface HostEntry<T> {
  /** As added: `shop.example.org` or `*.example.org`. */
  readonly pattern: string;
  readonly value: T;
}

/**
 * Values by host: exact names, and wildcards `*.suffix` that stand for one or more labels before the suffix (so
 * `*.example.org` is not `example.org` itself). The most specific pattern wins: the exact name, then the longest suffix.
 *
 * A lookup is one Map access for the name and one for each of its suffixes that could be a wildcard; the number of
 * patterns does not matter. Hosts are lower-case, without port and trailing dot (`authorityHost`).
 */
export class HostTable<T> {
  readonly #exact = new Map<string, HostEntry<T>>();
  /** By suffix, without `*.`. */
  readonly #wildcards = new Map<string, HostEntry<T>>();
  #longestSuffix = 0;

  /** False, and nothing changes, when the pattern is there already: the first one stays. */
  add(pattern: string, value: T): boolean {
    const isWildcard = pattern.startsWith('*.');
    const entries = isWildcard ? this.#wildcards : this.#exact;
    const key = isWildcard ? pattern.slice(2) : pattern;
    if (entries.has(key)) return false;
    entries.set(key, { pattern, value });
    if (isWildcard) this.#longestSuffix = Math.max(this.#longestSuffix, key.length);
    return true;
  }

  lookup(host: string): T | undefined {
    return this.match(host)?.value;
  }

  /** As `lookup`, with the pattern that matched. */
  match(host: string): HostEntry<T> | undefined {
    return this.#exact.get(host) ?? this.#matchWildcard(host);
  }

  /**
   * The next less specific entry: the longest wildcard that also covers everything `pattern` matches. Following it from
   * `match(host)` visits every entry for a host in order.
   */
  matchAbove(pattern: string): HostEntry<T> | undefined {
    return this.#matchWildcard(pattern.startsWith('*.') ? pattern.slice(2) : pattern);
  }

  #matchWildcard(host: string): HostEntry<T> | undefined {
    if (this.#longestSuffix === 0) return undefined;
    // Suffixes longer than any wildcard are not even cut out; at least one character stands before the dot.
    let dot = host.indexOf('.', Math.max(1, host.length - this.#longestSuffix - 1));
    while (dot >= 0) {
      const entry = this.#wildcards.get(host.slice(dot + 1));
      if (entry !== undefined) return entry;
      dot = host.indexOf('.', dot + 1);
    }
    return undefined;
  }
}
