/** Where a module stands, as far as its work depends on it. */
export interface ModuleContext {
  /** It is of the whole server, and runs whatever the request is: what it hangs on points before the tenant is known runs too. */
  readonly isServerWide: boolean;
  /** Senders who speak for others; CIDR blocks or single addresses. */
  readonly trustedProxies: readonly string[];
}
