import type { RespondingExchange } from '../core/callback-points.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import { TemplateFault } from './template-fault.ts';
import { VARIABLES, type Variable } from './variables.ts';

/** Where a template is used: what is known of the response is known in responses only. */
export type TemplateUse = 'request' | 'response';

/** Each is taken from the request, so this many times a line of it is the most that a template can grow to. */
export const MAX_VARIABLES = 16;

/**
 * A text with variables: `%{client_ip}`, `%{header:user-agent}`. `%%{` stands for `%{`; a percent sign before anything else is itself, so
 * that `100%` and `%2F` need no care.
 */
export class Template {
  readonly #parts: readonly Part[];

  /** Use `parseTemplate`. */
  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Without variables it is the same for every request. */
  get isFixed(): boolean {
    return this.#parts.every(({ variable }) => variable === undefined);
  }

  /** `exchange`: for templates of responses. A fixed one needs neither. */
  text(request?: RequestFacts, exchange?: RespondingExchange): string {
    let text = '';
    for (const { before, variable, argument } of this.#parts) {
      text += before;
      if (variable === undefined) continue;
      if (variable.ofRequest !== undefined)
        text += request === undefined ? '' : variable.ofRequest(request, argument);
      else text += exchange === undefined ? '' : variable.ofResponse!(exchange);
    }
    return text;
  }
}

/** A piece of fixed text, and the variable behind it. */
interface Part {
  readonly before: string;
  readonly variable: Variable | undefined;
  /** In the form it is looked up in; '' for none. */
  readonly argument: string;
}

export function parseTemplate(text: string, use: TemplateUse): Template | TemplateFault {
  const parts: Part[] = [];
  let before = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('%{', at);
    if (open < 0) break;
    if (open > at && text[open - 1] === '%') {
      before += `${text.slice(at, open - 1)}%{`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    if (close < 0)
      return new TemplateFault('the variable has no end', open, 'write %{name}, and %%{ for a %{ as it is');
    const variable = readVariable(text.slice(open + 2, close), open, use);
    if (variable instanceof TemplateFault) return variable;
    parts.push({ before: before + text.slice(at, open), ...variable });
    if (parts.length > MAX_VARIABLES)
      return new TemplateFault(`there are more than ${MAX_VARIABLES} variables`, open);
    before = '';
    at = close + 1;
  }
  parts.push({ before: before + text.slice(at), variable: undefined, argument: '' });
  return new Template(parts);
}

/** As `parseTemplate`, for a text that was checked when it was loaded. */
export function compileTemplate(text: string, use: TemplateUse): Template {
  const template = parseTemplate(text, use);
  if (template instanceof TemplateFault) throw template;
  return template;
}

function readVariable(
  written: string,
  offset: number,
  use: TemplateUse,
): Omit<Part, 'before'> | TemplateFault {
  const colon = written.indexOf(':');
  const name = colon < 0 ? written : written.slice(0, colon);
  const argument = colon < 0 ? '' : written.slice(colon + 1);
  const variable = VARIABLES.get(name);
  if (variable === undefined) {
    const known = [...VARIABLES.keys()];
    return new TemplateFault(`there is no variable ${JSON.stringify(name)}`, offset, undefined, {
      name,
      known,
    });
  }
  if (variable.argument === undefined && colon >= 0)
    return new TemplateFault(`%{${name}} takes nothing behind a colon`, offset, `write %{${name}}`);
  const isComplete = argument !== '' || (name === 'query' && colon < 0);
  if (variable.argument !== undefined && !isComplete)
    return new TemplateFault(`%{${name}} needs a name`, offset, `write %{${name}:NAME}`);
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z[\]-]*$/.test(argument))
    return new TemplateFault(`${JSON.stringify(argument)} cannot be a name`, offset);
  if (variable.ofRequest === undefined && use === 'request')
    return new TemplateFault(`%{${name}} is known in responses only`, offset);
  return { variable, argument: variable.argument === 'header' ? argument.toLowerCase() : argument };
}
