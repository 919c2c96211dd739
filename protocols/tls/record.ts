/**
 * The record layer, as far as the opening of a connection needs it (RFC 8446, section 5.1):
 *
 *   ContentType type (8) · ProtocolVersion legacy_record_version (16) · uint16 length · fragment
 *
 * The minor version is not looked at: clients write 3.1 or 3.3 there, and the RFC asks for it to be ignored.
 */
import { Buffer } from 'node:buffer';
import { type HelloFault, helloFault } from './errors.ts';
import { MAX_FRAGMENT_BYTES } from './limits.ts';

export const RECORD_HEADER_BYTES = 5;

/** ContentType (RFC 8446, section B.1). */
export const CONTENT_TYPE = Object.freeze({
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
});

/** Major version of every SSL 3.0 and TLS record. */
export const RECORD_MAJOR_VERSION = 3;

/**
 * Length of the fragment behind the five header bytes at `at`, or why they cannot belong to a ClientHello. That they
 * are a record's at all (type and major version) is for the caller to see.
 */
export function decodeHandshakeRecordLength(input: Uint8Array, at: number): number | HelloFault {
  const type = input[at]!;
  if (type === CONTENT_TYPE.alert) return helloFault('alert-received');
  if (type !== CONTENT_TYPE.handshake || input[at + 1] !== RECORD_MAJOR_VERSION)
    return helloFault('record-type');
  const length = input[at + 3]! * 256 + input[at + 4]!;
  if (length > MAX_FRAGMENT_BYTES) return helloFault('record-too-large');
  // Forbidden for handshake records (section 5.1); allowed, they would be work without progress.
  if (length === 0) return helloFault('empty-record');
  return length;
}

/** A fatal alert in a plaintext record: what a client whose hello is refused is told before the connection closes. */
export function encodeAlert(description: number): Buffer {
  return Buffer.from([CONTENT_TYPE.alert, RECORD_MAJOR_VERSION, 1, 0, 2, 2, description]);
}
