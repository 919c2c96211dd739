/** A line of a file, or undefined in place of one that is too long. */
export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  readonly text: string | undefined;
}

/** Cuts what is read into lines, without holding more than one of them. `maxBytes`: what is longer is passed over. */
export async function* readLines(
  source: AsyncIterable<Buffer | string>,
  maxBytes: number,
): AsyncGenerator<NumberedLine> {
  let number = 1;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (last: Buffer): NumberedLine => {
    const isTooLong = heldBytes + last.length > maxBytes;
    const text = isTooLong ? undefined : Buffer.concat([...held, last]).toString('utf8');
    held = [];
    heldBytes = 0;
    return { number: number++, text };
  };
  for await (const piece of source) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      yield take(chunk.subarray(start, end));
      start = end + 1;
    }
    heldBytes += chunk.length - start;
    if (heldBytes > maxBytes) held = [];
    else if (start < chunk.length) held.push(chunk.subarray(start));
  }
  if (heldBytes > 0) yield take(Buffer.alloc(0));
}

const LF = 0x0a;
