/**
 * An error as a sentence for people. What failed of the system is told by the file, if there is one, and the reason: no name of a
 * call, and no name of the file that is written first, under which nobody knows it.
 */
export function sentenceOf(error: unknown): string {
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return message.replace(/^.*: (address already in use)/, '$1');
  const reason = systemReason(code);
  if (reason === undefined) return message;
  return path === undefined ? reason : `${path.replace(/\.\d+\.tmp$/, '')}: ${reason}`;
}

/** What a code of the system means; undefined: to that only the system has words. */
export function systemReason(code: string): string | undefined {
  return REASONS.get(code);
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system takes no writes'],
  ['ENOSPC', 'the disk is full'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a file stands where a directory is needed'],
  ['EEXIST', 'a file stands where a directory is needed'],
  ['ENXIO', 'it is a socket, or a pipe that nobody reads'],
  ['ECONNREFUSED', 'connection refused'],
  ['ENOTFOUND', 'that host name is unknown'],
  ['EAI_AGAIN', 'that host name cannot be looked up'],
  ['EHOSTUNREACH', 'there is no way to that host'],
  ['ENETUNREACH', 'there is no way to that network'],
]);
