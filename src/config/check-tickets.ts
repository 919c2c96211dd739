import { resolve } from 'node:path';
import { type ReadFile, readFault } from './include.ts';
import { showValue } from './leaf.ts';
import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { memberOf } from './raw.ts';

export interface TicketReading {
  /** In base64; undefined: the configuration names no file, or one that is not good. */
  readonly keys: readonly string[] | undefined;
  readonly complaints: readonly Complaint[];
}

/** Reads the keys of session tickets that a fleet shares. */
export function readTicketKeys(
  data: unknown,
  directoryOf: (path: Path) => string,
  readFile: ReadFile,
): TicketReading {
  const tickets = memberOf(data, 'tickets');
  const named = memberOf(tickets, 'keys');
  const path: Path = ['tickets', 'keys'];
  if (typeof named !== 'string' || named === '') return { keys: undefined, complaints: [] };
  const complaints: Complaint[] = [];
  if (memberOf(tickets, 'rotate') !== undefined) {
    const message = 'keys from a file change when the file does';
    complaints.push(complainAboutKey(['tickets', 'rotate'], message, 'leave rotate out'));
  }
  try {
    const octets = Buffer.from(readFile(resolve(directoryOf(['tickets']), named), path), 'latin1');
    if (octets.length > 0 && octets.length % KEY_BYTES === 0 && octets.length <= MAX_KEYS * KEY_BYTES)
      return { keys: cut(octets), complaints };
    const message = `expected one to ${MAX_KEYS} keys of ${KEY_BYTES} bytes, but found ${octets.length} bytes`;
    complaints.push(complain(path, message, `openssl rand ${KEY_BYTES} > FILE makes one`));
  } catch (error) {
    const hint = `paths are relative to this file; openssl rand ${KEY_BYTES} > FILE makes one`;
    complaints.push(complain(path, `cannot read ${showValue(named)}: ${readFault(error)}`, hint));
  }
  return { keys: undefined, complaints };
}

/** As OpenSSL has them: a name, and two keys. */
const KEY_BYTES = 48;
/** One for new tickets, the one before, the one to come, and one to spare. */
const MAX_KEYS = 4;

function cut(octets: Buffer): string[] {
  const keys: string[] = [];
  for (let at = 0; at < octets.length; at += KEY_BYTES)
    keys.push(octets.toString('base64', at, at + KEY_BYTES));
  return keys;
}
