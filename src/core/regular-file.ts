/** What a file's status says of its kind. */
interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
}

/**
 * Why something cannot be read as a file; undefined: it can be tried. To open a pipe waits for who writes it, and to read one, or a
 * device, may never end. To read a directory fails by itself.
 */
export function endlessFault(kind: FileKind): string | undefined {
  if (kind.isFile() || kind.isDirectory()) return undefined;
  return 'it is a pipe, a socket or a device, and must be a regular file';
}
