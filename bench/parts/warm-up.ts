import type { ClosedLoopPlan } from '../load/closed-loop.js';
import type { BenchOptions } from '../options.js';

/** Replies after which the compiler has seen what is hot, also on a slow machine. */
const REPLIES = 4_000;

/** The load that a stage begins with; its figures are thrown away. */
export function warmUp({
  warmUpMs,
}: BenchOptions): Omit<ClosedLoopPlan, 'peers'> {
  return { bytes: 60, inFlight: 64, durationMs: warmUpMs, atLeast: REPLIES };
}

/** Ms in which a cloud comes to rest after many joins. */
export function settleMs({ quick }: BenchOptions): number {
  return quick ? 2_000 : 3_000;
}
