import type { TextPlace } from './condition-fault.ts';

/** A condition as it was written, parentheses taken up in the shape of the tree. */
export type ConditionNode = CallNode | NotNode | GroupNode;

/** `req_method_in("GET")` */
export interface CallNode extends TextPlace {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly ArgumentNode[];
}

interface NotNode extends TextPlace {
  readonly kind: 'not';
  readonly operand: ConditionNode;
}

/** `a && b && c` is one group of three. */
interface GroupNode extends TextPlace {
  readonly kind: 'and' | 'or';
  /** At least two. */
  readonly operands: readonly ConditionNode[];
}

export type ArgumentNode = TextPlace &
  (
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'flag'; readonly value: boolean }
    | { readonly kind: 'number'; readonly value: string }
  );
