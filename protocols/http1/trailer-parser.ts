import { isForbiddenInTrailers } from '../http/forbidden-trailers.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Http1Rule } from './errors.ts';
import type { Http1Limits } from './limits.ts';
import { SectionParser } from './section-parser.ts';

/** The trailer section behind the last chunk (RFC 9112, section 7.1.2). */
export class TrailerParser extends SectionParser {
  trailers: HeaderList = [];

  constructor(limits: Http1Limits) {
    super(limits, false);
  }

  /** Makes ready for the next section. */
  next(): void {
    this.restart(false);
  }

  protected override leadingBlankLine(): Http1Rule | undefined {
    return undefined;
  }

  protected override startLine(): Http1Rule | undefined {
    return undefined;
  }

  protected override finish(): Http1Rule | undefined {
    for (let i = 0; i < this.fields.length; i += 2) {
      if (isForbiddenInTrailers(this.fields[i]!)) return 'forbidden-trailer';
    }
    this.trailers = this.fields;
    return undefined;
  }
}
