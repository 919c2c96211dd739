import { parseArgs } from 'node:util';

/** What the command line asked for. Times in seconds. */
export interface BenchArguments {
  readonly command: 'compare' | 'micro' | 'help';
  /** Scenario ids in the order given; empty means all. */
  readonly only: readonly string[];
  /** Length of one sample. */
  readonly seconds: number;
  readonly rounds: number;
  /** Exit 1 when a figure is over its bar or missing. */
  readonly strict: boolean;
}

/** Bounds that keep a run finite even with a mistyped number. */
const MAX_SECONDS = 120;
const MAX_ROUNDS = 50;

/** Reads the command line; throws an Error with a sentence for the user when it makes no sense. */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (positionals.length > 1 || (positionals.length === 1 && positionals[0] !== 'micro')) {
    throw new Error(`unknown command ${positionals.join(' ')}; the only one is \`micro\``);
  }
  return {
    command: values.help ? 'help' : positionals[0] === 'micro' ? 'micro' : 'compare',
    only: (values.only ?? '').split(',').filter((id) => id !== ''),
    seconds: readCount('--seconds', values.seconds, values.quick ? 1 : 4, MAX_SECONDS),
    rounds: readCount('--rounds', values.rounds, 3, MAX_ROUNDS),
    strict: values.strict,
  };
}

function readCount(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new Error(`${name} must be a whole number from 1 to ${max}, not ${JSON.stringify(text)}`);
  }
  return value;
}
