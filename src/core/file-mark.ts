/** What a file's status says of it, to the nanosecond. */
interface FileNumbers {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Changes whenever the content of a file does: which file it is, its size, and both times. */
export function fileMark({ dev, ino, size, mtimeNs, ctimeNs }: FileNumbers): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
