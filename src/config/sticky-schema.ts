import { z } from 'zod';
import { isToken } from '../core/request-text.ts';
import type { StickySettings } from '../core/settings.ts';
import { leaf, refuse, refuseValue } from './leaf.ts';
import { durationFrom } from './leaves.ts';

/** RFC 6265, section 4.1.1. */
const cookieName = leaf(
  { type: 'string', pattern: "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$", examples: ['srv'] },
  (value) =>
    typeof value === 'string' && isToken(value)
      ? value
      : refuseValue('the name of a cookie', value, 'letters, digits, "-" and "_"'),
);

/** A secret that can be tried out is none. */
const MIN_SECRET = 16;

const secret = leaf({ type: 'string' }, (value) => {
  if (typeof value !== 'string') return refuseValue('a secret in quotes', value);
  return value.length >= MIN_SECRET
    ? value
    : refuse(
        `the secret is too short: at least ${MIN_SECRET} characters`,
        'make one: openssl rand -base64 24',
      );
});

export const stickySchema: z.ZodType<StickySettings> = z
  .strictObject({
    cookie: cookieName.describe('Its name; another one for each cluster that the same clients use.'),
    maxAge: durationFrom(1000)
      .optional()
      .describe('How long a client keeps it from its first answer on. Absent: until the browser is closed.'),
    secret: secret
      .optional()
      .describe('Without it, who guesses the address of a backend can see that the guess is right.'),
  })
  .transform(({ cookie, maxAge, secret }) => ({
    cookie,
    maxAgeSeconds: maxAge === undefined ? undefined : Math.floor(maxAge / 1000),
    secret,
  }))
  .describe('A cookie that keeps a client at the backend that answered it first.');
