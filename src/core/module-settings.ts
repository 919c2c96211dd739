import type { RedirectStatus } from './redirect-status.ts';

/** A module as the configuration names it, in its place among others. */
export interface ModuleEntrySettings {
  /** Where it stands, for messages: `tenants.shop.modules[0]`. */
  readonly place: string;
  /** The condition under which it runs; undefined: always. */
  readonly when?: string | undefined;
  readonly module: ModuleSettings;
}

export type ModuleSettings =
  | HeadersSettings
  | BlockSettings
  | RedirectSettings
  | RewriteSettings
  | RespondSettings
  | TagSettings
  | UseSettings;

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

/** Sends clients elsewhere. What is not given of the pieces is kept from the request. */
export interface RedirectSettings {
  readonly kind: 'redirect';
  readonly status: RedirectStatus;
  readonly to: RedirectTarget;
}

export type RedirectTarget =
  /** A template: an http or https URL, or a path on the same host. */
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'pieces';
      readonly scheme: 'http' | 'https' | undefined;
      /** Template, without port. */
      readonly host: string | undefined;
      /** Undefined: that of the request while neither scheme nor host changes, else that of the scheme. */
      readonly port: number | undefined;
      /** Template. */
      readonly path: string | undefined;
      /** Template without `?`; '' for none. */
      readonly query: string | undefined;
    };

/** Another host, path or query for the backend; in the order of the fields here. */
export interface RewriteSettings {
  readonly kind: 'rewrite';
  /** Template of host and optional port. */
  readonly host: string | undefined;
  /** Template, without query. */
  readonly path: string | undefined;
  /** Begins with a slash and does not end with one, as `addPrefix`. */
  readonly trimPrefix: string | undefined;
  readonly replace: { readonly pattern: string; readonly with: string } | undefined;
  readonly addPrefix: string | undefined;
  readonly query: QueryChanges;
}

/** In the order of the fields here; names are compared decoded. */
export interface QueryChanges {
  /** Names of the only ones that stay; undefined: all stay. */
  readonly keep: readonly string[] | undefined;
  readonly delete: readonly string[];
  readonly rename: readonly (readonly [from: string, to: string])[];
  /** Name, template. */
  readonly add: readonly (readonly [name: string, template: string])[];
}

/** A fixed answer. */
export interface RespondSettings {
  readonly kind: 'respond';
  readonly status: number;
  /** Lower-case name, value. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Marks for the access log and for modules behind: name, template. */
export interface TagSettings {
  readonly kind: 'tag';
  readonly tags: readonly (readonly [name: string, template: string])[];
}

/** A module from a file that exports a `moduleKind` (src/core/module-kind.ts). */
export interface UseSettings {
  readonly kind: 'use';
  /** Absolute. */
  readonly file: string;
  /** JSON-able; undefined when none are given. */
  readonly with: unknown;
}
