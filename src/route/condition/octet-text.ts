/**
 * Texts with one character per octet, as heads are read (latin-1). What a configuration writes is UTF-8 on the wire, so it is
 * brought into this form once, and compared as it is.
 */
export function toOctets(text: string): string {
  if (isAscii(text)) return text;
  let octets = '';
  for (const byte of new TextEncoder().encode(text)) octets += String.fromCharCode(byte);
  return octets;
}

/** The characters that the octets mean as UTF-8; what is none becomes U+FFFD. */
export function fromOctets(octets: string): string {
  if (isAscii(octets)) return octets;
  const bytes = new Uint8Array(octets.length);
  for (let i = 0; i < octets.length; i++) bytes[i] = octets.charCodeAt(i);
  return DECODER.decode(bytes);
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Lower-case for ASCII letters only. Octets above 7F are parts of characters: changing one would make another character of it.
 */
export function foldCase(octets: string): string {
  let hasUpper = false;
  let hasOther = false;
  for (let i = 0; i < octets.length; i++) {
    const code = octets.charCodeAt(i);
    if (code > 0x7f) hasOther = true;
    else if (code >= 0x41 && code <= 0x5a) hasUpper = true;
  }
  if (!hasUpper) return octets;
  return hasOther ? foldAscii(octets) : octets.toLowerCase();
}

function foldAscii(octets: string): string {
  let folded = '';
  for (const char of octets) folded += char <= '\x7f' ? char.toLowerCase() : char;
  return folded;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
