/**
 * What can be wrong with a header block. Each is a COMPRESSION_ERROR, which ends the connection (RFC 9113, section 4.3): from
 * there on the two tables can no longer be known to be equal. The texts are for people and never hold the peer's bytes.
 */
export const HPACK_RULES = {
  'index-zero': 'a field refers to index 0',
  'index-out-of-range': 'a field refers to an entry that neither table has',
  'integer-too-large': 'an integer takes more than four continuation octets',
  truncated: 'the header block ends within a field',
  'bad-huffman': 'a Huffman-coded string holds the end-of-string symbol or ends in wrong padding',
  'late-size-update': 'a table size update behind the first field of a block',
  'too-many-size-updates': 'more than two table size updates in a block',
  'size-update-too-large': 'a table size update above the acknowledged SETTINGS_HEADER_TABLE_SIZE',
} as const;

export type HpackRule = keyof typeof HPACK_RULES;
