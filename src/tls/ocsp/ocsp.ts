/** What takes node-forge to do, in one piece, so that it is loaded only where it is needed. */
export { judgeOcspResponse } from './judge-response.ts';
export { encodeOcspRequest } from './ocsp-request.ts';
export { MAX_RESPONSE_BYTES } from './ocsp-response.ts';
