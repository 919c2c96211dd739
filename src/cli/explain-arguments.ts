import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readFault } from '../config/include.ts';
import type { ExplainedRequest } from '../explain/explained-request.ts';
import { readQuestion } from '../explain/question.ts';

export interface ExplainArguments {
  /** Undefined: the default one. */
  readonly file: string | undefined;
  readonly json: boolean;
  readonly request: ExplainedRequest;
}

export const EXPLAIN_USAGE =
  "portico explain URL [-c FILE] [--method M] [--header 'k: v'] [--sni NAME] [--client-ip IP] [--vip IP] [--data BODY | @FILE] [--at TIME] [--json]";

/** The arguments behind `explain`, or a sentence that says what is wrong with them. */
export function readExplainArguments(args: readonly string[]): ExplainArguments | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const [url] = positionals;
  if (url === undefined || positionals.length > 1) return 'explain takes exactly one URL';

  const { config, json = false, 'client-ip': clientIp, header = [], data, ...rest } = values;
  const body = readData(data);
  if (body.fault !== undefined) return body.fault;
  const request = readQuestion({ url, headers: header, clientIp, data: body.text, ...rest });
  return typeof request === 'string' ? request : { file: config, json, request };
}

/** A body as curl takes it: `@FILE` is what is in the file, `@-` what is piped in. */
function readData(data: string | undefined): { text?: string | undefined; fault?: string } {
  if (!data?.startsWith('@')) return { text: data };
  try {
    return { text: UTF_8.decode(readFileSync(data === '@-' ? 0 : data.slice(1))) };
  } catch (error) {
    return { fault: `--data ${data}: ${readFault(error)}` };
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

type ParsedArguments = ReturnType<typeof parseExplain>;

function parseExplain(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      method: { type: 'string' },
      header: { type: 'string', multiple: true },
      sni: { type: 'string' },
      'client-ip': { type: 'string' },
      vip: { type: 'string' },
      data: { type: 'string' },
      at: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
}

function parse(args: readonly string[]): ParsedArguments | string {
  try {
    return parseExplain(args);
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
