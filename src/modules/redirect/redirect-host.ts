import { isValidAuthority } from '../../../protocols/http/authority.ts';

/**
 * Whether somebody may be sent there: host and port as they may stand in a URL, and no label of the name is empty, which is what is left
 * where a variable stands for nothing.
 */
export function isRedirectHost(authority: string): boolean {
  return isValidAuthority(authority) && !authority.startsWith('.') && !authority.includes('..');
}
