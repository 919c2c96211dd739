/**
 * The part of hpack.js that is used, which comes without types. `huffman` and `static-table` are data, and all that
 * Portico takes from it; the streams are for tests, as an independent second opinion.
 */
declare module 'hpack.js' {
  import type { Buffer } from 'node:buffer';

  interface TableOptions {
    /** Bytes. Its README says `size`, which nothing reads: the table would then grow without end. */
    readonly table: { readonly maxSize: number };
  }

  interface HeaderToEncode {
    readonly name: string;
    readonly value: string;
    readonly neverIndex?: boolean;
    readonly incremental?: boolean;
    readonly huffman?: boolean;
  }

  interface DecodedHeader {
    readonly name: string;
    readonly value: string;
    readonly neverIndex: boolean;
  }

  interface Compressor {
    write(headers: readonly HeaderToEncode[]): boolean;
    read(): Buffer | null;
    reset(): void;
    updateTableSize(bytes: number): void;
  }

  interface Decompressor {
    write(block: Buffer): boolean;
    execute(): void;
    read(): DecodedHeader | null;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  const hpack: {
    /** [bits, code] of each octet, and of the end-of-string symbol at 256. */
    readonly huffman: { readonly encode: readonly (readonly [number, number])[] };
    readonly 'static-table': {
      readonly table: readonly { readonly name: string; readonly value: string }[];
      readonly map: Record<string, { readonly values: Record<string, number> }>;
    };
    readonly compressor: { create(options: TableOptions): Compressor };
    readonly decompressor: { create(options: TableOptions): Decompressor };
  };
  export = hpack;
}
