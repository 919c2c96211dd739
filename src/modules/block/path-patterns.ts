/** Paths as those of routes: `/a` is exactly that, `/a/*` all on or below it. */
export class PathPatterns {
  readonly #exact = new Set<string>();
  /** Without the star and the slash before it: `/a` of `/a/*`, '' of `/*`. */
  readonly #below: string[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (pattern.endsWith('/*')) this.#below.push(pattern.slice(0, -2));
      else this.#exact.add(pattern);
    }
  }

  get isEmpty(): boolean {
    return this.#exact.size + this.#below.length === 0;
  }

  /** `path` as routes are compared with it. */
  match(path: string): boolean {
    if (this.#exact.has(path)) return true;
    for (const top of this.#below) {
      if (path.startsWith(top) && (path.length === top.length || path[top.length] === '/')) return true;
    }
    return false;
  }
}
