import type { Answer, Module } from '../../core/callback-points.ts';
import type { RespondSettings } from '../../core/module-settings.ts';

/** Answers with a fixed text: a maintenance page, a file for robots. */
export function createRespond({ status, headers, body }: RespondSettings): Omit<Module, 'name'> {
  const fields = headers.flat();
  // Text is what a body in a configuration file is, unless its headers say otherwise.
  if (body !== '' && !headers.some(([name]) => name === 'content-type'))
    fields.push('content-type', 'text/plain; charset=utf-8');
  const answer: Answer = Object.freeze({ kind: 'respond', status, headers: Object.freeze(fields), body });
  return { decide: () => answer };
}
