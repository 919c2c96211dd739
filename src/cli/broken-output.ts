import { sentenceOf } from '../core/sentence-of.ts';

/** What of a process the two functions below need. */
export interface OutputProcess {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  exit(code: number): void;
}

/**
 * For a command that ends when it has said what it has to say: when nobody reads on (`portico schema | head`) it ends without a
 * word, with the status of those that SIGPIPE ends; when what it says cannot be kept it says so.
 */
export function endOnBrokenOutput(process: OutputProcess): void {
  const { stdout, stderr } = process;
  const exit = (code: number): void => process.exit(code);
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') stderr.write(`the output cannot be written: ${sentenceOf(error)}\n`);
    exit(error.code === 'EPIPE' ? BY_SIGPIPE : 1);
  });
  // Whom could that be told?
  stderr.on('error', () => exit(1));
}

/** For a server: nothing that becomes of what it says may end it. */
export function outliveBrokenOutput({ stdout, stderr }: Omit<OutputProcess, 'exit'>): void {
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
}

/** 128 and the number of the signal, as shells have it. */
const BY_SIGPIPE = 141;
