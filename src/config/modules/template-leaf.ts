import type { z } from 'zod';
import { parseTemplate, type TemplateUse } from '../../template/template.ts';
import { TemplateFault } from '../../template/template-fault.ts';
import { leaf, Refusal, refuse } from '../leaf.ts';
import { didYouMean } from '../nearest-name.ts';
import { readHeaderValue } from '../response-forms.ts';

/** A header value with variables, as written. */
export function headerTemplate(use: TemplateUse): z.ZodType<string> {
  return leaf({ type: 'string', examples: ['%{client_ip}'] }, (value) => {
    const text = readHeaderValue(value);
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
