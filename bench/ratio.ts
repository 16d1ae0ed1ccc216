/** The first over the second; both were measured in one run on one machine. */
export function ratio(measured: number, beside: number): number {
  if (!(beside > 0)) throw new Error('nothing was measured to compare with');
  return measured / beside;
}

/** Rounded to three significant digits, for output only: values are compared with a goal unrounded. */
export function rounded(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(3));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('nothing was measured');
  return values.reduce((all, one) => all + one, 0) / values.length;
}

/** The largest value over the smallest: 1 if all are equal. */
export function spread(values: readonly number[]): number {
  if (values.length < 2) throw new Error('two sizes at least are compared');
  return ratio(Math.max(...values), Math.min(...values));
}
