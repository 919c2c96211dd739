/** Growth per step of a row of measurements: the slope of the line that fits best (least squares). */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const products = values.reduce((sum, value, step) => sum + (step - middle) * (value - mean), 0);
  const squares = values.reduce((sum, _, step) => sum + (step - middle) ** 2, 0);
  return products / squares;
}
