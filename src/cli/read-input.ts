import { readFileSync } from 'node:fs';
import { readFault } from '../config/include.ts';

/** The content of a file that was named on the command line; throws an Error with a sentence for people. */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${file}: cannot be read: ${readFault(error)}`);
  }
}
