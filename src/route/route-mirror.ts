import type { MirrorSettings } from '../core/settings.ts';

/** Where copies of a route's requests go, and which requests these are. */
export class RouteMirror<C> {
  readonly cluster: C;
  readonly settings: MirrorSettings;
  /** Points below it mean a copy. */
  readonly #below: number;
  #point = 0;

  constructor(cluster: C, settings: MirrorSettings) {
    this.cluster = cluster;
    this.settings = settings;
    this.#below = (settings.percent / 100) * 2 ** 32;
  }

  /**
   * Whether the next request is copied. Steps of the golden ratio are spread over a circle as evenly as points can be, however many
   * there are, and have no period: a client that asks for the same ten things in turn is not copied in one of them only.
   */
  takesNext(): boolean {
    this.#point = (this.#point + GOLDEN_STEP) >>> 0;
    return this.#point < this.#below;
  }
}

/** 2^32 divided by the golden ratio. */
const GOLDEN_STEP = 0x9e3779b9;
