import { z } from 'zod';
import type { BlockEntry } from '../config-file.ts';
import { leaf, refuseValue } from '../leaf.ts';
import { choice, networkBlock, pathPattern } from '../leaves.ts';

/** Methods are compared with their case (RFC 9110, section 9.1). */
const methodName: z.ZodType<string> = leaf({ type: 'string', examples: ['POST'] }, (value) => {
  if (typeof value !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value))
    return refuseValue('a method such as POST', value);
  const upper = value.toUpperCase();
  return value === upper ? value : refuseValue('a method in capitals', value, `write ${upper}`);
});

/** They are looked through one after the other, once for a head and its repetitions. */
const MAX_ADDRESSES = 1000;

export const blockSchema: z.ZodType<BlockEntry> = z
  .strictObject({
    addresses: z
      .array(networkBlock.describe('A network block or a single address.'))
      .max(MAX_ADDRESSES)
      .prefault([])
      .describe('Clients that are meant.'),
    methods: z.array(methodName.describe('A method.')).prefault([]).describe('Methods that are meant.'),
    paths: z
      .array(pathPattern.describe('A path as that of a route.'))
      .prefault([])
      .describe('Paths that are meant.'),
    answer: choice(['refuse', 'close'])
      .prefault('refuse')
      .describe('refuse: 403; close: nothing, and the connection (of HTTP/2: the stream) ends.'),
  })
  .describe('Refuses requests that match all of the lists that are given.');
