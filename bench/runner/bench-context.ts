import type { PartName } from '../contender.js';
import type { BenchOptions } from '../options.js';
import { hasFloor } from '../report/floors.js';
import type { Brokers } from './brokers.js';
import type { RegisteredContender } from './registry.js';
import type { Samples } from './samples.js';

/** What every part of the bench works with. */
export interface BenchContext {
  options: BenchOptions;
  brokers: Brokers;
  contenders: readonly RegisteredContender[];
  samples: Samples;
  /** Says what is going on. */
  say(line: string): void;
}

/**
 * The contenders that take part, in another order in each round, so that none always comes first.
 * A quick run measures those that no floor names in the first round only.
 */
export function takingPart(
  context: BenchContext,
  part: PartName,
  round: number,
): RegisteredContender[] {
  const { quick } = context.options;
  const all = context.contenders.filter(
    ({ id, parts, notQuick = [] }) =>
      parts.includes(part) &&
      !(quick && notQuick.includes(part)) &&
      (round === 0 || !quick || hasFloor(part, id)),
  );
  const start = all.length === 0 ? 0 : (round * 5) % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}
