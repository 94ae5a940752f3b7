import type { Samples } from '../runner/samples.js';
import { FLOORS, judge } from './floors.js';
import { format, type Table } from './table.js';

/** What had to be shown, and whether it was. */
export function floorTable(samples: Samples): Table {
  return {
    title: 'Floors',
    note: 'Ratios of medians of one run, rounds interleaved.',
    head: ['what', 'against', 'must be', 'is', ''],
    rows: FLOORS.map((floor) => {
      const verdict = judge(floor, samples);
      const unit = floor.unit ? ` ${floor.unit}` : '';
      return [
        floor.what,
        floor.against,
        `${floor.bound} ${floor.value}${unit}`,
        format(verdict?.found),
        verdict === undefined
          ? 'not measured'
          : verdict.met
            ? 'met'
            : 'NOT MET',
      ];
    }),
  };
}
