import { z } from 'zod';
import { REDIRECT_STATUSES } from '../core/redirect-status.ts';
import { leaf, refuseValue } from './leaf.ts';
import { integer, oneOf } from './leaves.ts';
import { readHeaderValue } from './response-forms.ts';

/** Answers of our own, as routes and modules give them. */

export const redirectStatus = leaf({ type: 'integer', enum: REDIRECT_STATUSES }, (value) => {
  const status = REDIRECT_STATUSES.find((candidate) => candidate === value);
  return status ?? refuseValue(oneOf(REDIRECT_STATUSES), value);
})
  .prefault(302)
  .describe('301 and 308 are remembered by browsers; 302, 303 and 307 are not.');

export const respondSchema = z
  .strictObject({
    status: integer(200, 599).describe('Status of the answer.'),
    body: leaf({ type: 'string' }, (value) =>
      typeof value === 'string' ? value : refuseValue('text', value, 'put it in quotes'),
    )
      .prefault('')
      .describe('Text of the answer; text/plain unless a header says otherwise.'),
    headers: z
      .record(z.string(), leaf({ type: 'string' }, readHeaderValue).describe('A header value.'))
      .prefault({})
      .describe('Header fields of the answer.'),
  })
  .describe('Answers with a fixed text.');
