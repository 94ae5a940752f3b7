import type { Samples } from '../runner/samples.js';
import { FLOORS, judge, judgeByCpu } from './floors.js';
import { format, type Table } from './table.js';

/** What had to be shown, and whether it was. */
export function floorTable(samples: Samples): Table {
  return {
    title: 'Floors',
    note: 'Ratios of medians of one run, rounds interleaved. By CPU: the same ratio of CPU times for each message, sender and receiver together, which other work on the machine disturbs less.',
    head: ['what', 'against', 'must be', 'is', '', 'by CPU'],
    rows: FLOORS.map((floor) => {
      const { verdict, found } = judge(floor, samples);
      const unit = floor.unit ? ` ${floor.unit}` : '';
      return [
        floor.what,
        floor.against,
        `${floor.bound} ${floor.value}${unit}`,
        format(found),
        verdict,
        format(judgeByCpu(floor, samples)),
      ];
    }),
  };
}
