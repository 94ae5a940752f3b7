import { IDLE_CLOUDS, idleCell } from '../parts/idle.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

const MIB = 2 ** 20;

/** What a process takes that has nothing to do. */
export function idleTable({ contenders, samples }: Findings): Table {
  const rows = contenders
    .filter(({ parts }) => parts.includes('idle'))
    .map(({ id, title }) => [
      title,
      ...IDLE_CLOUDS.map((processes) => {
        const cell = idleCell(processes);
        const show = (metric: string, scale = 1): string => {
          const value = samples.median({ cell, contender: id, metric });
          return format(value === undefined ? undefined : value / scale);
        };
        const mark = samples.failure(cell, id) ? ' ✗' : '';
        return `${show('cpu')} / ${show('wakeUps')} / ${show('rss', MIB)}${mark}`;
      }),
    ]);
  return {
    title: 'At rest: % of a core / wake-ups a second / resident MiB',
    note: 'Of the process in the middle; each has one peer, and nobody sends anything.',
    head: [
      '',
      ...IDLE_CLOUDS.map((processes) =>
        processes === 1 ? 'alone' : `${processes} processes`,
      ),
    ],
    rows: rows.filter((row) => row.slice(1).some((cell) => /\d/.test(cell))),
  };
}
