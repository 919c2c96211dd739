/** What can be wrong with bytes that must be a PROXY header: the rule that was broken, and what to say of it. */
export interface HeaderFault {
  readonly rule: HeaderRule;
  /** What was seen, for people; never holds the peer's bytes. */
  readonly detail: string;
}

export type HeaderRule = keyof typeof RULES;

const RULES = {
  'not-a-header': 'the first bytes are not a PROXY header',
  // version 1
  'line-too-long': 'a PROXY line without an end in its first 107 bytes',
  'bare-line-end': 'a CR or LF alone in a PROXY line',
  'unknown-protocol': 'a PROXY line for neither TCP4, TCP6 nor UNKNOWN',
  'bad-line': 'a PROXY line that is not two addresses and two ports',
  'bad-address': 'a PROXY line with an address that is none of its family',
  'bad-port': 'a PROXY line with a port that is none',
  // version 2
  'unknown-version': 'a PROXY header of a version other than 2',
  'unknown-command': 'a PROXY header with a command other than LOCAL and PROXY',
  'unknown-family': 'a PROXY header of an unknown address family or transport',
  'block-too-long': 'a PROXY header with more than 16 KiB behind its fixed part',
  'truncated-addresses': 'a PROXY header that is too short for its addresses',
  'bad-field': 'a PROXY header whose fields behind the addresses do not fill it',
  'bad-checksum': 'a PROXY header that its checksum does not fit',
} as const satisfies Record<string, string>;

/** One shared frozen value per rule: a flood of bad headers makes no garbage. */
const FAULTS: ReadonlyMap<HeaderRule, HeaderFault> = new Map(
  (Object.keys(RULES) as HeaderRule[]).map((rule) => [rule, Object.freeze({ rule, detail: RULES[rule] })]),
);

export function headerFault(rule: HeaderRule): HeaderFault {
  return FAULTS.get(rule)!;
}
