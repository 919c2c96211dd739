import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CurlResult {
  /** 0: well; else see EXIT CODES in its manual. */
  readonly code: number;
  readonly stdout: Buffer;
  /** The same as text. */
  readonly text: string;
  readonly stderr: string;
}

/** Runs curl, which says nothing of its own but errors; `input` is its standard input. */
export async function runCurl(args: readonly string[], input?: Buffer): Promise<CurlResult> {
  const child = spawn('curl', ['-q', '-sS', '--noproxy', '*', '--max-time', '20', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  const stdout = Buffer.concat(chunks);
  return { code, stdout, text: stdout.toString(), stderr };
}
