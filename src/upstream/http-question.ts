import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { HttpProbe } from '../core/settings.ts';
import { isStatusIn } from '../core/status-ranges.ts';
import { ForwardRequest } from '../core/upstream.ts';
import type { ProbeQuestion } from './probe-question.ts';

/** A GET. The status says it all; the body is not waited for. */
export class HttpQuestion implements ProbeQuestion {
  readonly request: ForwardRequest;
  readonly body = undefined;
  readonly #probe: HttpProbe;

  /** `address`: of the instance, for a probe without a host. `fields`: what the only request of a connection says of that. */
  constructor(probe: HttpProbe, address: string, fields: HeaderList) {
    this.#probe = probe;
    const headers = ['user-agent', PROBE_AGENT, ...fields];
    this.request = new ForwardRequest(
      'GET',
      probe.path,
      probe.host ?? address,
      headers,
      0,
      '',
      undefined,
      false,
    );
  }

  head({ status }: ResponseHead): boolean {
    return isStatusIn(this.#probe.statuses, status);
  }

  data(): boolean {
    return true;
  }

  end(): boolean {
    return false;
  }
}

export const PROBE_AGENT = 'portico-health';
