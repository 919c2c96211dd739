import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import { UNSHARED } from '../../protocols/http/output.ts';
import type { Exchange } from '../core/exchange.ts';

/** What an instance has sent behind a head that a module still thinks about: what one read brings, because it is not read on. */
export class HeldResponse {
  readonly isUpgrade: boolean;
  /** Of the end; undefined: there is more to come. */
  trailers: HeaderList | undefined = undefined;
  #pieces: Buffer[] = [];

  constructor(isUpgrade: boolean) {
    this.isUpgrade = isUpgrade;
  }

  /** As a sink's `responseData`. */
  hold(bytes: Buffer, start: number, end: number): false {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    return false;
  }

  /** False: the client has to take it before there is more. */
  writeTo(exchange: Exchange): boolean {
    let mayGoOn = true;
    for (const piece of this.#pieces) mayGoOn = exchange.write(piece, 0, piece.length, UNSHARED);
    this.#pieces = [];
    return mayGoOn;
  }
}
