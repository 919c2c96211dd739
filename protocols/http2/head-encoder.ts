import type { Buffer } from 'node:buffer';
import { HpackEncoder } from '../hpack/encoder.ts';
import { INDEXING, type Indexing } from '../hpack/indexing.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { ResponseHead } from '../http/message.ts';
import { BlockMemory } from './block-memory.ts';
import { HEADER_TABLE_BYTES } from './limits.ts';

/** An encoded header block: buffer[0, length), until the next one is encoded. */
export interface EncodedBlock {
  readonly buffer: Buffer;
  readonly length: number;
}

/** What a request is encoded from; the same object for every repetition of it. */
export interface RequestFields {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
  /** Without pseudo-header fields, Host and framing. */
  readonly headers: HeaderList;
  /** -1: not known. */
  readonly bodyLength: number;
  /** `:protocol` of an extended CONNECT (RFC 8441), or ''. */
  readonly protocol: string;
  /** Names that must never be entered into a table. */
  readonly neverIndexed: ReadonlySet<string> | undefined;
}

/** Header lists to header blocks of one connection; what repeats is encoded once. */
export class HeadEncoder {
  readonly #hpack = new HpackEncoder(HEADER_TABLE_BYTES);
  readonly #memory = new BlockMemory();
  /** A change of the table's size is to be told at the start of the next block, which therefore must not be an old one. */
  #sizeUpdateDue = false;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    this.#hpack.limitTable(bytes);
    this.#sizeUpdateDue = true;
  }

  response(head: ResponseHead): EncodedBlock {
    return this.#remembered(head) ?? this.#encode(head, () => this.#writeResponse(head));
  }

  /** `id` becomes x-request-id, '' leaves it out: it differs each time, so it comes behind what is remembered. */
  request(fields: RequestFields, id: string): EncodedBlock {
    const hpack = this.#hpack;
    const known = this.#remembered(fields);
    if (known === undefined) this.#encode(fields, () => this.#writeRequest(fields));
    else hpack.replay(known.buffer, known.length);
    if (id !== '') hpack.field('x-request-id', id, INDEXING.plain);
    return hpack;
  }

  /** Nobody tells which of them came never-indexed: a trailer section has no head to keep that on. */
  trailers(trailers: HeaderList): EncodedBlock {
    this.#begin();
    this.#hpack.list(trailers, undefined);
    return this.#hpack;
  }

  #remembered(head: object): EncodedBlock | undefined {
    return this.#sizeUpdateDue ? undefined : this.#memory.find(head, this.#hpack.generation);
  }

  /** Keeps the block when it has left the table as it was: then its octets mean the same the next time. */
  #encode(head: object, write: () => void): EncodedBlock {
    const hpack = this.#hpack;
    const { generation } = hpack;
    const isKept = !this.#sizeUpdateDue;
    this.#begin();
    write();
    if (isKept && hpack.generation === generation)
      this.#memory.keep(head, generation, hpack.buffer, hpack.length);
    return hpack;
  }

  #begin(): void {
    this.#sizeUpdateDue = false;
    this.#hpack.begin();
  }

  #writeResponse({ status, headers, bodyLength, neverIndexed }: ResponseHead): void {
    const hpack = this.#hpack;
    hpack.field(':status', String(status), INDEXING.index);
    // The protocols that 426 asks for are HTTP/1.1's to name: Upgrade is no field of HTTP/2 (RFC 9113, section 8.2.2).
    hpack.list(status === 426 ? withoutUpgrade(headers) : headers, neverIndexed);
    // RFC 9110, section 8.6: none in 1xx and 204.
    if (bodyLength >= 0 && status >= 200 && status !== 204)
      hpack.field('content-length', String(bodyLength), INDEXING.plain);
  }

  #writeRequest(fields: RequestFields): void {
    const hpack = this.#hpack;
    const secrets = fields.neverIndexed;
    this.#writePseudo(':method', fields.method, INDEXING.index, secrets);
    if (fields.protocol !== '') this.#writePseudo(':protocol', fields.protocol, INDEXING.index, secrets);
    this.#writePseudo(':scheme', fields.scheme, INDEXING.index, secrets);
    this.#writePseudo(':authority', fields.authority, INDEXING.index, secrets);
    this.#writePseudo(':path', fields.path, INDEXING.plain, secrets);
    hpack.list(fields.headers, secrets);
    if (fields.bodyLength > 0) hpack.field('content-length', String(fields.bodyLength), INDEXING.plain);
  }

  #writePseudo(
    name: string,
    value: string,
    indexing: Indexing,
    secrets: ReadonlySet<string> | undefined,
  ): void {
    this.#hpack.field(name, value, secrets?.has(name) === true ? INDEXING.never : indexing);
  }
}

function withoutUpgrade(headers: HeaderList): HeaderList {
  return headers.filter((_, i) => headers[i - (i % 2)] !== 'upgrade');
}
