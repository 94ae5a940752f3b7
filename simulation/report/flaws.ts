import { inspect } from 'node:util';
import type { Figures } from '../figures.js';
import { count } from './format.js';

/** What must not be in any cloud, of whatever size and loss; none in a sound run. */
export function flawsOf(figures: Figures): string[] {
  const { join, leave, crash, vanish, churn, errors } = figures;
  const flaws = Object.entries({ join, leave, crash, vanish })
    .filter(([, { curves }]) => !curves.flat().every(Number.isFinite))
    .map(([news]) => `not everybody learned of a ${news}`);
  if (churn.declaredDead > 0)
    flaws.push(`healthy peers declared dead: ${count(churn.declaredDead)}`);
  if (churn.disagreement) flaws.push(`lists in the end: ${churn.disagreement}`);
  if (errors.length > 0)
    flaws.push(`cores threw; the first: ${inspect(errors[0])}`);
  return flaws;
}
