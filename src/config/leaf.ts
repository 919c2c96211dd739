import { z } from 'zod';

/**
 * A value of the file that is one word to its reader: a duration, an address, a host name …
 *
 * zod carries the structure (mappings, lists, defaults, JSON Schema); what a single value may look like is decided by
 * one `read` function per form, which also words the refusal. So every complaint shows the value that was seen, the form
 * that was expected, and often the way to write it, which a generic validator cannot know.
 */
export function leaf<T>(schema: JsonForm, read: (value: unknown) => T | Refusal): z.ZodType<T> {
  return z
    .unknown()
    .transform((value, context) => {
      const result = read(value);
      if (!(result instanceof Refusal)) return result;
      context.addIssue({ code: 'custom', message: result.message, params: { hint: result.hint } });
      return z.NEVER;
    })
    .meta(schema as Record<string, unknown>);
}

/** The leaf's part of the JSON Schema, for editors. */
export interface JsonForm {
  readonly type?: 'string' | 'integer' | 'boolean' | readonly ('string' | 'integer' | 'number')[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
}

/** Why a value is not taken. `hint`: how to write it instead. */
export class Refusal {
  readonly message: string;
  readonly hint: string | undefined;

  constructor(message: string, hint: string | undefined) {
    this.message = message;
    this.hint = hint;
  }
}

export function refuse(message: string, hint?: string): Refusal {
  return new Refusal(message, hint);
}

/** `expected WHAT, but found VALUE`. */
export function refuseValue(expected: string, value: unknown, hint?: string): Refusal {
  return new Refusal(`expected ${expected}, but found ${showValue(value)}`, hint);
}

/** What the reader of the file would call this value; long text is cut at 60 characters. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
}
