/**
 * What can be wrong with bytes that claim to open a TLS connection. A fault names the rule that was broken and the
 * alert that TLS prescribes for it (RFC 8446, section 6), which `encodeAlert` in record.ts puts on the wire.
 */
export interface HelloFault {
  readonly rule: HelloRule;
  /** AlertDescription. */
  readonly alert: number;
  /** What was seen, for people; never holds the peer's bytes. */
  readonly detail: string;
}

export type HelloRule = keyof typeof RULES;

/** AlertDescription values (RFC 8446, section 6) that an opening can lead to. */
export const ALERT = Object.freeze({
  unexpectedMessage: 10,
  recordOverflow: 22,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
});

const RULES = {
  // records
  'sslv2-hello': [ALERT.protocolVersion, 'an SSLv2 hello; TLS 1.2 is the oldest version spoken here'],
  'record-type': [
    ALERT.unexpectedMessage,
    'a record that is not a handshake record, before the ClientHello is whole',
  ],
  'alert-received': [ALERT.unexpectedMessage, 'the client sent an alert instead of a ClientHello'],
  'record-too-large': [ALERT.recordOverflow, 'a record is larger than 16 KiB'],
  'empty-record': [ALERT.unexpectedMessage, 'a handshake record without content'],
  'too-many-records': [ALERT.decodeError, 'the ClientHello is cut into too many records'],
  // the handshake message
  'message-type': [ALERT.unexpectedMessage, 'the first handshake message is not a ClientHello'],
  'hello-too-large': [ALERT.illegalParameter, 'the ClientHello is larger than 16 KiB'],
  'extra-handshake-data': [
    ALERT.unexpectedMessage,
    'a handshake message follows the ClientHello in its record',
  ],
  'truncated-hello': [ALERT.decodeError, 'the ClientHello ends inside a field'],
  'bad-version': [ALERT.protocolVersion, 'the version of the ClientHello is not one of TLS'],
  'bad-session-id': [ALERT.decodeError, 'the session id is longer than 32 bytes'],
  'bad-cipher-suites': [ALERT.decodeError, 'the list of cipher suites is empty or cut'],
  'bad-compression': [ALERT.illegalParameter, 'the compression methods do not hold null'],
  'bad-extensions-length': [ALERT.decodeError, 'the extensions do not fill the ClientHello exactly'],
  // extensions
  'duplicate-extension': [ALERT.illegalParameter, 'an extension is repeated'],
  'misplaced-pre-shared-key': [ALERT.illegalParameter, 'pre_shared_key is not the last extension'],
  'bad-server-name': [ALERT.decodeError, 'server_name is not a list of exactly one host name'],
  'bad-alpn': [ALERT.decodeError, 'the ALPN list is malformed'],
  'bad-supported-versions': [ALERT.decodeError, 'the list of supported versions is malformed'],
  'bad-supported-groups': [ALERT.decodeError, 'the list of supported groups is malformed'],
  'bad-signature-algorithms': [ALERT.decodeError, 'the list of signature algorithms is malformed'],
} as const satisfies Record<string, readonly [number, string]>;

/** One shared frozen value per rule: making a fault costs nothing, so a flood of bad hellos does not either. */
const FAULTS: ReadonlyMap<HelloRule, HelloFault> = new Map(
  (Object.keys(RULES) as HelloRule[]).map((rule) => {
    const [alert, detail] = RULES[rule];
    return [rule, Object.freeze({ rule, alert, detail })];
  }),
);

export function helloFault(rule: HelloRule): HelloFault {
  return FAULTS.get(rule)!;
}
