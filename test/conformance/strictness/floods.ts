/** The part of docs/strictness.md that is not made from transcripts: what test/conformance/http2-floods.test.ts shows, in words. */
export const FLOODS = `
## Floods of HTTP/2

What is harmless once and a flood when it goes on is not refused but counted. Senseless work costs its connection points: an account of
\`http2.glitches\` (1000), all of which are forgiven within ten seconds, and two with each answer. A connection that has more is told GOAWAY
ENHANCE_YOUR_CALM, its streams are given up, here and at their backends, and nothing is read of what it still sends. It is closed a second
later: at once, and the client would begin anew with a fresh account, thousands of times a second.
\`test/conformance/http2-floods.test.ts\` sends each of these at full speed, beside a client that behaves and must not notice:

- **Pings** (CVE-2019-9512): a point each, beyond those that our data calls for (three for each DATA frame, for window updates and pings
  together). Ended after 1000.
- **Priorities** (CVE-2019-9513), PRIORITY and PRIORITY_UPDATE: a point each; they cost one look, for there is no tree. Ended after 1000.
- **Settings** (CVE-2019-9515): 2 points each. Ended after 500.
- **Empty frames** (CVE-2019-9518), DATA of padding alone and frames of unknown types among them: 2 points each. Ended after 500.
- **Window updates**, whatever the level: a point each, beyond what is called for. Ended after 1000. Windows that are opened by a byte at a
  time on 128 streams (CVE-2019-9511) let out a byte each, and are ended after 1000 as well.
- **Rapid resets** (CVE-2023-44487): 4 points for each stream that is reset before its answer is complete. Ended after 250. A request that
  is reset in the read that brought it is logged and counted, and never reaches for a backend; of any other, the request to the backend is
  given up with it.
- **Resets that we are made to send** (CVE-2019-9514, CVE-2025-8671), by malformed requests, windows of 0 or beyond 2^31-1, dependencies on
  itself, bodies longer than declared, DATA behind the end: 4 points each. Ended after 250.
- **Streams above \`http2.maxStreams\`**: refused, 4 points each. Ended after 250.
- **Header blocks without end** (CVE-2024-27983): ended by the 17th CONTINUATION, by more than \`limits.head\` and 64 KiB of them, or when
  \`clientHeader\` is over, whatever comes first. Nothing of them is decoded before.
- **Headers small on the wire and large in memory** (the HPACK bomb), **crumbs of cookies, fields of no length** (CVE-2019-9516): counted as
  decoded, 32 bytes and one of \`limits.headers\` for each, and answered 431. 200 bombs of 16 KiB that mean 45 MiB each leave 0.4 MiB.
- **128 streams with 57 KiB of headers each**, all open: 13 MiB, and nothing when they are gone.
- **Asking without reading** (CVE-2019-9517): when 512 KiB wait for a client nothing more is read from it, and after \`clientWrite\` without
  progress it is closed. Two million pings whose answers are not read hold 0.7 MiB.
- **Windows that stay closed** (CVE-2019-9511): a stream that has anything waiting has nothing read for it, so each holds what one read brings;
  a first read is 8 KiB, further ones are at most 256 KiB. After \`clientWrite\` without progress the stream is reset. Measured on 128
  streams: 33 MiB with windows of one byte, nearly all of it buffers that wait for the next read, and 42 MiB with windows of 64 KiB.
- **Sessions that are dropped**, with a stream open, by overflowing a window, or resetting a stream in the read that brings it
  (CVE-2026-21714, CVE-2025-23085, CVE-2026-56848): all are freed.

Not charged, because they cost no more than reading them: acknowledgements that were not asked for, GOAWAY, resets of closed streams.
\`test/conformance/http2-heavy-clients.test.ts\` shows who is not ended: a browser that gives up a hundred images at once, again and again; a
client that tells of each frame on both levels of flow control; one that measures its connection with a ping for each read; h2load with
\`-m 1000\`.

What a flood costs the latency of others is measured by \`node bench/floods.ts\`, beside nginx and HAProxy, on two cores. In the last
run the 99th percentile of the client that behaves was 0.8 to 1.6 ms during the six floods, which is 1.1 to 1.4 times that with the same flood
against another process on the same core, and 1.2 to 2.2 times that without a flood; single samples of four seconds have had 0.8 to 3.5
times. In an earlier run nginx had 0.8 to 456 ms, HAProxy 1.0 to 70. Resident memory stays where it was: 247 MiB before the first flood,
239 after the last. A client address has no limit of its own: what one address may open is a firewall's to say.
`;
