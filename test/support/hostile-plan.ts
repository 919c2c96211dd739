import fc from 'fast-check';

/** How an origin treats one request. */
export interface AnswerPlan {
  readonly manner:
    | 'sized'
    | 'chunked'
    | 'until-close'
    | 'no-content'
    | 'interims'
    | 'too-many-interims'
    | 'early'
    | 'extra-bytes'
    | 'cut'
    | 'reset'
    | 'reset-unanswered'
    | 'end-unanswered'
    | 'silent'
    | 'mutated'
    | 'deaf';
  /** Of the body, bytes. */
  readonly size: number;
  /** Writes, each in a later turn of the event loop than the one before. */
  readonly pieces: number;
  /** What it does with the connection behind a complete answer. */
  readonly after: 'keep' | 'end' | 'reset';
}

export interface RequestPlan {
  readonly kind: 'get' | 'head' | 'delete' | 'sized' | 'chunked' | 'expect' | 'upgrade';
  /** Of the body, bytes. */
  readonly size: number;
  readonly answer: AnswerPlan;
}

/** What one client does with its connection. */
export interface ClientPlan {
  readonly requests: readonly RequestPlan[];
  readonly secure: boolean;
  /** All requests at once, or each when the one before is answered. */
  readonly pipelined: boolean;
  /** Where what it sends is cut, as fractions; the pieces go out in turns of their own. */
  readonly cuts: readonly number[];
  /** One octet of what it sends is another, at this fraction. */
  readonly mutation: { readonly at: number; readonly octet: number } | undefined;
  /** It reads nothing until it has sent everything, and for a while longer. */
  readonly deaf: boolean;
  readonly ending: 'polite' | 'half-close' | 'reset' | 'destroy' | 'reset-on-answer';
  /** For endings in the middle: the fraction of its bytes that it sends. */
  readonly endingAt: number;
}

/** Answers that are what the request asked for, in time. */
const HONEST = ['sized', 'chunked', 'until-close', 'no-content', 'interims', 'early'] as const;
const DISHONEST = [
  'too-many-interims',
  'extra-bytes',
  'cut',
  'reset',
  'reset-unanswered',
  'end-unanswered',
  'silent',
  'mutated',
  'deaf',
] as const;

const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 7000, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 300_000 }) },
);

const fraction = fc.nat({ max: 999 }).map((thousandths) => thousandths / 1000);

const answerPlan: fc.Arbitrary<AnswerPlan> = fc.record({
  manner: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...HONEST) },
    { weight: 1, arbitrary: fc.constantFrom(...DISHONEST) },
  ),
  size,
  pieces: fc.integer({ min: 1, max: 4 }),
  after: fc.constantFrom('keep', 'keep', 'keep', 'end', 'reset'),
});

const requestPlan: fc.Arbitrary<RequestPlan> = fc.record({
  kind: fc.constantFrom('get', 'get', 'head', 'delete', 'sized', 'chunked', 'expect', 'upgrade'),
  size,
  answer: answerPlan,
});

export const clientPlan: fc.Arbitrary<ClientPlan> = fc.record({
  requests: fc.array(requestPlan, { minLength: 1, maxLength: 5 }),
  secure: fc.constantFrom(false, false, false, true),
  pipelined: fc.boolean(),
  cuts: fc.array(fraction, { maxLength: 4 }),
  mutation: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ at: fraction, octet: fc.nat({ max: 255 }) }) },
  ),
  deaf: fc.constantFrom(false, false, false, true),
  ending: fc.constantFrom('polite', 'polite', 'polite', 'half-close', 'reset', 'destroy', 'reset-on-answer'),
  endingAt: fraction,
});

/** Whether every answer is to be what was asked for: nobody breaks off, and no timeout of the product has cause to pass. */
export function isHonest({ requests, mutation, ending, deaf }: ClientPlan): boolean {
  return (
    mutation === undefined &&
    ending === 'polite' &&
    !deaf &&
    // A reset throws away what its sender had not sent yet.
    requests.every(({ answer }) => answer.after !== 'reset' && HONEST.some((one) => one === answer.manner))
  );
}

/** The body of an answer: nothing but the token of its request, over and over. */
export function tokenBody(token: string, bytes: number): string {
  return `${token}.`.repeat(Math.ceil(bytes / (token.length + 1))).slice(0, bytes);
}
