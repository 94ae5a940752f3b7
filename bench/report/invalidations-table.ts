import { CACHES } from '../cache/cache-replicas.js';
import { INVALIDATIONS } from '../parts/invalidations.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

/** What is dropped at one replica, until it is dropped at all. */
export function invalidationsTable({ samples }: Findings): Table {
  const rows = Object.entries(CACHES).map(([contender, title]) => {
    const show = (metric: string) =>
      format(samples.median({ cell: INVALIDATIONS, contender, metric }));
    const mark = samples.failure(INVALIDATIONS, contender) ? ' ✗' : '';
    return [title + mark, show('p50'), show('p99')];
  });
  return {
    title:
      'Cache: a key dropped at one of three replicas, until all have dropped it',
    note: '1,000 a second at random distances, in ms from when a drop was due; each replica has a process.',
    head: ['', 'p50', 'p99'],
    rows: rows.filter((row) => row.slice(1).some((cell) => /\d/.test(cell))),
  };
}
