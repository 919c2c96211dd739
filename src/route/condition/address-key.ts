/**
 * An IP address as a text of eight UTF-16 units, one for each group of an IPv6 address: keys compare with `<` in the order of
 * addresses. IPv4 is its mapped form (`::ffff:a.b.c.d`), so both spellings of an address are one.
 */
export type AddressKey = string;

/** Undefined when the text is not an IPv4 or IPv6 address: no brackets, no port, no zone, no leading zeros. */
export function readAddress(text: string): AddressKey | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  if (!text.includes(':')) return readIPv4(text, 0, MAPPED);
  const gap = text.indexOf('::');
  if (gap < 0) return completeGroups(readGroups(text));
  // A dotted address ends the whole text, not what stands before `::`.
  if (text.lastIndexOf('.', gap) >= 0) return undefined;
  const before = gap === 0 ? '' : readGroups(text.slice(0, gap));
  const rest = text.slice(gap + 2);
  const after = rest === '' ? '' : readGroups(rest);
  if (before === undefined || after === undefined) return undefined;
  // `::` stands for at least one group.
  const missing = 8 - before.length - after.length;
  return missing < 1 ? undefined : before + '\0'.repeat(missing) + after;
}

export function isIPv4Key(key: AddressKey): boolean {
  return key.startsWith(MAPPED);
}

/** Dotted for IPv4, else as RFC 5952, section 4, has it: lower-case, the first longest run of zeros as `::`. */
export function addressText(key: AddressKey): string {
  if (isIPv4Key(key)) {
    const high = key.charCodeAt(6);
    const low = key.charCodeAt(7);
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  }
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (key.charCodeAt(end) === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = Math.max(i, end - 1);
  }
  if (start < 0) return groupsText(key);
  return `${groupsText(key.slice(0, start))}::${groupsText(key.slice(start + length))}`;
}

/** `::ffff:255.255.255.255` written out: six groups of four digits and a dotted address. */
const MAX_ADDRESS_LENGTH = 45;
const MAPPED = '\0\0\0\0\0\uffff';
const DOT = 0x2e;

function completeGroups(groups: string | undefined): AddressKey | undefined {
  return groups?.length === 8 ? groups : undefined;
}

/** Groups of one to four hexadecimal digits with colons between them; the last may be a dotted IPv4 address. */
function readGroups(text: string): string | undefined {
  let key = '';
  let start = 0;
  for (;;) {
    const colon = text.indexOf(':', start);
    const end = colon < 0 ? text.length : colon;
    if (colon < 0 && text.includes('.', start)) return readIPv4(text, start, key);
    const group = readHex(text, start, end);
    if (group < 0) return undefined;
    key += String.fromCharCode(group);
    if (colon < 0) return key;
    start = colon + 1;
  }
}

function readHex(text: string, start: number, end: number): number {
  if (start === end || end - start > 4) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 0x20;
    if (code >= 0x30 && code <= 0x39) value = value * 16 + code - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return -1;
  }
  return value;
}

/** `before` and the two groups of text[start …], which is a dotted address to its end. */
function readIPv4(text: string, start: number, before: string): string | undefined {
  let address = 0;
  let at = start;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && text.charCodeAt(at++) !== DOT) return undefined;
    const first = at;
    let value = 0;
    while (at - first < 4) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at++;
    }
    // A leading zero means octal to some readers and decimal to others.
    if (at === first || value > 255 || (at - first > 1 && text.charCodeAt(first) === 0x30)) return undefined;
    address = address * 256 + value;
  }
  if (at !== text.length) return undefined;
  return before + String.fromCharCode(Math.floor(address / 65_536), address % 65_536);
}

function groupsText(groups: string): string {
  let text = '';
  for (let i = 0; i < groups.length; i++) text += (i === 0 ? '' : ':') + groups.charCodeAt(i).toString(16);
  return text;
}
