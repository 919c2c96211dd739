import { ConditionFault, type TextPlace } from './condition-fault.ts';
import { MAX_CONDITION_DEPTH, MAX_CONDITION_LENGTH } from './limits.ts';
import { Scanner, type Token } from './scanner.ts';
import type { ArgumentNode, CallNode, ConditionNode } from './syntax-tree.ts';

/**
 * Whose reading of a text: `portico` is the documented one; `bfe` is what BFE's parser makes of it, where `||` binds tighter
 * than `&&` and escapes are left in texts as they stand.
 */
export type Reading = 'portico' | 'bfe';

/**
 * Parses a condition:
 *
 *     condition := condition '&&' condition | condition '||' condition | '!' condition | '(' condition ')' | call
 *     call      := name '(' [ argument { ',' argument } ] ')'
 *     argument  := "text" | `text` | true | false
 *
 * `!` binds tighter than `&&`, and `&&` tighter than `||`. `//` begins a comment up to the end of the line. Names and arguments are
 * not looked at yet: see `compileCondition`.
 */
export function parseCondition(text: string, reading: Reading = 'portico'): ConditionNode | ConditionFault {
  try {
    return new Parser(text, reading).parse();
  } catch (error) {
    if (error instanceof ConditionFault) return error;
    throw error;
  }
}

class Parser {
  readonly #scanner: Scanner;
  /** From the loosest operator to the tightest. */
  readonly #operators: readonly [Operator, Operator];
  #token: Token;
  /** Behind the last token that was taken. */
  #end = 0;
  #depth = 0;

  constructor(text: string, reading: Reading) {
    if (text.length > MAX_CONDITION_LENGTH) {
      const place = { offset: MAX_CONDITION_LENGTH, length: text.length - MAX_CONDITION_LENGTH };
      throw new ConditionFault(
        `the condition has more than ${MAX_CONDITION_LENGTH} characters`,
        place,
        'make several routes of it',
      );
    }
    this.#scanner = new Scanner(text, reading === 'bfe' ? 'keep' : 'decode');
    this.#operators = reading === 'bfe' ? [AND, OR] : [OR, AND];
    this.#token = this.#scanner.next();
  }

  parse(): ConditionNode {
    const node = this.#group(0);
    if (this.#token.kind === 'end') return node;
    throw new ConditionFault(
      `unexpected ${shown(this.#token)} behind a condition`,
      this.#token,
      'conditions are joined by && and ||',
    );
  }

  /** Operands joined by the operator of that level; above both levels a single operand. */
  #group(level: number): ConditionNode {
    const operator = this.#operators[level];
    if (operator === undefined) return this.#operand();
    const first = this.#group(level + 1);
    if (this.#token.kind !== operator.token) return first;
    const operands = [first];
    while (this.#token.kind === operator.token) {
      this.#take();
      operands.push(this.#group(level + 1));
    }
    return { kind: operator.kind, operands, ...this.#placeFrom(first.offset) };
  }

  #operand(): ConditionNode {
    const token = this.#take();
    switch (token.kind) {
      case '!': {
        const operand = this.#deeper(token, () => this.#operand());
        return { kind: 'not', operand, ...this.#placeFrom(token.offset) };
      }
      case '(': {
        const inner = this.#deeper(token, () => this.#group(0));
        this.#expect(')', token);
        return inner;
      }
      case 'name':
        return this.#call(token);
      case 'end':
        throw new ConditionFault(
          'a condition is missing at the end',
          token,
          'for "always" write default_t()',
        );
      default:
        throw new ConditionFault(`expected a condition, but found ${shown(token)}`, token);
    }
  }

  #call(name: Token): CallNode {
    const open = this.#token;
    if (open.kind !== '(') {
      throw new ConditionFault(`${name.value} has no arguments`, name, `write ${name.value}(…)`);
    }
    this.#take();
    const args: ArgumentNode[] = [];
    if (this.#token.kind !== ')') {
      args.push(this.#argument());
      while (this.#token.kind === ',') {
        this.#take();
        args.push(this.#argument());
      }
    }
    this.#expect(')', open);
    return { kind: 'call', name: name.value, args, ...this.#placeFrom(name.offset) };
  }

  #argument(): ArgumentNode {
    const token = this.#take();
    const { offset, length, value } = token;
    if (token.kind === 'text' || token.kind === 'number') return { kind: token.kind, value, offset, length };
    if (token.kind === 'name' && (value === 'true' || value === 'false')) {
      return { kind: 'flag', value: value === 'true', offset, length };
    }
    const hint = token.kind === 'name' ? `put it in quotes: ${JSON.stringify(value)}` : undefined;
    throw new ConditionFault(`expected an argument, but found ${shown(token)}`, token, hint);
  }

  /** Parentheses and negations inside each other are bounded, because each is a call inside a call. */
  #deeper<T>(place: TextPlace, parse: () => T): T {
    if (++this.#depth > MAX_CONDITION_DEPTH) {
      throw new ConditionFault(`nested more than ${MAX_CONDITION_DEPTH} deep`, place);
    }
    const parsed = parse();
    this.#depth -= 1;
    return parsed;
  }

  #take(): Token {
    const token = this.#token;
    this.#end = token.offset + token.length;
    if (token.kind !== 'end') this.#token = this.#scanner.next();
    return token;
  }

  #expect(kind: ')', open: Token): void {
    if (this.#token.kind === kind) {
      this.#take();
      return;
    }
    if (this.#token.kind === 'end') throw new ConditionFault('this parenthesis is never closed', open);
    throw new ConditionFault(`expected ${kind}, but found ${shown(this.#token)}`, this.#token);
  }

  #placeFrom(offset: number): TextPlace {
    return { offset, length: this.#end - offset };
  }
}

interface Operator {
  readonly token: '&&' | '||';
  readonly kind: 'and' | 'or';
}

const AND: Operator = { token: '&&', kind: 'and' };
const OR: Operator = { token: '||', kind: 'or' };

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end';
  return token.kind === 'text' ? 'a text' : token.value;
}
