import { isValidAuthority } from '../../../protocols/http/authority.ts';

/**
 * Whether somebody may be sent there: host and port as they may stand in a URL, and no label of the name is empty, which is what is left
 * where a variable stands for nothing. Nor is anything escaped: who undoes that finds another host, and browsers find none.
 */
export function isRedirectHost(authority: string): boolean {
  return isValidAuthority(authority) && !/^\.|\.\.|%/.test(authority);
}
