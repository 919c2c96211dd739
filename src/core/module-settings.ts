/** A module as the configuration names it, in its place among others. */
export interface ModuleEntrySettings {
  /** Where it stands, for messages: `tenants.shop.modules[0]`. */
  readonly place: string;
  /** The condition under which it runs; undefined: always. */
  readonly when?: string | undefined;
  readonly module: ModuleSettings;
}

export type ModuleSettings = HeadersSettings | BlockSettings;

/** Texts with variables are templates as written (src/template). */
export interface HeadersSettings {
  readonly kind: 'headers';
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

/** Carried out in the order of the fields here. All names are lower-case. */
export interface HeaderChanges {
  /** Old name, new name. */
  readonly rename: readonly (readonly [from: string, to: string])[];
  readonly delete: readonly string[];
  /** Name, template: in place of all fields of that name. */
  readonly set: readonly (readonly [name: string, template: string])[];
  /** Name, template: behind the fields of that name. */
  readonly add: readonly (readonly [name: string, template: string])[];
}

/** A request is blocked that matches every list which is not empty; not all are. */
export interface BlockSettings {
  readonly kind: 'block';
  /** CIDR blocks or single addresses. */
  readonly addresses: readonly string[];
  readonly methods: readonly string[];
  /** As those of routes. */
  readonly paths: readonly string[];
  readonly answer: 'refuse' | 'close';
}
