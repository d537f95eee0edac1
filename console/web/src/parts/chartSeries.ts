export interface Series {
  name: string;
  /** A palette of the theme: estuary, sand, marsh, clay, gray. */
  color: string;
  values: number[];
}

/** Each series on top of those before it. */
export function stacked(values: number[][]): number[][] {
  const sums: number[] = [];
  return values.map((series) =>
    series.map((value, index) => {
      const sum = (sums[index] ?? 0) + value;
      sums[index] = sum;
      return sum;
    }),
  );
}
