import { type FamilySnapshot, seriesOf } from '../../src/telemetry/registry.ts';

/** The series of a family, to be compared. */
export function familySeries(family: FamilySnapshot): readonly {
  readonly labels: readonly string[];
  readonly values: readonly number[];
}[] {
  return seriesOf(family).map(({ labels, values }) => ({ labels, values: [...values] }));
}
