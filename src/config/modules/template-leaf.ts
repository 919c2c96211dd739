import type { z } from 'zod';
import { isValidAuthority } from '../../../protocols/http/authority.ts';
import { parseTemplate, type TemplateUse } from '../../template/template.ts';
import { TemplateFault } from '../../template/template-fault.ts';
import { leaf, Refusal, refuse, refuseValue } from '../leaf.ts';
import { didYouMean } from '../nearest-name.ts';
import { readHeaderValue } from '../response-forms.ts';

/** Texts with variables, as schema parts; each is passed on as written. */

export function headerTemplate(use: TemplateUse): z.ZodType<string> {
  return template(use, ['%{client_ip}'], readHeaderValue);
}

/** Where a redirect may lead. Clients must not choose the host by anything but the host they have asked for. */
export const urlTemplate: z.ZodType<string> = template(
  'request',
  ['https://www.example.org%{uri}'],
  (value) => {
    const expected = 'an http or https URL, or a path such as /new';
    if (typeof value !== 'string' || !VISIBLE.test(value)) return refuseValue(expected, value);
    const shape = shapeOf(value);
    if (shape.startsWith('/')) return shape.startsWith('//') ? refuseValue(expected, value) : value;
    const authority = /^https?:\/\/([^/?#]*)/i.exec(shape)?.[1];
    if (authority === undefined) return refuseValue(expected, value);
    if (authority.includes(UNKNOWN))
      return refuse(
        'the host would be for the client to choose',
        'end it with a slash before the variable; %{host} is fine',
      );
    return isValidAuthority(authority) ? value : refuseValue(expected, value);
  },
);

export const pathTemplate: z.ZodType<string> = template('request', ['/new%{path}'], (value) => {
  const expected = 'a path such as /new or /new%{path}';
  if (typeof value !== 'string' || !VISIBLE.test(value)) return refuseValue(expected, value);
  if (/%\{(?:uri|query)\}/.test(value))
    return refuseValue(expected, value, 'the query is kept by itself: write %{path}');
  const shape = shapeOf(value);
  return shape.startsWith('/') && !/[?#]/.test(shape) ? value : refuseValue(expected, value);
});

/** `port`: whether one may be behind it. */
export function hostTemplate(port: 'with port' | 'without port'): z.ZodType<string> {
  return template('request', ['www.example.org'], (value) => {
    const expected = `a host${port === 'with port' ? ' with an optional port' : ''}`;
    if (typeof value !== 'string') return refuseValue(expected, value);
    const shape = shapeOf(value).replaceAll(UNKNOWN, 'h');
    const hasPort = /:\d*$/.test(shape) && !shape.endsWith(']');
    return isValidAuthority(shape) && (port === 'with port' || !hasPort)
      ? value
      : refuseValue(expected, value);
  });
}

/** Any text, latin-1 and on one line. */
export const textTemplate: z.ZodType<string> = template('request', ['%{header:user-agent}'], (value) =>
  typeof value === 'string' && /^[\x20-\x7e\x80-\xff]*$/.test(value)
    ? value
    : refuseValue('text on one line', value),
);

/** A query without `?`. */
export const queryTemplate: z.ZodType<string> = template('request', ['from=%{host}', ''], (value) =>
  typeof value === 'string' && /^[\x21-\x7e]*$/.test(value) && !/^\?|#/.test(shapeOf(value))
    ? value
    : refuseValue('a query without ?, such as a=1&b=2', value),
);

const VISIBLE = /^[\x21-\x7e]+$/;
const UNKNOWN = '\0';

/** With something of its kind for each variable whose form is known, and `UNKNOWN` for the others. */
function shapeOf(text: string): string {
  return text.replace(/%\{(\w+)[^}]*\}/g, (_, name: string) => SHAPES.get(name) ?? UNKNOWN);
}

const SHAPES: ReadonlyMap<string, string> = new Map([
  ['host', 'h'],
  ['port', '1'],
  ['path', '/p'],
  ['uri', '/p'],
  ['scheme', 'http'],
]);

/** A JSON Schema has no word for what may stand in a template; examples show it. */
function template(
  use: TemplateUse,
  examples: readonly string[],
  read: (value: unknown) => string | Refusal,
): z.ZodType<string> {
  return leaf({ type: 'string', examples }, (value) => {
    const text = read(value);
    return text instanceof Refusal ? text : (templateRefusal(text, use) ?? text);
  });
}

/** Why a text is no template; undefined when it is one. */
function templateRefusal(text: string, use: TemplateUse): Refusal | undefined {
  if (text.length > MAX_TEMPLATE_CHARACTERS)
    return refuse(`the text has more than ${MAX_TEMPLATE_CHARACTERS} characters`);
  const fault = parseTemplate(text, use);
  if (!(fault instanceof TemplateFault)) return undefined;
  const { mistaken } = fault;
  return refuse(fault.message, fault.hint ?? (mistaken && didYouMean(mistaken.name, mistaken.known)));
}

/** A Content-Security-Policy of a large site has some 4000. */
const MAX_TEMPLATE_CHARACTERS = 8192;
