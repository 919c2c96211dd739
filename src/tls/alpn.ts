/**
 * Chooses the protocol of a connection (RFC 7301, section 3.2), in the server's order of preference.
 *
 * A client that offers nothing speaks HTTP/1.1, as it did before there was ALPN. `undefined` means that there is no
 * common protocol: the handshake must end with the alert no_application_protocol. To a client that offered nothing
 * no protocol is confirmed, whatever this answers.
 */
export function chooseProtocol<P extends string>(
  offered: readonly string[],
  allowed: readonly P[],
): P | undefined {
  const wanted = offered.length === 0 ? ['http/1.1'] : offered;
  return allowed.find((protocol) => wanted.includes(protocol));
}
