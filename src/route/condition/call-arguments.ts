import { ConditionFault, type TextPlace } from './condition-fault.ts';
import { toOctets } from './octet-text.ts';
import type { ArgumentNode, CallNode } from './syntax-tree.ts';

/** What a primitive takes. The name is for messages and documentation. */
export interface Parameter {
  readonly name: string;
  readonly kind: 'text' | 'flag';
}

/** `req_path_in(paths, fold_case)` */
function signature(name: string, parameters: readonly Parameter[]): string {
  return `${name}(${parameters.map((parameter) => parameter.name).join(', ')})`;
}

/** The arguments of one call: as many and of the kinds that its primitive takes. */
export class CallArguments {
  readonly #args: readonly ArgumentNode[];

  constructor(call: CallNode, parameters: readonly Parameter[]) {
    const { args, name } = call;
    if (args.length !== parameters.length) {
      const count = (n: number) => (n === 1 ? 'one argument' : `${n === 0 ? 'no' : n} arguments`);
      throw new ConditionFault(
        `${name} takes ${count(parameters.length)}, but found ${args.length}`,
        call,
        `write ${signature(name, parameters)}`,
      );
    }
    parameters.forEach((parameter, i) => {
      const arg = args[i]!;
      if (arg.kind === parameter.kind) return;
      const expected = parameter.kind === 'text' ? 'a text in quotes' : 'true or false';
      const found = arg.kind === 'text' ? 'a text' : arg.value;
      throw new ConditionFault(
        `${name} takes ${expected} for ${parameter.name}, but found ${found}`,
        arg,
        `write ${signature(name, parameters)}`,
      );
    });
    this.#args = args;
  }

  flag(i: number): boolean {
    return this.#args[i]!.value as boolean;
  }

  /** As written. */
  text(i: number): string {
    return this.#args[i]!.value as string;
  }

  octets(i: number): string {
    return toOctets(this.text(i));
  }

  /** The items of `a|b|c`, in octets. */
  list(i: number): string[] {
    return this.octets(i).split('|');
  }

  /** As `list`, where `''` means nothing: every text begins with it, and no name is empty. */
  fullList(i: number): string[] {
    const items = this.list(i);
    if (!items.includes('')) return items;
    throw this.refuse(i, 'an item of the list is empty', 'take out the | that nothing stands beside');
  }

  /** A fault at argument `i`, to be thrown. */
  refuse(i: number, message: string, hint?: string): ConditionFault {
    return new ConditionFault(message, this.place(i), hint);
  }

  place(i: number): TextPlace {
    return this.#args[i]!;
  }
}
