/**
 * Reads the PROXY header that opens a connection, however it is cut, and says where it ends:
 *
 *   first byte ─┬─ P ─► `PROXY ` ─► line ─► CRLF ─► header
 *               └─ CR ─► signature ─► fixed part ─► addresses kept, the rest checked ─► header
 *
 * What is known to be wrong is said at the byte that makes it so, and the answer never depends on how the input was cut. At most a
 * line of 107 bytes is kept.
 */
import { Buffer } from 'node:buffer';
import { AdditionalFields } from './additional-fields.ts';
import {
  type BinaryPlan,
  fieldsOffset,
  MAX_KEPT_BYTES,
  readBinaryForm,
  readBinaryPlan,
} from './binary-form.ts';
import { type HeaderFault, type HeaderRule, headerFault } from './errors.ts';
import { BINARY_FIXED_BYTES, BINARY_SIGNATURE, type ProxyHeader, TEXT_PREFIX } from './header.ts';
import { MAX_LINE_BYTES } from './limits.ts';
import { readTextForm } from './text-form.ts';

export type ProxyHeaderResult =
  | { readonly kind: 'need-more' }
  /** `consumed`: bytes of the last chunk that belong to the header; what stands behind them is the protocol's. */
  | { readonly kind: 'header'; readonly header: ProxyHeader; readonly consumed: number }
  | { readonly kind: 'malformed'; readonly fault: HeaderFault };

export class ProxyHeaderParser {
  /** The line so far, or the fixed part and the addresses. */
  readonly #kept: Buffer = Buffer.allocUnsafe(Math.max(MAX_LINE_BYTES, MAX_KEPT_BYTES));
  #length = 0;
  /** Version 2, once its fixed part is whole; and how much of the rest has not come yet. */
  #plan: BinaryPlan | undefined = undefined;
  #left = 0;
  /** Those behind the addresses. */
  #fields: AdditionalFields | undefined = undefined;
  #done = false;

  /** Takes the next bytes of the connection. After any answer but `need-more`, calling it again is a fault of the caller. */
  receive(chunk: Uint8Array): ProxyHeaderResult {
    if (this.#done) throw new Error('the PROXY header has been read already');
    const result = this.#parse(chunk);
    this.#done = result.kind !== 'need-more';
    return result;
  }

  #parse(chunk: Uint8Array): ProxyHeaderResult {
    let at = 0;
    while (at < chunk.length) {
      if (this.#plan !== undefined) return this.#takeBlock(this.#plan, chunk, at);
      this.#kept[this.#length++] = chunk[at++]!;
      const rule = this.#isText() ? this.#judgeText() : this.#judgeBinary();
      if (rule === 'line-complete') return this.#line(at);
      if (typeof rule === 'string') return malformed(headerFault(rule));
      if (rule !== undefined) return malformed(rule);
    }
    return this.#plan?.length === 0 ? this.#takeBlock(this.#plan, chunk, at) : NEED_MORE;
  }

  #isText(): boolean {
    return this.#kept[0] === TEXT_PREFIX[0];
  }

  /** Judges the byte that came last. */
  #judgeText(): HeaderRule | 'line-complete' | undefined {
    const last = this.#length - 1;
    const byte = this.#kept[last];
    if (last < TEXT_PREFIX.length) return byte === TEXT_PREFIX[last] ? undefined : 'not-a-header';
    // One hop would see the end of the line where another does not.
    if ((byte === LF) !== (this.#kept[last - 1] === CR)) return 'bare-line-end';
    if (byte === LF) return 'line-complete';
    return this.#length === MAX_LINE_BYTES ? 'line-too-long' : undefined;
  }

  #judgeBinary(): HeaderRule | HeaderFault | undefined {
    const last = this.#length - 1;
    if (last < BINARY_SIGNATURE.length)
      return this.#kept[last] === BINARY_SIGNATURE[last] ? undefined : 'not-a-header';
    if (this.#length < BINARY_FIXED_BYTES) return undefined;
    const plan = readBinaryPlan(this.#kept);
    if ('rule' in plan) return plan;
    this.#plan = plan;
    this.#left = plan.length;
    return undefined;
  }

  #line(consumed: number): ProxyHeaderResult {
    const header = readTextForm(this.#kept.toString('latin1', TEXT_PREFIX.length, this.#length - 2));
    return 'rule' in header ? malformed(header) : { kind: 'header', header, consumed };
  }

  #takeBlock(plan: BinaryPlan, chunk: Uint8Array, at: number): ProxyHeaderResult {
    const end = Math.min(chunk.length, at + this.#left);
    const kept = Math.min(end - at, MAX_KEPT_BYTES - this.#length);
    this.#kept.set(chunk.subarray(at, at + kept), this.#length);
    this.#length += kept;
    const offset = fieldsOffset(plan);
    const fieldsAt = at + Math.max(0, offset - (plan.length - this.#left));
    this.#left -= end - at;
    if (fieldsAt < end) {
      const before = this.#kept.subarray(0, BINARY_FIXED_BYTES + offset);
      this.#fields ??= new AdditionalFields(before, plan.length - offset);
      const rule = this.#fields.take(chunk, fieldsAt, end);
      if (rule !== undefined) return malformed(headerFault(rule));
    }
    if (this.#left > 0) return NEED_MORE;
    return { kind: 'header', header: readBinaryForm(this.#kept, plan.addressBytes), consumed: end };
  }
}

function malformed(fault: HeaderFault): ProxyHeaderResult {
  return { kind: 'malformed', fault };
}

const NEED_MORE: ProxyHeaderResult = Object.freeze({ kind: 'need-more' });
const CR = 0x0d;
const LF = 0x0a;
