import { request } from 'node:http';

/** Posts an OCSPRequest (RFC 6960, appendix A.1). Resolves with the body of the answer, or with the reason why there is none. Never rejects. */
export function fetchOcsp(url: string, body: Buffer, maxBytes: number): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const failed = (error: Error): void =>
      resolve(signal.aborted ? `no answer for ${TIMEOUT_MS / 1000} s` : error.message);
    try {
      const headers = { 'content-type': 'application/ocsp-request', 'content-length': body.length };
      const call = request(url, { method: 'POST', headers, agent: false, signal }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', failed);
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= maxBytes) {
            chunks.push(chunk);
            return;
          }
          resolve(`the answer has more than ${maxBytes} bytes`);
          call.destroy();
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks));
          else resolve(`the responder answers ${response.statusCode}`);
        });
      });
      call.on('error', failed);
      call.end(body);
    } catch (error) {
      // What the certificate calls an address is none.
      failed(error as Error);
    }
  });
}

/** Of the whole exchange. */
const TIMEOUT_MS = 10_000;
