import { inspect } from 'node:util';
import type { Figures } from '../figures.js';
import { count } from './format.js';

/** What must not be in any cloud, of whatever size and loss, as far as it was measured. */
export function flawsOf(figures: Partial<Figures>): string[] {
  const { join, leave, crash, vanish, churn, faults, errors = [] } = figures;
  const flaws = Object.entries({ join, leave, crash, vanish })
    .filter(([, spread]) => spread?.curves.flat().includes(Infinity))
    .map(([kind]) => `not everybody learned of a ${kind}`);
  for (const [fault, ms] of Object.entries(healingTimes(faults))) {
    if (ms === Infinity) {
      flaws.push(`lists never right after ${fault}`);
    }
  }
  if (churn?.declaredDead) {
    flaws.push(`healthy peers declared dead: ${count(churn.declaredDead)}`);
  }
  if (churn?.disagreement) {
    flaws.push(`lists in the end: ${churn.disagreement}`);
  }
  if (errors.length > 0) {
    flaws.push(`cores threw; the first: ${inspect(errors[0])}`);
  }
  return flaws;
}

function healingTimes(faults: Figures['faults'] | undefined) {
  if (!faults) {
    return {};
  }
  const { halves, deaf, restarts } = faults;
  return { 'a partition': halves.healed, 'a one-way cut': deaf, restarts };
}
