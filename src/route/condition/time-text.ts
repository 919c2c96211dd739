/** The times that conditions name, with a letter for the zone: `Z` is UTC, `H` is UTC+8 (the military letters, without `J`). */

/** `20260131235959H`: milliseconds since the epoch; undefined when it is no such time. */
export function readMoment(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([A-Za-z])$/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as SixNumbers;
  const offset = zoneOffset(parts[7]!);
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have has become one of the next.
  if (moment.getUTCMonth() !== month - 1 || moment.getUTCDate() !== day) return undefined;
  if (offset === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  return moment.setUTCHours(hour, minute, second) - offset * 1000;
}

/** `093000H`: seconds since midnight there, and the zone's offset in seconds; undefined when it is no such time. */
export function readTimeOfDay(text: string): { seconds: number; offset: number } | undefined {
  const parts = /^(\d\d)(\d\d)(\d\d)([A-Za-z])$/.exec(text);
  if (parts === null) return undefined;
  const [hour, minute, second] = parts.slice(1, 4).map(Number) as [number, number, number];
  const offset = zoneOffset(parts[4]!);
  if (offset === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  return { seconds: hour * 3600 + minute * 60 + second, offset };
}

type SixNumbers = [number, number, number, number, number, number];

/** Seconds east of UTC. */
function zoneOffset(letter: string): number | undefined {
  const upper = letter.toUpperCase();
  const east = 'ZABCDEFGHIKLM'.indexOf(upper);
  if (east >= 0) return east * 3600;
  const west = 'NOPQRSTUVWXY'.indexOf(upper);
  return west < 0 ? undefined : -(west + 1) * 3600;
}
