import type { ConditionTrace, PrimitiveTrace } from '../route/condition/condition-trace.ts';

/** A trace with what was seen in a form that can be shown: clients choose it. */
export function shownCondition(trace: ConditionTrace): ConditionTrace {
  switch (trace.kind) {
    case 'primitive':
      return { ...trace, saw: trace.saw === null ? null : shownValues(trace.saw) };
    case 'not':
      return { ...trace, operand: shownCondition(trace.operand) };
    default:
      return { ...trace, operands: trace.operands.map(shownCondition) };
  }
}

/** A line for each primitive: `req_method_in("POST")  saw "GET" → false`. */
export function conditionLines(trace: ConditionTrace): string[] {
  switch (trace.kind) {
    case 'primitive':
      return [`${cut(trace.condition)}  ${saidText(trace)}`];
    case 'not':
      return conditionLines(trace.operand);
    default:
      return trace.operands.flatMap(conditionLines);
  }
}

/** `saw "GET" → false` */
export function saidText({ saw, bucket, said }: PrimitiveTrace): string {
  if (said === null) return 'not asked';
  const seen = saw === null ? '' : `saw ${saw.map(quoted).join(', ') || 'nothing'} `;
  const hashed = bucket === undefined ? '' : `in bucket ${bucket} `;
  return `${seen}${hashed}→ ${said}`;
}

/** Characters of one value, and values of one primitive. */
export const MAX_VALUE_SHOWN = 200;
export const MAX_VALUES_SHOWN = 20;

function shownValues(values: readonly string[]): string[] {
  const shown = values.slice(0, MAX_VALUES_SHOWN).map((octets) => escaped(cut(readable(octets))));
  return values.length > MAX_VALUES_SHOWN ? [...shown, `… ${values.length - MAX_VALUES_SHOWN} more`] : shown;
}

/** A text of characters, bounded, in a line. */
export function shownText(text: string): string {
  return escaped(cut(text));
}

/** As UTF-8 where it is some; else octets above 7F are written `\xff`. Backslashes are doubled, so that nothing passes for an escape. */
function readable(octets: string): string {
  const doubled = octets.replaceAll('\\', '\\\\');
  try {
    return UTF_8.decode(Buffer.from(doubled, 'latin1'));
  } catch {
    return doubled.replaceAll(/[\x80-\xff]/g, (octet) => `\\x${hex(octet, 2)}`);
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a terminal would obey, or nobody would see, as conditions write it. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) =>
    char.codePointAt(0)! > 0xffff ? `\\U${hex(char, 8)}` : `\\u${hex(char, 4)}`,
  );
}

function hex(char: string, digits: number): string {
  return char.codePointAt(0)!.toString(16).padStart(digits, '0');
}

function cut(text: string): string {
  return text.length > MAX_VALUE_SHOWN ? `${text.slice(0, MAX_VALUE_SHOWN)}…` : text;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`;
}
