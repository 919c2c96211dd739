/** What a client begins with (RFC 9113, section 3.4): a request that no HTTP/1 server would take, so that it is noticed. */
export const CLIENT_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
