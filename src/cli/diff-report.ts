import type { Outcome } from '../explain/decision.ts';
import { outcomeText } from '../explain/outcome-text.ts';
import type { TextOutput } from './explain.ts';

/** How what differs is written down, one by one as it is found. */
export interface DiffReport {
  difference(before: Outcome, after: Outcome): void;
  /** There are more of them than are shown; called once, instead of the next. */
  beyond(shown: number): void;
  end(totals: DiffTotals): void;
}

export interface DiffTotals {
  /** Compared. */
  readonly requests: number;
  readonly different: number;
  readonly linesWithoutRequest: number;
  readonly unreadableLines: number;
}

/** A request with its two decisions in three lines: what people are shown, and by what two differences are the same. */
export function differenceText(before: Outcome, after: Outcome): string {
  const { method, scheme, authority, path } = before.request;
  return `${method} ${scheme}://${authority}${path}\n- ${summary(before)}\n+ ${summary(after)}\n`;
}

export class TextReport implements DiffReport {
  readonly #out: TextOutput;

  constructor(out: TextOutput) {
    this.#out = out;
  }

  difference(before: Outcome, after: Outcome): void {
    this.#out.write(differenceText(before, after));
  }

  beyond(shown: number): void {
    this.#out.write(`more than ${shown} differ: the others are counted only\n`);
  }

  end({ different, requests, linesWithoutRequest }: DiffTotals): void {
    const passed = linesWithoutRequest === 0 ? '' : `; lines without a request: ${linesWithoutRequest}`;
    this.#out.write(`decided otherwise: ${different} of ${requests} requests${passed}\n`);
  }
}

/** One JSON object. The list comes first, a line for each entry, because the sums are known last. */
export class JsonReport implements DiffReport {
  readonly #out: TextOutput;
  #separator = '{"differences":[\n';

  constructor(out: TextOutput) {
    this.#out = out;
  }

  difference(before: Outcome, after: Outcome): void {
    const entry = { request: before.request, before: decision(before), after: decision(after) };
    this.#out.write(`${this.#separator}${JSON.stringify(entry)}`);
    this.#separator = ',\n';
  }

  /** Told by `different`. */
  beyond(): void {}

  end(totals: DiffTotals): void {
    const begun = this.#separator === ',\n' ? '\n' : this.#separator;
    this.#out.write(`${begun}],${JSON.stringify(totals).slice(1)}\n`);
  }
}

/** As `explain --json` has it, with the sentence that people are shown. */
function decision(outcome: Outcome): object {
  const { request: _, ...rest } = outcome;
  return { summary: summary(outcome), ...rest };
}

function summary(outcome: Outcome): string {
  const tenant = outcome.tenant === null ? '' : `tenant ${outcome.tenant.name}: `;
  return `${tenant}${outcomeText(outcome)}`;
}
