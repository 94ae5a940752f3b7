import type { PartName } from '../contender.js';
import { CHECKED_FLOORS, hasFloor } from '../report/floors.js';
import type { BenchContext } from '../runner/bench-context.js';
import type { RegisteredContender } from '../runner/registry.js';

/** A contender's turn in one round of a part. */
export interface Turn {
  contender: RegisteredContender;
  round: number;
}

/** Rounds of contenders with a floor in the part, and of the others; fewer where the options say so. */
export interface Rounds {
  withFloor: number;
  others: number;
}

/** The turns of all rounds, each round in another order, so that no contender always comes first. */
export function turns(
  context: BenchContext,
  part: PartName,
  rounds: Rounds,
): Turn[] {
  const most = Math.min(context.options.rounds, rounds.withFloor);
  return Array.from({ length: most }, (_, round) => {
    const all = context.contenders.filter(
      (contender) =>
        takesPart(context, contender, part) &&
        (round < rounds.others || hasFloor(part, contender.id)),
    );
    const start = all.length === 0 ? 0 : (round * 5) % all.length;
    return [...all.slice(start), ...all.slice(0, start)].map((contender) => ({
      contender,
      round,
    }));
  }).flat();
}

function takesPart(
  { options }: BenchContext,
  { id, parts, notQuick = [] }: RegisteredContender,
  part: PartName,
): boolean {
  if (options.check) {
    return parts.includes(part) && hasFloor(part, id, CHECKED_FLOORS);
  }
  return parts.includes(part) && !(options.quick && notQuick.includes(part));
}
