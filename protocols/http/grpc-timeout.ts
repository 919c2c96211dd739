/**
 * The value of `grpc-timeout` in milliseconds, not rounded: one to eight digits and a unit (gRPC's PROTOCOL-HTTP2.md). Undefined
 * when it is anything else: then the call has no deadline that we know of.
 */
export function grpcTimeoutMs(value: string): number | undefined {
  const last = value.length - 1;
  if (last < 1 || last > MAX_DIGITS) return undefined;
  const unitMs = UNIT_MS.get(value[last]!);
  if (unitMs === undefined) return undefined;
  let count = 0;
  for (let i = 0; i < last; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return count * unitMs;
}

const MAX_DIGITS = 8;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);
