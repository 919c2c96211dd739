/** The blocks of one kind in a PEM file, in order and with their borders; text around them is ignored, as OpenSSL does. */
export function splitPem(text: string, label: string): string[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: string[] = [];
  let from = text.indexOf(begin);
  while (from >= 0) {
    const to = text.indexOf(end, from);
    if (to < 0) break;
    blocks.push(`${text.slice(from, to + end.length)}\n`);
    from = text.indexOf(begin, to);
  }
  return blocks;
}

/** Wraps DER as one PEM block (RFC 7468: base64 in lines of 64). */
export function encodePem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
