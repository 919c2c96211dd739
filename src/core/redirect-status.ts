/** What somebody can be sent elsewhere with: by a route, a module or a handler (RFC 9110, section 15.4). */
export const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;

export type RedirectStatus = (typeof REDIRECT_STATUSES)[number];
