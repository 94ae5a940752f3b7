import type { FigureOptions, Figures } from '../figures.js';
import type { Return } from '../scenarios/churn.js';
import type { Spread } from '../scenarios/spread.js';
import { mean, quantile } from '../statistics.js';
import { bytes, count, duration, percent } from './format.js';
import { textTable } from './table.js';

/** The table that `simulate` prints: nothing in it depends on the machine. */
export function figuresTable(figures: Figures): string {
  const { rest, join, leave, crash, vanish, churn, faults } = figures;
  return textTable(
    ['what', 'figure'],
    [
      ['join: known to the first after', duration(join.admitted)],
      ...spreadRows('join known', join),
      ...spreadRows('leave known', leave),
      ...detectionRows('crash, connections refused', crash),
      ...detectionRows('vanished host', vanish),
      ['requests each peer and second, at rest', count(rest.requests)],
      ['JSON each peer and second, at rest', bytes(rest.bytes)],
      ['minutes of stalls', count(churn.minutes)],
      ['healthy peers declared dead', count(churn.declaredDead)],
      ['healthy peers suspected', count(churn.suspected)],
      ...returnRows(churn.returns),
      ['requests each peer and second, then', count(churn.load.requests)],
      ['JSON each peer and second, then', bytes(churn.load.bytes)],
      ['lists then', churn.disagreement ?? 'equal and right'],
      [
        'halves parted for a minute: each with its own lists',
        Number.isFinite(faults.halves.parted)
          ? duration(faults.halves.parted)
          : 'not within it',
      ],
      ['… healed: lists right', duration(faults.halves.healed)],
      [
        'one hears nobody for a minute, then: lists right',
        duration(faults.deaf),
      ],
      ['a tenth restarted at once: lists right', duration(faults.restarts)],
    ],
  );
}

/** What was simulated, in one line. */
export function headline(options: FigureOptions): string {
  const { peers, loss = 0, stalled, seed, profile = 'lan' } = options;
  return `${count(peers)} peers, profile ${profile}, ${percent(loss)} loss, ${percent(stalled)} stalled, seed ${seed}`;
}

function spreadRows(what: string, { half, most, all }: Spread): string[][] {
  return [
    [`${what} to 50 %`, duration(half)],
    [`${what} to 99 %`, duration(most)],
    [`${what} to 100 %`, duration(all)],
  ];
}

function detectionRows(what: string, { curves }: Spread): string[][] {
  const everybody = curves.map((times) => times.at(-1) ?? Infinity);
  const single = curves.flat();
  return [
    [`${what}: known to all, median`, duration(quantile(everybody, 0.5))],
    [`${what}: known to all, slowest`, duration(quantile(everybody, 1))],
    [`${what}: known to one, median`, duration(quantile(single, 0.5))],
    [`${what}: known to one, p99`, duration(quantile(single, 0.99))],
  ];
}

function returnRows(returns: readonly Return[]): string[][] {
  const soon = returns.map((each) => each.soon);
  const dead = returns.filter((each) => each.wasDeclaredDead).length;
  const late = returns.filter((each) => each.late < 1).length;
  return [
    ['stalls that ended', count(returns.length)],
    ['… in which the peer was declared dead', count(dead)],
    ['… in the lists 5 s after waking, mean', percent(mean(soon))],
    ['… in the lists 5 s after waking, worst', percent(quantile(soon, 0))],
    ['… missing in a list after 40 s', count(late)],
  ];
}
