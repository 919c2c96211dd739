import { GLITCH_KINDS, type GlitchKind } from '../core/telemetry.ts';
import type { Family, Registry } from './registry.ts';

/** Senseless work that HTTP/2 clients have caused, by kind. All kinds are there from the start: an alert can see the first one. */
export class GlitchCounter {
  readonly #points: Family;
  readonly #series: ReadonlyMap<GlitchKind, number>;

  constructor(registry: Registry) {
    const points = registry.counter(
      'portico_http2_glitches_total',
      'Points of senseless work that HTTP/2 clients have caused.',
      ['kind'],
    );
    this.#points = points;
    this.#series = new Map(GLITCH_KINDS.map((kind) => [kind, points.series([kind])]));
  }

  count(kind: GlitchKind, points: number): void {
    this.#points.add(this.#series.get(kind)!, points);
  }
}
