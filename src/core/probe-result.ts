/** What a probe has found, as processes tell each other. JSON-able. */
export interface ProbeResult {
  readonly cluster: string;
  /** The instance's, as the configuration wrote it. */
  readonly address: string;
  readonly ok: boolean;
  /** What all probes so far say of it, whatever becomes of requests: `fail` in a row have failed, and not `pass` in a row succeeded since. */
  readonly isDown: boolean;
}
