import { configJsonSchema } from '../config/json-schema.ts';
import type { TextOutput } from './explain.ts';

/** `portico schema`: prints the JSON Schema of the configuration file, for editors. Returns the exit code. */
export function runSchema(out: TextOutput): number {
  out.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
  return 0;
}
