/** A moment as ISO 8601 has it, zone included, in milliseconds since the epoch; undefined: the text is none. */
export function readInstant(text: string): number | undefined {
  const instant = FORM.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;
