import { growthPeers } from '../parts/growth.js';
import type { Findings } from '../runner/findings.js';
import { format, type Table } from './table.js';

const MIB = 2 ** 20;

/** What a message, a member and a join cost as the cloud grows. */
export function growthTable({ contenders, samples, options }: Findings): Table {
  const rows = contenders.flatMap(({ id, title }) =>
    growthPeers(options.quick).flatMap((peers) => {
      const cell = `growth/${peers}`;
      const show = (metric: string, scale = 1): string => {
        const value = samples.median({ cell, contender: id, metric });
        return format(value === undefined ? undefined : value / scale);
      };
      if (show('rate') === format(undefined)) {
        return [];
      }
      const mark = samples.hasFailed(cell, id) ? ' ✗' : '';
      return [
        [
          title,
          String(peers),
          show('rate', 1000) + mark,
          show('p99'),
          `${show('cpuClient')} + ${show('cpuServer')}`,
          `${show('sockets')} + ${show('socketsServers')}`,
          show('heap', MIB),
          `${show('rss', MIB)} + ${show('rssServers', MIB)}`,
          show('joinMs'),
        ],
      ];
    }),
  );
  return {
    title: 'Growth: one sender, all peers in turn, 60 B, 64 in flight',
    note: 'Sender + all receivers, which share four processes; heap is that of the sender. To join: from just before the peer listens until it sees all others (npm peercloud: with the start of its server).',
    head: [
      '',
      'peers',
      'thousands/s',
      'p99 in ms',
      'CPU in µs a message',
      'sockets',
      'heap in MiB',
      'resident MiB',
      'ms to join',
    ],
    rows,
  };
}
