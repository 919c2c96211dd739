/**
 * Chooses the protocol of a connection (RFC 7301, section 3.2), in the server's order of preference.
 *
 * A client that offers nothing speaks HTTP/1.1, as it did before there was ALPN, and who speaks HTTP/1.1 understands
 * HTTP/1.0. But where streams are all there is, it can only want one: few clients of other protocols know ALPN.
 * `undefined` means that there is no common protocol: the handshake must end with the alert no_application_protocol.
 */
export function chooseProtocol<P extends string>(
  offered: readonly string[],
  allowed: readonly P[],
): P | undefined {
  if (offered.length === 0 && allowed.length === 1 && (allowed[0] as string) === 'stream') return allowed[0];
  const speaksHttp1 = offered.length === 0 || offered.includes('http/1.0');
  return allowed.find(
    (protocol) => offered.includes(protocol) || (speaksHttp1 && (protocol as string) === 'http/1.1'),
  );
}

/** The name that confirms the choice to the client: one that it offered; '' when it offered none. */
export function confirmedName(offered: readonly string[], chosen: string): string {
  if (offered.length === 0) return '';
  return offered.includes(chosen) ? chosen : 'http/1.0';
}
