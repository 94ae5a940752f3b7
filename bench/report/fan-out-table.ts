import { FAN_OUT_PEERS, FAN_OUTS, fanOutCell } from '../parts/fan-out.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

/** How long a broadcast to a large cloud takes, by what may be under way at the same time. */
export function fanOutTable({ contenders, samples }: Findings): Table {
  const rows = contenders
    .filter(({ parts }) => parts.includes('fan-out'))
    .flatMap(({ id, title }) =>
      FAN_OUTS.map((bounds) => {
        const cells = FAN_OUT_PEERS.map((peers) => fanOutCell(peers, bounds));
        return [
          `${title}, ${bounds.streams} streams`,
          String(bounds.concurrency),
          ...cells.map((cell) => {
            const [p50, p99] = ['p50', 'p99'].map((metric) =>
              format(samples.median({ cell, contender: id, metric })),
            );
            const mark = samples.failure(cell, id) ? ' ✗' : '';
            return `${p50} / ${p99}${mark}`;
          }),
        ];
      }),
    );
  return {
    title: 'Fan-out: a broadcast of 60 B to a large cloud, p50 / p99 in ms',
    note: 'Until all replies are in. Peers asked at the same time (`messaging.broadcastConcurrency`), and most streams (`messaging.stream.maxStreams`); peers without a stream get theirs by `/message`. The peers are whole Nest apps that share three processes, without health checks.',
    head: [
      '',
      'at the same time',
      ...FAN_OUT_PEERS.map((peers) => `${peers} peers`),
    ],
    rows: rows.filter((row) => row.slice(2).some((cell) => /\d/.test(cell))),
  };
}
