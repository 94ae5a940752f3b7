import type { LoadResult } from '../load/outcome.js';
import type { BenchContext } from '../runner/bench-context.js';

/** Notes the errors of a load, if there were any. */
export function noteErrors(
  { samples }: BenchContext,
  cell: string,
  contender: string,
  { errors, count, firstError }: LoadResult,
): void {
  if (errors === 0) {
    return;
  }
  const text = `${errors} of ${errors + count} failed: ${firstError}`;
  samples.fail(cell, contender, text);
}
