import { z } from 'zod';
import { textTemplate } from './template-leaf.ts';

export const tagSchema = z
  .record(z.string(), textTemplate.describe('A value, with variables.'))
  .describe('Marks requests, for the access log and for modules behind this one.');
